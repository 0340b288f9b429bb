import { near, ok, suite, useTestBackend } from '@diffeo/testing'
import type { Params } from '@diffeo/core'
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { readFileSync } from 'node:fs'
import * as optim from './index.ts'
import type { GradientTransformation, Schedule } from './index.ts'

type Values = { readonly w: ReadonlyArray<number>; readonly b: ReadonlyArray<number> }
type Leaves = { readonly w: Tensor; readonly b: Tensor }

interface Fixture {
  readonly start: Values
  readonly stiffness: Values
  readonly center: Values
  readonly counts: ReadonlyArray<number>
  readonly schedules: { readonly [name: string]: ReadonlyArray<number> }
  readonly averages: { readonly [step: string]: { readonly debiased: Values; readonly biased: Values } }
  readonly trajectories: { readonly [name: string]: { readonly [step: string]: Values } }
}

const file = new URL('../../../tests/fixtures/optax-trajectories.json', import.meta.url)
const fixture = JSON.parse(readFileSync(file, 'utf8')) as Fixture

const mask = { w: true, b: false }
const frozen = { w: false, b: true }

const schedules: { readonly [name: string]: () => Schedule } = {
  constant: () => optim.constantSchedule(0.3),
  linear: () => optim.linearSchedule({ initValue: 1, endValue: 0.1, transitionSteps: 50 }),
  'linear, begin': () => optim.linearSchedule({ initValue: 0.1, endValue: 1, transitionSteps: 50, transitionBegin: 10 }),
  polynomial: () => optim.polynomialSchedule({ initValue: 1, endValue: 0.1, power: 2.5, transitionSteps: 80, transitionBegin: 5 }),
  cosineDecay: () => optim.cosineDecaySchedule({ initValue: 0.5, decaySteps: 100 }),
  'cosineDecay, alpha, exponent': () => optim.cosineDecaySchedule({ initValue: 0.5, decaySteps: 90, alpha: 0.1, exponent: 1.7 }),
  exponentialDecay: () => optim.exponentialDecay({ initValue: 0.5, transitionSteps: 30, decayRate: 0.6 }),
  'exponentialDecay, all': () =>
    optim.exponentialDecay({
      initValue: 0.5,
      transitionSteps: 20,
      decayRate: 0.6,
      transitionBegin: 10,
      staircase: true,
      endValue: 0.07,
    }),
  'exponentialDecay, growth': () => optim.exponentialDecay({ initValue: 0.5, transitionSteps: 20, decayRate: 1.5, endValue: 2 }),
  piecewiseConstant: () => optim.piecewiseConstantSchedule(0.5, { 100: 2, 10: 0.3, 50: 0.2 }),
  cosineOnecycle: () => optim.cosineOnecycleSchedule({ transitionSteps: 100, peakValue: 0.5 }),
  'cosineOnecycle, all': () =>
    optim.cosineOnecycleSchedule({ transitionSteps: 97, peakValue: 0.5, pctStart: 0.21, divFactor: 10, finalDivFactor: 100 }),
  linearOnecycle: () => optim.linearOnecycleSchedule({ transitionSteps: 100, peakValue: 0.5 }),
  'linearOnecycle, all': () =>
    optim.linearOnecycleSchedule({
      transitionSteps: 97,
      peakValue: 0.5,
      pctStart: 0.21,
      pctFinal: 0.7,
      divFactor: 10,
      finalDivFactor: 100,
    }),
  warmupConstant: () => optim.warmupConstantSchedule({ initValue: 0, peakValue: 0.5, warmupSteps: 20 }),
  warmupCosineDecay: () => optim.warmupCosineDecaySchedule({ initValue: 0, peakValue: 0.5, warmupSteps: 20, decaySteps: 100 }),
  'warmupCosineDecay, all': () =>
    optim.warmupCosineDecaySchedule({
      initValue: 0.1,
      peakValue: 0.5,
      warmupSteps: 10,
      decaySteps: 100,
      endValue: 0.05,
      exponent: 1.3,
    }),
  warmupExponentialDecay: () =>
    optim.warmupExponentialDecaySchedule({
      initValue: 0,
      peakValue: 0.5,
      warmupSteps: 20,
      transitionSteps: 30,
      decayRate: 0.6,
      endValue: 0.1,
    }),
  join: () =>
    optim.joinSchedules(
      [
        optim.constantSchedule(0.1),
        optim.linearSchedule({ initValue: 0.2, endValue: 0.9, transitionSteps: 30 }),
        optim.cosineDecaySchedule({ initValue: 0.5, decaySteps: 40 }),
      ],
      [10, 50],
    ),
}

const transformations: { readonly [name: string]: () => GradientTransformation } = {
  sgd: () => optim.sgd(0.02),
  'sgd, momentum': () => optim.sgd(0.01, { momentum: 0.9 }),
  'sgd, nesterov': () => optim.sgd(0.01, { momentum: 0.9, nesterov: true }),
  adam: () => optim.adam(0.05),
  'adam, nesterov': () => optim.adam(0.05, { nesterov: true }),
  'adam, all': () => optim.adam(0.05, { b1: 0.8, b2: 0.95, eps: 1e-3, epsRoot: 1e-4 }),
  adamw: () => optim.adamw(0.05),
  'adamw, mask': () => optim.adamw(0.05, { weightDecay: 0.3, mask }),
  'adamw, nesterov, decay schedule': () =>
    optim.adamw(0.05, { weightDecay: optim.linearSchedule({ initValue: 0.5, endValue: 0, transitionSteps: 60 }), nesterov: true }),
  amsgrad: () => optim.amsgrad(0.05),
  'amsgrad, b2': () => optim.amsgrad(0.05, { b1: 0.7, b2: 0.9, eps: 1e-4, epsRoot: 1e-5 }),
  'amsgrad, uncorrected': () => optim.amsgrad(0.05, { b2: 0.9, biasCorrectionMu: false, biasCorrectionNu: false }),
  rmsprop: () => optim.rmsprop(0.02),
  'rmsprop, momentum': () => optim.rmsprop(0.01, { decay: 0.8, momentum: 0.5, epsInSqrt: false, initialScale: 1 }),
  'rmsprop, corrected': () => optim.rmsprop(0.02, { biasCorrection: true, momentum: 0.5, nesterov: true }),
  'rmsprop, centered': () => optim.rmsprop(0.01, { centered: true, eps: 1e-2 }),
  'rmsprop, centered, all': () =>
    optim.rmsprop(0.01, { centered: true, eps: 0.1, epsInSqrt: false, initialScale: 0.5, biasCorrection: true, momentum: 0.3 }),
  lion: () => optim.lion(0.01),
  'lion, mask': () => optim.lion(0.01, { b1: 0.8, b2: 0.95, weightDecay: 0.5, mask }),
  clip: () => optim.chain(optim.clip(0.7), optim.sgd(0.05)),
  clipByGlobalNorm: () => optim.chain(optim.clipByGlobalNorm(2), optim.adam(0.05)),
  chain: () =>
    optim.chain(optim.clipByGlobalNorm(3), optim.trace(0.8, { nesterov: true }), optim.addDecayedWeights(0.2, mask), optim.scale(-0.01)),
  ema: () => optim.chain(optim.ema(0.8), optim.sgd(0.02)),
  'ema, biased': () => optim.chain(optim.ema(0.8, { debias: false }), optim.sgd(0.02)),
  scaleByRms: () => optim.chain(optim.scaleByRms(), optim.scaleByLearningRate(0.02)),
  'scaleByLearningRate, no flip': () => optim.scaleByLearningRate(-0.02, { flipSign: false }),
  masked: () => optim.chain(optim.masked(optim.scale(0.1), mask), optim.sgd(0.02)),
  freeze: () => optim.chain(optim.adam(0.05), optim.freeze(frozen)),
  trainOnly: () => optim.trainOnly(optim.chain(optim.clipByGlobalNorm(1), optim.adamw(0.05, { weightDecay: 0.2 })), mask),
  'adam, warmupCosineDecay': () =>
    optim.adam(optim.warmupCosineDecaySchedule({ initValue: 0, peakValue: 0.1, warmupSteps: 20, decaySteps: 90, endValue: 0.001 })),
  'adam, cosineOnecycle': () => optim.adam(optim.cosineOnecycleSchedule({ transitionSteps: 100, peakValue: 0.1 })),
  'sgd, piecewiseConstant': () => optim.sgd(optim.piecewiseConstantSchedule(0.05, { 10: 0.3, 50: 0.2 })),
  'lion, exponentialDecay': () => optim.lion(optim.exponentialDecay({ initValue: 0.05, transitionSteps: 20, decayRate: 0.5 })),
  scaleBySchedule: () =>
    optim.chain(
      optim.scaleByAdam(),
      optim.scaleBySchedule(count => tf.div(-0.1, tf.add(1, count))),
    ),
}

const tensors = ({ w, b }: Values): Leaves => ({ w: tf.tensor(w, [3, 2]), b: tf.tensor(b, [4]) })

const values = (params: Params): ReadonlyArray<number> => {
  const { w, b } = params as Leaves
  return [...w.dataSync(), ...b.dataSync()]
}

/** a (x - c) + sin(3 x) / 2 + cos(0.7 step). */
const gradient = ({ w, b }: Leaves, a: Leaves, c: Leaves, step: number): Leaves => {
  const leaf = (x: Tensor, stiffness: Tensor, center: Tensor): Tensor =>
    tf.tidy(() =>
      tf.addN([tf.mul(stiffness, tf.sub(x, center)), tf.mul(0.5, tf.sin(tf.mul(3, x))), tf.fill(x.shape, Math.cos(0.7 * step))]),
    )
  return { w: leaf(w, a.w, c.w), b: leaf(b, a.b, c.b) }
}

/** Runs 100 steps and hands every iterate to `see`. */
const follow = (optimizer: GradientTransformation, see: (step: number, params: Leaves) => void): void => {
  const [stiffness, center] = [tensors(fixture.stiffness), tensors(fixture.center)]
  let params = tensors(fixture.start)
  let state = optimizer.init(params)
  for (let step = 1; step <= 100; step++) {
    const grads = gradient(params, stiffness, center, step)
    const next = optimizer.update(grads, state, params)
    const moved = optim.applyUpdates(params, next.updates)
    tf.dispose([grads, next.updates, params, state] as tf.TensorContainer)
    params = moved
    state = next.state
    see(step, params)
  }
  tf.dispose([params, state, stiffness, center] as tf.TensorContainer)
}

const tolerance = { atol: 1e-5, rtol: 0 }

for (const backend of ['cpu', 'wasm'] as const) {
  const s = suite(`optax parity, ${backend}`)
  s.before(() => useTestBackend(backend))

  s.test('the fixture and this file have the same cases', () => {
    near(Object.keys(fixture.schedules).length, Object.keys(schedules).length)
    near(Object.keys(fixture.trajectories).length, Object.keys(transformations).length)
  })

  for (const [name, make] of Object.entries(schedules))
    s.test(`schedule ${name}`, () => {
      const schedule = make()
      const got = fixture.counts.map(count => tf.tidy(() => schedule(tf.scalar(count)).dataSync()[0]!))
      near(got, fixture.schedules[name]!, { atol: 1e-6, rtol: 1e-6, what: name })
    })

  for (const [name, make] of Object.entries(transformations))
    s.test(`100 steps of ${name}`, () => {
      const expected = fixture.trajectories[name]!
      const seen = new Set<number>()
      follow(make(), (step, params) => {
        const there = expected[step]
        if (there === undefined) return
        near(values(params), [...there.w, ...there.b], { ...tolerance, what: `${name}, step ${step}` })
        seen.add(step)
      })
      ok([1, 2, 5, 10, 50, 100].every(step => seen.has(step)))
    })

  s.test('parameterEma along adam, debiased and not', () => {
    const [debiased, biased] = [optim.parameterEma(0.9), optim.parameterEma(0.9, { debias: false })]
    const start = tensors(fixture.start)
    let [d, b] = [debiased.init(start), biased.init(start)]
    follow(optim.adam(0.05), (step, params) => {
      const [d2, b2] = [debiased.update(params, d), biased.update(params, b)]
      tf.dispose([d, b] as unknown as tf.TensorContainer)
      d = d2
      b = b2
      const there = fixture.averages[step]
      if (there === undefined) return
      near(values(d.average), [...there.debiased.w, ...there.debiased.b], { ...tolerance, what: `debiased, step ${step}` })
      near(values(b.average), [...there.biased.w, ...there.biased.b], { ...tolerance, what: `biased, step ${step}` })
    })
    tf.dispose([start, d, b] as unknown as tf.TensorContainer)
  })

  s.test('nothing is left behind', () => near(tf.memory().numTensors, 0))
  s.run()
}
