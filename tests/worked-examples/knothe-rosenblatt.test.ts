import {
  build,
  chain,
  autoregressive,
  flow,
  foldIn,
  invert,
  key,
  leaves,
  made,
  negativeLogLikelihood,
  random,
  rationalQuadratic,
  standardNormal,
  tidy,
  valueAndGrad,
} from '@diffeo/core'
import type { Flow, FlowParams, Params } from '@diffeo/core'
import { adam, applyUpdates, cosineDecaySchedule } from '@diffeo/optim'
import { near, ok, suite, useTestBackend } from '@diffeo/testing'
import { slice, tensor2d } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'

type Pair = readonly [number, number]

/**
 * An increasing triangular map of z ~ N(0, I) with a closed inverse (Knothe-Rosenblatt: among increasing triangular maps that carry
 * one density to another it is the only one):
 *
 *   x1 = sinh(0.8 z1 + 0.3),   x2 = 0.7 sin(1.5 x1) + e^{0.4 tanh(x1)} z2
 */
const toData = ([z1, z2]: Pair): Pair => {
  const x1 = Math.sinh(0.8 * z1 + 0.3)
  return [x1, 0.7 * Math.sin(1.5 * x1) + Math.exp(0.4 * Math.tanh(x1)) * z2]
}
const toBase = ([x1, x2]: Pair): Pair => [(Math.asinh(x1) - 0.3) / 0.8, (x2 - 0.7 * Math.sin(1.5 * x1)) * Math.exp(-0.4 * Math.tanh(x1))]

const matrix = (rows: ReadonlyArray<Pair>): Tensor => tensor2d(rows.map(row => [...row]))
const pairs = (x: Tensor): ReadonlyArray<Pair> => x.arraySync() as [number, number][]
const dispose = (tree: Params): void => leaves(tree).forEach(tensor => tensor.dispose())

/** The latents of the bulk: a square of +-1.5 deviations, which holds three quarters of the probability. */
const latents: ReadonlyArray<Pair> = Array.from({ length: 13 * 13 }, (_, i): Pair => [(i % 13) / 4 - 1.5, Math.floor(i / 13) / 4 - 1.5])
const grid = latents.map(toData)

const rootMeanSquare = (a: ReadonlyArray<Pair>, b: ReadonlyArray<Pair>): number =>
  Math.sqrt(a.reduce((total, [p, q], i) => total + (p - b[i]![0]) ** 2 + (q - b[i]![1]) ** 2, 0) / (2 * a.length))

/** How far a flow's latents of the grid are from the true ones. */
const errorOf = (f: Flow, params: FlowParams): number => tidy(() => rootMeanSquare(pairs(f.toBase(params, matrix(grid))), latents))

const f = build(
  flow({
    base: standardNormal(),
    bijector: invert(chain(autoregressive(made({ hidden: [32, 32], activation: 'tanh' }), rationalQuadratic({ bins: 12, bound: 8 })))),
  }),
  { event: [2] },
)

const fitted = (x: Tensor, steps: number, batch: number): FlowParams => {
  const loss = negativeLogLikelihood(f)
  const optimizer = adam(cosineDecaySchedule({ initValue: 1e-2, decaySteps: steps }))
  const rows = x.shape[0]!
  const start = f.init(key(3))
  const states = { params: start, state: optimizer.init(start) }
  for (let i = 0; i < steps; i++) {
    const next = tidy(() => {
      const at = (i * batch) % (rows - batch + 1)
      const { grads } = valueAndGrad((p: FlowParams) => loss(p, { x: slice(x, [at, 0], [batch, 2]) }, foldIn(key(4), i)))(states.params)
      const { updates, state } = optimizer.update(grads, states.state, states.params)
      return { params: applyUpdates(states.params, updates), state }
    })
    dispose([states.params, states.state])
    Object.assign(states, next)
  }
  dispose(states.state)
  return states.params
}

const s = suite('Knothe-Rosenblatt')
s.before(() => useTestBackend('wasm'))

s.test('the map and its inverse', () => {
  near(grid.map(toBase).flat(), latents.flat(), { atol: 1e-12 })
})

/** What the fit must reach. The maps below are wrong by more. */
const bound = 0.06

s.test('the bound refuses other maps: none, one that turns the latents, a linear one', () => {
  const errorOfMap = (map: (x: Pair) => Pair): number => rootMeanSquare(grid.map(map), latents)
  const untrained = f.init(key(3))
  near(errorOf(f, untrained), 0.487, { atol: 1e-3 })
  near(
    errorOf(f, untrained),
    errorOfMap(x => x),
    { atol: 1e-4 },
  )
  dispose(untrained)
  // turned by six degrees, the latents are as normal as before: only the triangular map is unique
  const turned = errorOfMap(x => {
    const [[z1, z2], turn] = [toBase(x), Math.PI / 30]
    return [z1 * Math.cos(turn) - z2 * Math.sin(turn), z1 * Math.sin(turn) + z2 * Math.cos(turn)]
  })
  ok(turned > 1.5 * bound, `expected more than ${1.5 * bound}, got ${turned}`)
  // x1 has the moments of sinh(N(0.3, 0.8^2))
  const mean = Math.exp(0.32) * Math.sinh(0.3)
  const deviation = Math.sqrt((Math.exp(1.28) * Math.cosh(0.6) - 1) / 2 - mean ** 2)
  const linear = errorOfMap(x => [(x[0] - mean) / deviation, toBase(x)[1]])
  ok(linear > 2 * bound, `expected more than ${2 * bound}, got ${linear}`)
})

s.test(
  'an autoregressive flow fitted to samples recovers the map that made them',
  () => {
    const z = random.normal(key(1), [20_000, 2])
    const x = matrix(pairs(z).map(toData))
    dispose(z)
    const params = fitted(x, 400, 1024)
    const error = errorOf(f, params)
    dispose([x, params])
    ok(error < bound, `expected the true latents within ${bound}, got ${error}`)
  },
  { seconds: 120 },
)

s.run()
