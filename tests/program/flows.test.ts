import { leaves, maf, nsf, realNvp, tidy, valueAndGrad } from '@diffeo/core'
import type { FlowParams, FlowSpec, Params, Tree } from '@diffeo/core'
import { evaluate, optimize, print, trace } from '@diffeo/program'
import type { Program } from '@diffeo/program'
import { allocates, near, ok, suite, useTestBackend } from '@diffeo/testing'
import { dispose, mean, mul, onesLike } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { model, trainingStep } from './steps.ts'

const flows: Readonly<Record<string, readonly [FlowSpec, number]>> = {
  realNvp: [realNvp({ layers: 4, hidden: [16, 16] }), 2],
  nsf: [nsf({ layers: 3, bins: 4, hidden: [16] }), 5],
  'nsf with permutations': [nsf({ layers: 4, bins: 3, hidden: [8], seed: 3 }), 6],
  'autoregressive nsf': [nsf({ layers: 2, bins: 4, hidden: [16], autoregressive: true }), 4],
  maf: [maf({ layers: 3, hidden: [16, 16] }), 6],
}

const data = (tree: Tree<Tensor>): ReadonlyArray<Float32Array> => leaves(tree).map(t => t.dataSync() as Float32Array)

/** Leaf by leaf, relative to the largest number of the leaf. */
const nearTree = (actual: Tree<ArrayLike<number>>, expected: ReadonlyArray<ArrayLike<number>>, tolerance: number, what: string): void =>
  leaves(actual).forEach((leaf, i) => {
    const scale = Math.max(1e-3, ...Array.from(expected[i]!, Math.abs))
    near(leaf, expected[i]!, { atol: tolerance * scale, what: `${what} ${i}` })
  })

const s = suite('programs of flows')
s.before(() => useTestBackend('cpu'))

const compare = (program: Program, inputs: ReadonlyArray<Float32Array>, eager: ReadonlyArray<ArrayLike<number>>): Program => {
  const optimized = optimize(program)
  const reference = evaluate(program, inputs)
  nearTree(reference, eager, 3e-5, 'eager')
  nearTree(evaluate(optimized, inputs), leaves(reference) as ReadonlyArray<ArrayLike<number>>, 3e-5, 'optimized')
  const exact = leaves(evaluate(program, inputs, { precision: 'float64' })) as ReadonlyArray<ArrayLike<number>>
  nearTree(evaluate(optimized, inputs, { precision: 'float64' }), exact, 1e-9, 'optimized in float64')
  ok(optimized.nodes.length < 0.9 * program.nodes.length, `${program.nodes.length} -> ${optimized.nodes.length} nodes`)
  return optimized
}

for (const [name, [spec, dim]] of Object.entries(flows)) {
  s.test(`${name}: log-density and its gradient`, () => {
    const { flow, params, x } = model(spec, dim, 32)
    const f = (p: FlowParams, rows: Tensor): Tree<Tensor> => {
      const { value, grads } = valueAndGrad((q: FlowParams) => mean(flow.logProb(q, rows)))(p)
      return [flow.logProb(p, rows), value, grads as Params]
    }
    const { program } = allocates(0, () => trace(f, params, x))
    compare(
      program,
      [...data(params as Params), ...data(x)],
      tidy(() => data(f(params, x))),
    )
    dispose([...leaves(params as Params), x])
  })

  s.test(`${name}: a training step with Adam`, () => {
    const { flow, params, x } = model(spec, dim, 32)
    const { init, step } = trainingStep(flow)
    // second moments of zeros would divide rounding by rounding
    const state = tidy(
      () =>
        init(params as Params).map(part => (part && 'nu' in part ? { ...part, nu: ones(part.nu) } : part)) as unknown as ReturnType<
          typeof init
        >,
    )
    const { program } = allocates(0, () => trace(step, params, state, x))
    const inputs = [...data(params as Params), ...data(state as Params), ...data(x)]
    const optimized = compare(
      program,
      inputs,
      tidy(() => data(step(params, state, x) as Tree<Tensor>)),
    )
    ok(print(optimized).length < print(program).length)
  })
}

const ones = (tree: Params): Params =>
  Array.isArray(tree)
    ? tree.map(ones)
    : isLeaf(tree)
      ? mul(onesLike(tree), 0.01)
      : Object.fromEntries(Object.entries(tree).map(([k, v]) => [k, ones(v as Params)]))

const isLeaf = (tree: Params): tree is Tensor => typeof (tree as Tensor).dataSync === 'function'

s.run()
