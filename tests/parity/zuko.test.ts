import {
  affine,
  autoregressive,
  build,
  chain,
  coupling,
  flow,
  invert,
  made,
  mlp,
  rationalQuadratic,
  reverse,
  standardNormal,
  tidy,
  total,
  valueAndGrad,
} from '@diffeo/core'
import type { BijectorSpec, Context, Flow, FlowParams, Params } from '@diffeo/core'
import { equal, near, suite, useTestBackend } from '@diffeo/testing'
import { tensor1d, tensor2d } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { readFileSync } from 'node:fs'
import { degreesOf, maskOf } from '../../packages/core/src/networks/degrees.ts'

type Numbers = ReadonlyArray<number>
type Rows = ReadonlyArray<Numbers>
/** A layer of torch: weight [out, in], and rows of 0 and 1 where it is masked. */
interface Layer {
  readonly weight: Rows
  readonly bias: Numbers
  readonly mask?: ReadonlyArray<string>
}
interface Transform {
  /** Of a masked autoregressive transform: feature i depends on those that come before it. */
  readonly order?: Numbers
  /** Of a coupling: 1 stays and is read. */
  readonly mask?: Numbers
  readonly layers: ReadonlyArray<Layer>
}
interface ZukoFlow {
  readonly features: number
  readonly context: number
  readonly hidden: Numbers
  readonly transforms: ReadonlyArray<Transform>
  readonly x: Rows
  readonly c?: Rows
  readonly z: Rows
  readonly steps: ReadonlyArray<Rows>
  readonly ladj: Numbers
  readonly logProb: Numbers
  readonly logProbGradient: Rows
}

const names = ['maf', 'mafGiven', 'nsf', 'nsfGiven', 'realNvp', 'realNvpGiven'] as const
type Name = (typeof names)[number]
const file = new URL('../fixtures/zuko-flows.json', import.meta.url)
const fixture = JSON.parse(readFileSync(file, 'utf8')) as { readonly [name in Name]: ZukoFlow }

const matrix = (rows: Rows): Tensor => tensor2d(rows.map(row => [...row]))
const transposed = (rows: Rows): Rows => rows[0]!.map((_, j) => rows.map(row => row[j]!))

/** zuko's features that a reversed transform reads are ours in the other order. */
const isReversed = ({ order }: Transform): boolean => order !== undefined && order[0] !== 0

/** Outputs come one block for each feature: the blocks in the other order. */
const blocksReversed = <A>(outputs: ReadonlyArray<A>, features: number): ReadonlyArray<A> => {
  const size = outputs.length / features
  return Array.from({ length: features }, (_, i) => outputs.slice((features - 1 - i) * size, (features - i) * size)).flat()
}

/** A transform's layers as ours read them: features in the order in which they depend on each other. */
const layersOf = (zuko: ZukoFlow, transform: Transform): ReadonlyArray<Layer> => {
  if (!isReversed(transform)) return transform.layers
  const { features } = zuko
  return transform.layers.map((layer, i, all) => {
    const columns = <A>(row: ReadonlyArray<A>): ReadonlyArray<A> =>
      i === 0 ? [...row.slice(0, features).toReversed(), ...row.slice(features)] : row
    const outputs = <A>(rows: ReadonlyArray<A>): ReadonlyArray<A> => (i === all.length - 1 ? blocksReversed(rows, features) : rows)
    return {
      weight: outputs(layer.weight.map(columns)),
      bias: outputs(layer.bias),
      ...(layer.mask && { mask: outputs(layer.mask.map(row => columns([...row]).join(''))) }),
    }
  })
}

const specOf = (name: Name, { hidden, transforms }: ZukoFlow): BijectorSpec => {
  const transformer = name.startsWith('nsf') ? rationalQuadratic({ bins: 8, bound: 5, knots: 'softclip' }) : affine({ scale: 'softclip' })
  const layer = autoregressive(made({ hidden, degrees: 'cyclic' }), transformer)
  const step = (transform: Transform): BijectorSpec => {
    if (transform.mask) return coupling(mlp({ hidden }), transformer, { mask: transform.mask.map(m => m === 1) })
    return isReversed(transform) ? chain(reverse(), layer, reverse()) : chain(layer)
  }
  return invert(chain(...transforms.map(step)))
}

/** weight [out, in] as our w [in, out], the columns of the context apart. */
const networkParams = (zuko: ZukoFlow, transform: Transform): Params => {
  const linear = ({ weight, bias }: Layer): { readonly w: Tensor; readonly b: Tensor } => ({
    w: matrix(transposed(weight)),
    b: tensor1d([...bias]),
  })
  const layers = layersOf(zuko, transform)
  const inputs = layers[0]!.weight[0]!.length - zuko.context
  const first = linear({ ...layers[0]!, weight: layers[0]!.weight.map(row => row.slice(0, inputs)) })
  const v = (): Tensor => matrix(transposed(layers[0]!.weight.map(row => row.slice(inputs))))
  const hidden = layers.slice(1, -1).map(linear)
  return {
    first: zuko.context > 0 ? { ...first, v: v() } : first,
    hidden: transform.mask ? hidden : hidden.map(layer => [layer]),
    last: linear(layers.at(-1)!),
  }
}

const paramsOf = (zuko: ZukoFlow): FlowParams => ({
  base: {},
  bijector: zuko.transforms.map(transform => {
    const layer = { conditioner: networkParams(zuko, transform), transformer: {} }
    if (transform.mask) return layer
    return isReversed(transform) ? [{}, layer, {}] : [layer]
  }),
})

interface Ours {
  readonly flow: Flow
  readonly params: FlowParams
  readonly x: Tensor
  readonly context: Context | undefined
}

/** Our flow with zuko's weights: its first `steps` transforms, all of them unless said. */
const oursOf = (name: Name, steps?: number): Ours => {
  const zuko = { ...fixture[name], transforms: fixture[name].transforms.slice(0, steps) }
  const sizes = { event: [zuko.features], ...(zuko.context > 0 && { context: [zuko.context] }) }
  return {
    flow: build(flow({ base: standardNormal(), bijector: specOf(name, zuko) }), sizes),
    params: paramsOf(zuko),
    x: matrix(zuko.x),
    context: zuko.c && matrix(zuko.c),
  }
}

/** Every entry within its own tolerance. */
const nearEach = (actual: ArrayLike<number>, expected: Numbers, tolerance: (v: number, i: number) => number, what: string): void => {
  equal(actual.length, expected.length)
  expected.forEach((v, i) => near(actual[i]!, v, { atol: tolerance(v, i), what: `${what}[${i}]` }))
}

const sameMasks = (zuko: ZukoFlow): void => {
  const spec = made({ hidden: zuko.hidden, degrees: 'cyclic' })
  const degrees = degreesOf(spec, zuko.features, zuko.context > 0)
  zuko.transforms.forEach((transform, t) =>
    layersOf(zuko, transform).forEach(({ mask, bias }, i, all) => {
      const size = i === all.length - 1 ? bias.length / zuko.features : 1
      const rows = i === 0 ? degrees.inputs : degrees.hidden[i - 1]!
      const columns = degrees.hidden[i] ?? degrees.outputs.flatMap(m => Array.from({ length: size }, () => m))
      const ours = maskOf(rows, columns)
      const theirs = mask!.map(row => [...row].map(Number))
      // the context, after the features, is seen by every unit
      if (i === 0)
        theirs.forEach(row =>
          equal(
            row.slice(ours.rows),
            Array.from({ length: zuko.context }, () => 1),
          ),
        )
      equal([...ours.values], transposed(theirs.map(row => row.slice(0, ours.rows))).flat(), `mask ${i} of transform ${t}`)
    }),
  )
}

const backends = ['cpu', 'wasm'] as const

backends.forEach(backend => {
  const s = suite(`flows of zuko on ${backend}`)
  s.before(() => useTestBackend(backend))
  if (backend === 'cpu')
    names
      .filter(name => !name.startsWith('realNvp'))
      .forEach(name => s.test(`${name}: cyclic degrees give zuko's masks`, () => sameMasks(fixture[name])))

  names.forEach(name => {
    const zuko = fixture[name]
    const relative = (v: number): number => 1e-4 * (1 + Math.abs(v))
    s.test(`${name}: log-density, latents and log-determinant`, () =>
      tidy(() => {
        const { flow, params, x, context } = oursOf(name)
        nearEach(flow.logProb(params, x, context).dataSync(), zuko.logProb, relative, 'logProb')
        nearEach(flow.toBase(params, x, context).dataSync(), zuko.z.flat(), relative, 'z')
        nearEach(flow.bijector.inverse(params.bijector, x, context).logDet.dataSync(), zuko.ladj, relative, 'log-determinant')
      }),
    )
    s.test(`${name}: every step on the way`, () =>
      tidy(() =>
        zuko.steps.forEach((expected, i) => {
          const { flow, params, x, context } = oursOf(name, i + 1)
          nearEach(flow.toBase(params, x, context).dataSync(), expected.flat(), relative, `step ${i}`)
        }),
      ),
    )
    s.test(`${name}: latents go back to the data`, () =>
      tidy(() => {
        const { flow, params, context } = oursOf(name)
        const x = flow.toData(params, matrix(zuko.z), context)
        nearEach(x.dataSync(), zuko.x.flat(), v => 1e-3 * (1 + Math.abs(v)), 'x')
      }),
    )
    s.test(`${name}: gradient of the log-density by the data`, () =>
      tidy(() => {
        const { flow, params, x, context } = oursOf(name)
        const { grads } = valueAndGrad((at: Tensor) => total(flow.logProb(params, at, context)))(x)
        // rows 0 and 1 stand on the ends of the spline, where its density has a kink
        const from = 2 * zuko.features
        const expected = zuko.logProbGradient.slice(2)
        const largest = expected.map(row => Math.max(...row.map(Math.abs)))
        equal(expected.length, 30)
        nearEach(grads.dataSync().slice(from), expected.flat(), (_, i) => 1e-4 * (1 + largest[Math.floor(i / zuko.features)]!), 'gradient')
      }),
    )
  })
  s.run()
})
