import { entries, leaves, sameStructure, unflatten } from '@diffeo/core'
import type { Params } from '@diffeo/core'
import { allocates, equal, near, ok, suite, useTestBackend } from '@diffeo/testing'
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import * as optim from './index.ts'
import type { GradientTransformation } from './index.ts'

const transformations: { readonly [name: string]: () => GradientTransformation } = {
  sgd: () => optim.sgd(0.1),
  'sgd, nesterov': () => optim.sgd(0.1, { momentum: 0.9, nesterov: true }),
  adam: () => optim.adam(0.1),
  nadam: () => optim.adam(optim.cosineDecaySchedule({ initValue: 0.1, decaySteps: 10 }), { nesterov: true, epsRoot: 1e-8 }),
  adamw: () => optim.adamw(0.1, { weightDecay: count => tf.div(0.1, tf.add(1, count)) }),
  amsgrad: () => optim.amsgrad(0.1),
  rmsprop: () => optim.rmsprop(0.1),
  'rmsprop, centered, momentum': () => optim.rmsprop(0.1, { centered: true, momentum: 0.5, biasCorrection: true }),
  lion: () => optim.lion(0.1),
  'clip, adam': () => optim.chain(optim.clip(0.5), optim.adam(0.1)),
  'clipByGlobalNorm, adam': () => optim.chain(optim.clipByGlobalNorm(0.5), optim.adam(0.1)),
  skipNonFinite: () => optim.skipNonFinite(optim.adam(0.1)),
  ema: () => optim.ema(0.9),
  identity: () => optim.identity(),
  'empty chain': () => optim.chain(),
  scale: () => optim.scale(-0.5),
  setToZero: () => optim.setToZero(),
  scaleByRms: () => optim.scaleByRms({ initialScale: 1, epsInSqrt: false, biasCorrection: true }),
  scaleByStddev: () => optim.scaleByStddev(),
  scaleBySchedule: () => optim.scaleBySchedule(count => tf.div(1, tf.add(count, 1))),
  trace: () => optim.trace(0.9),
  'ema, biased': () => optim.ema(0.9, { debias: false }),
  'amsgrad, uncorrected': () => optim.scaleByAmsgrad({ biasCorrectionMu: false, biasCorrectionNu: false }),
  addDecayedWeights: () => optim.addDecayedWeights(0.1, { w: true, b: false, rest: [true, { s: false }], none: {} }),
  masked: () => optim.masked(optim.adam(0.1), { w: true, b: false, rest: true, none: true }),
  'masked by a function': () => optim.masked(optim.lion(0.1), params => ({ ...(params as object), w: false, b: true, rest: false })),
  freeze: () => optim.chain(optim.adam(0.1), optim.freeze({ w: true, b: false, rest: [false, true], none: false })),
  trainOnly: () =>
    optim.trainOnly(optim.chain(optim.clipByGlobalNorm(1), optim.adamw(0.1)), { w: true, b: true, rest: false, none: false }),
  'nothing trained': () => optim.trainOnly(optim.chain(optim.clipByGlobalNorm(1), optim.skipNonFinite(optim.adam(0.1))), false),
}

/** Nested, with a scalar, an empty leaf and an empty branch. */
const someParams = (phase: number): Params => {
  const leaf = (shape: number[], k: number): Tensor => {
    const size = shape.reduce((a, b) => a * b, 1)
    return tf.tensor(
      Float32Array.from({ length: size }, (_, i) => Math.sin(phase + k + 1.7 * i)),
      shape,
    )
  }
  return { w: leaf([3, 2], 0), b: leaf([4], 10), rest: [leaf([], 20), { s: leaf([0, 2], 30) }], none: {} }
}

const bits = (tree: Params): ReadonlyArray<ReadonlyArray<number>> =>
  leaves(tree).map(x => [...new Uint32Array(Float32Array.from(x.dataSync()).buffer)])
const shapes = (tree: Params): ReadonlyArray<string> => leaves(tree).map(x => `${x.dtype}[${x.shape}]`)
const dispose = (...trees: ReadonlyArray<Params>): void => leaves(trees).forEach(x => x.dispose())
const count = (tree: Params): number => leaves(tree).length

for (const backend of ['cpu', 'wasm'] as const) {
  const s = suite(`laws of transformations, ${backend}`)
  s.before(() => useTestBackend(backend))

  for (const [name, make] of Object.entries(transformations)) {
    s.test(`${name}: allocates its outputs, keeps tree, shapes and dtype, leaves its arguments alone`, () => {
      const [params, transformation] = [someParams(0), make()]
      const before = bits(params)
      const expected = tf.tidy(() => count(transformation.init(params)))
      let state = allocates(expected, () => transformation.init(params))
      const initial = shapes(state)
      for (let i = 1; i <= 3; i++) {
        const grads = someParams(i)
        const [gradBits, stateBits] = [bits(grads), bits(state)]
        const next = allocates(expected + 4, () => transformation.update(grads, state, params))
        equal(bits(grads), gradBits)
        equal(bits(state), stateBits)
        equal(bits(params), before)
        ok(sameStructure(next.updates, params) && sameStructure(next.state, state))
        equal(shapes(next.updates), shapes(params))
        equal(shapes(next.state), initial)
        ok(leaves([next.updates, next.state]).every(x => x.size === 0 || x.dataSync().every(Number.isFinite)))
        equal(new Set(leaves<Tensor>([grads, state, params, next.updates, next.state])).size, 12 + 2 * expected)
        dispose(grads, state, next.updates)
        state = next.state
      }
      dispose(params, state)
    })

    s.test(`${name}: deterministic, reads no values, and its state survives a way through numbers`, () =>
      tf.tidy(() => {
        const [params, grads, later, transformation] = [someParams(0), someParams(1), someParams(2), make()]
        const first = unseen(() => transformation.update(grads, transformation.init(params), params))
        const again = make().update(grads, make().init(params), params)
        equal(bits(first.updates), bits(again.updates))
        equal(bits(first.state), bits(again.state))
        const sent = JSON.parse(JSON.stringify(leaves(first.state).map(x => ({ shape: x.shape, values: [...x.dataSync()] })))) as Sent
        const received = unflatten<Tensor, Tensor>(
          first.state,
          sent.map(({ shape, values }) => tf.tensor(values, shape, 'float32')),
        )
        const [here, there] = [transformation.update(later, first.state, params), make().update(later, received, params)]
        equal(bits(here.updates), bits(there.updates))
        equal(bits(here.state), bits(there.state))
      }),
    )

    s.test(`${name}: gradients of zero stay finite`, () =>
      tf.tidy(() => {
        const [params, transformation] = [someParams(0), make()]
        const zeros = unflatten<Tensor, Tensor>(
          params,
          leaves(params).map(x => tf.zeros(x.shape)),
        )
        let state = transformation.init(params)
        for (let i = 0; i < 3; i++) {
          const next = transformation.update(zeros, state, params)
          ok(leaves([next.updates, next.state]).every(x => x.size === 0 || x.dataSync().every(Number.isFinite)))
          state = next.state
        }
      }),
    )

    s.test(`${name}: with skipNonFinite a bad gradient changes no bit`, () =>
      tf.tidy(() => {
        const [params, transformation] = [spoiled(someParams(0), 0, -0), optim.skipNonFinite(make())]
        const good = someParams(1)
        const warm = transformation.update(good, transformation.init(params), params)
        for (const bad of [NaN, Infinity, -Infinity]) {
          entries(params).forEach(([, leaf], position) => {
            if (leaf.size === 0) return
            const grads = spoiled(good, position, bad)
            const next = transformation.update(grads, warm.state, params)
            const moved = optim.applyUpdates(params, next.updates)
            equal(bits(moved), bits(params))
            equal(bits((next.state as optim.SkipNonFiniteState).inner), bits((warm.state as optim.SkipNonFiniteState).inner))
            near((next.state as optim.SkipNonFiniteState).skipped.dataSync(), [1])
          })
        }
        near((warm.state as optim.SkipNonFiniteState).skipped.dataSync(), [0])
      }),
    )
  }
  s.run()
}

type Sent = ReadonlyArray<{ readonly shape: number[]; readonly values: number[] }>

/** Runs `body` while reading any tensor's values throws. */
const unseen = <A>(body: () => A): A => {
  const engine = tf.engine()
  const { readSync, read } = engine
  const refuse = (): never => {
    throw new Error('a value was read')
  }
  Object.assign(engine, { readSync: refuse, read: refuse })
  try {
    return body()
  } finally {
    Object.assign(engine, { readSync, read })
  }
}

const spoiled = (tree: Params, position: number, value: number): Params =>
  unflatten<Tensor, Tensor>(
    tree,
    leaves(tree).map((x, i) => {
      const data = Float32Array.from(x.dataSync())
      if (i === position) data[data.length - 1] = value
      return tf.tensor(data, x.shape)
    }),
  )
