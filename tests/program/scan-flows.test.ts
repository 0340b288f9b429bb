import {
  actNorm,
  affine,
  build,
  chain,
  coupling,
  flow,
  invert,
  isBranch,
  key,
  leaves,
  maf,
  mlp,
  normal,
  nsf,
  permute,
  realNvp,
  repeat,
  reverse,
  standardNormal,
  tidy,
  unflatten,
  valueAndGrad,
} from '@diffeo/core'
import type { Flow, FlowParams, FlowSpec, Key, Params, Tree } from '@diffeo/core'
import { evaluate, optimize, trace } from '@diffeo/program'
import type { Program } from '@diffeo/program'
import { allocates, equal, near, ok, suite, throws, useTestBackend } from '@diffeo/testing'
import { mean, neg, unstack } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { model } from './steps.ts'

const layer = chain(actNorm(), coupling(mlp({ hidden: [6] }), affine()), permute({ seed: 2 }))
const of = (bijector: FlowSpec['bijector']): FlowSpec => flow({ base: standardNormal(), bijector })

/** Flows by their spec with and without loops, their size, and how many layers a program of them has written out. */
const flows: Readonly<Record<string, readonly [(scan: boolean) => FlowSpec, number]>> = {
  repeat: [scan => of(repeat(5, layer, { scan })), 3],
  'inverse of repeat': [scan => of(invert(repeat(6, chain(coupling(mlp({ hidden: [6] }), affine()), reverse()), { scan }))), 3],
  realNvp: [scan => realNvp({ layers: 9, hidden: [6], scan }), 3],
  maf: [scan => maf({ layers: 5, hidden: [6], scan }), 3],
  nsf: [scan => nsf({ layers: 8, bins: 3, hidden: [5], scan }), 3],
}

/** Parameters of loops as lists of those of their layers. */
const layerByLayer = (tree: Params): Params => {
  if (!isBranch(tree)) return tree
  if (Array.isArray(tree)) return tree.map(layerByLayer)
  const { scanned, rest } = tree as { readonly [k: string]: Params }
  if (scanned === undefined || rest === undefined)
    return Object.fromEntries(Object.entries(tree).map(([k, child]) => [k, layerByLayer(child)]))
  const rows = leaves<Tensor>(scanned).map(leaf => unstack(leaf))
  const groups = rows[0]!.map((_, i) => unflatten(scanned, rows.map(row => row[i]!)) as ReadonlyArray<Params>) // prettier-ignore
  return [...groups.flat(), ...(rest as ReadonlyArray<Params>)]
}

const data = (tree: Tree<Tensor>): ReadonlyArray<Float32Array> => leaves(tree).map(t => t.dataSync() as Float32Array)
const scans = (program: Program): number => program.nodes.filter(node => node.op === 'scan').length

const s = suite('flows with scan')
s.before(() => useTestBackend('cpu'))

for (const [name, [spec, dim]] of Object.entries(flows))
  s.test(`${name}: density, gradient and samples are those of the flow that is written out`, () => {
    const { flow: looped, params, x } = model(spec(true), dim, 8)
    const written = build(spec(false), { event: [dim] }) as Flow
    const step =
      (f: Flow, paramsOf: (p: FlowParams) => FlowParams) =>
      (p: FlowParams, rows: Tensor, k: Key): Tree<Tensor> => {
        const { value, grads } = valueAndGrad((q: FlowParams) => neg(mean(f.logProb(paramsOf(q), rows))))(p)
        return [f.logProb(paramsOf(p), rows), value, f.sample(paramsOf(p), k, 4), grads as Params]
      }
    const steps = [step(looped, p => p), step(written, p => layerByLayer(p as Params) as FlowParams)]
    const inputs = [...data(params as Params), ...data(x), Int32Array.from(key(5))]
    const [loop, plain] = steps.map(f => allocates(0, () => trace(f, params, x, key(0))).program)
    ok(scans(loop!) >= 3 && scans(plain!) === 0)
    const expected = leaves(evaluate(plain!, inputs, { precision: 'float64' }))
    for (const program of [loop!, optimize(loop!)])
      leaves(evaluate(program, inputs, { precision: 'float64' })).forEach((leaf, i) => near(leaf, expected[i]!, { atol: 1e-8, rtol: 1e-8 }))
    // eagerly there is no loop: the same bits
    const eager = steps.map(f => tidy(() => data(f(params, x, key(5))).map(leaf => [...leaf])))
    equal(eager[0], eager[1])
  })

s.test('a program has as many nodes for a deep flow as for a shallow one', () => {
  const nodes = (layers: number): number => {
    const { flow: f, params, x } = model(realNvp({ layers, hidden: [6], scan: true }), 2, 8)
    const { program } = trace(
      (p: FlowParams, rows: Tensor) => valueAndGrad((q: FlowParams) => mean(f.logProb(q, rows)))(p).grads as Params,
      params,
      x,
    )
    return optimize(program).nodes.length
  }
  equal(nodes(32), nodes(8))
})

s.test('fewer than four equal groups are written out, and so are layers that differ', () => {
  const traced = (spec: FlowSpec, dim = 3): number => {
    const { flow: f, params, x } = model(spec, dim, 4)
    return scans(trace((p: FlowParams, rows: Tensor) => f.logProb(p, rows), params, x).program)
  }
  equal(traced(of(repeat(3, layer, { scan: true }))), 0)
  equal(traced(of(repeat(4, layer, { scan: true }))), 1)
  equal(traced(nsf({ layers: 8, hidden: [4], seed: 3, scan: true })), 0)
  equal(traced(realNvp({ layers: 7, hidden: [4], scan: true })), 0)
  equal(traced(of({ ...chain(...[1, 2, 3, 4].map(seed => permute({ seed }))), scan: true } as FlowSpec['bijector']), 5), 0)
})

s.test('a flow with a context, and parameters of another shape than their neighbours', () => {
  const spec = of(repeat(4, chain(coupling(mlp({ hidden: [5] }), affine()), reverse()), { scan: true }))
  const f = build(spec, { event: [3], context: [2] }) as Flow
  const params = f.init(key(1))
  const [x, z] = [normal(key(2), [6, 3]), normal(key(3), [6, 2])]
  const { program } = trace((p: FlowParams, rows: Tensor, c: Tensor) => f.logProb(p, rows, c), params, x, z)
  equal(scans(program), 1)
  const eager = f.logProb(params, x, z).dataSync()
  near(leaves(evaluate(program, [...data(params as Params), ...data(x), ...data(z)]))[0]!, eager, { atol: 1e-5 })
})

s.test('scan is a boolean of the spec, and stands in it only where it is true', () => {
  equal(repeat(2, reverse()), { _tag: 'repeat', times: 2, bijector: { _tag: 'reverse' } })
  equal(repeat(2, reverse(), { scan: true }).scan, true)
  equal(JSON.stringify(realNvp()).includes('scan'), false)
  throws(
    () => build(of({ ...repeat(4, reverse()), scan: 'yes' } as FlowSpec['bijector']), { event: [3] }),
    /^build: expected true or false, got "yes" at bijector\.scan$/,
  )
})

s.run()
