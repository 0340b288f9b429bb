import { tidy } from '@diffeo/core'
import type { Params } from '@diffeo/core'
import { allocates, equal, suite, throws, useTestBackend } from '@diffeo/testing'
import * as tf from '@tensorflow/tfjs-core'
import * as optim from './index.ts'

const s = suite('arguments of transformations and schedules')
s.before(() => useTestBackend('cpu'))

const refused: { readonly [name: string]: readonly [() => unknown, RegExp] } = {
  'b1 of 1': [() => optim.adam(0.1, { b1: 1 }), /scaleByAdam: expected b1 in \[0, 1\), got 1$/],
  'negative b2': [() => optim.amsgrad(0.1, { b2: -0.1 }), /scaleByAmsgrad: expected b2 in \[0, 1\), got -0.1/],
  'b2 of NaN': [() => optim.lion(0.1, { b2: NaN }), /scaleByLion: expected b2 in \[0, 1\), got NaN/],
  'negative eps': [() => optim.adamw(0.1, { eps: -1 }), /scaleByAdam: expected a finite eps >= 0, got -1/],
  'infinite epsRoot': [() => optim.adam(0.1, { epsRoot: Infinity }), /expected a finite epsRoot >= 0, got Infinity/],
  'decay of 2': [() => optim.rmsprop(0.1, { decay: 2 }), /scaleByRms: expected decay in \[0, 1\), got 2/],
  'centred decay of 2': [() => optim.rmsprop(0.1, { decay: 2, centered: true }), /scaleByStddev: expected decay/],
  'negative initialScale': [() => optim.rmsprop(0.1, { initialScale: -1 }), /expected a finite initialScale >= 0, got -1/],
  'momentum of 1': [() => optim.sgd(0.1, { momentum: 1 }), /trace: expected decay in \[0, 1\), got 1/],
  'learning rate NaN': [() => optim.sgd(NaN), /constantSchedule: expected a finite value, got NaN/],
  'weight decay NaN': [() => optim.adamw(0.1, { weightDecay: NaN }), /constantSchedule: expected a finite value, got NaN/],
  'scale of Infinity': [() => optim.scale(Infinity), /scale: expected a finite stepSize, got Infinity/],
  'maxDelta of 0': [() => optim.clip(0), /clip: expected maxDelta > 0, got 0/],
  'maxNorm of NaN': [() => optim.clipByGlobalNorm(NaN), /clipByGlobalNorm: expected maxNorm > 0, got NaN/],
  'ema decay': [() => optim.ema(1.5), /ema: expected decay in \[0, 1\), got 1.5/],
  'a transition of no steps': [
    () => optim.linearSchedule({ initValue: 1, endValue: 0, transitionSteps: 0 }),
    /polynomialSchedule: expected transitionSteps >= 1, got 0/,
  ],
  'a negative begin': [
    () => optim.linearSchedule({ initValue: 1, endValue: 0, transitionSteps: 9, transitionBegin: -1 }),
    /expected transitionBegin >= 0, got -1/,
  ],
  'power of 0': [() => optim.polynomialSchedule({ initValue: 1, endValue: 0, transitionSteps: 9, power: 0 }), /expected power > 0, got 0/],
  'decaySteps of 0': [() => optim.cosineDecaySchedule({ initValue: 1, decaySteps: 0 }), /expected decaySteps > 0, got 0/],
  'decayRate of 0': [
    () => optim.exponentialDecay({ initValue: 1, transitionSteps: 1, decayRate: 0 }),
    /exponentialDecay: expected decayRate > 0, got 0/,
  ],
  'a negative scale': [() => optim.piecewiseConstantSchedule(1, { 10: -1 }), /expected a finite scale at 10 >= 0, got -1/],
  'a decay that the warm-up fills': [
    () => optim.warmupCosineDecaySchedule({ initValue: 0, peakValue: 1, warmupSteps: 100, decaySteps: 100 }),
    /warmupCosineDecaySchedule: expected decaySteps > warmupSteps \(100\), which they include, got 100/,
  ],
  'a negative warm-up': [
    () => optim.warmupConstantSchedule({ initValue: 0, peakValue: 1, warmupSteps: -1 }),
    /expected warmupSteps >= 0, got -1/,
  ],
  'pctStart of 2': [
    () => optim.cosineOnecycleSchedule({ transitionSteps: 10, peakValue: 1, pctStart: 2 }),
    /expected pctStart in \[0, 1\], got 2/,
  ],
  'pctFinal before pctStart': [
    () => optim.linearOnecycleSchedule({ transitionSteps: 10, peakValue: 1, pctFinal: 0.1 }),
    /expected pctFinal in \[pctStart, 1\], got 0.1/,
  ],
  'a boundary too few': [
    () => optim.joinSchedules([optim.constantSchedule(1), optim.constantSchedule(2)], []),
    /expected 1 boundaries for 2 schedules, got 0/,
  ],
  'falling boundaries': [
    () => optim.joinSchedules([1, 2, 3].map(optim.constantSchedule), [20, 10]),
    /joinSchedules: expected rising boundaries, got 20,10/,
  ],
}
for (const [name, [body, message]] of Object.entries(refused)) s.test(`refused: ${name}`, () => throws(body, message))

const update =
  (grads: Params, initial: Params, params: Params = initial) =>
  (): unknown => {
    const optimizer = optim.adam(0.1)
    return tidy(() => optimizer.update(grads, optimizer.init(initial), params))
  }

s.test('trees that do not belong together are refused with the path', () =>
  tf.tidy(() => {
    const [one, two] = [tf.ones([2]), tf.ones([3])]
    throws(update({ w: one }, { w: one, b: one }), /scaleByAdam: expected in mu nothing, as in grads, got a leaf at b; every tree must/)
    throws(update({ w: [one] }, { w: one }), /expected in mu a list of 1, as in grads, got a leaf at w/)
    throws(update({ w: one }, { w: two }), /scaleByAdam: expected mu of shape \[2\], got \[3\] at w/)
    throws(update({ w: one }, { w: tf.ones([2, 1]) }), /expected mu of shape \[2\], got \[2,1\] at w/)
    throws(() => optim.applyUpdates({ w: one }, { w: tf.scalar(1) }), /applyUpdates: expected updates of shape \[2\], got \[\] at w/)
    throws(() => optim.adam(0.1).init({ w: tf.tensor1d([1], 'int32') }), /scaleByAdam: expected float32 tensors in params, got int32 at w/)
    throws(
      () => optim.sgd(0.1).update({ w: 1 } as unknown as Params, optim.sgd(0.1).init({}), {}),
      /expected float32 tensors in grads, got number at w/,
    )
  }),
)

s.test('a chain refuses the state of another chain', () =>
  tf.tidy(() => {
    const params = { w: tf.ones([2]) }
    const state = optim.adam(0.1).init(params)
    throws(
      () => optim.chain(optim.clip(1), optim.clip(1), optim.clip(1)).update(params, state as never, params),
      /chain: expected the states of 3 transformations, got 2; make the state with init/,
    )
  }),
)

s.test('a schedule that gives more than a scalar is refused', () =>
  tf.tidy(() => {
    const params = { w: tf.ones([2]) }
    const wide = (count: tf.Tensor): tf.Tensor => tf.reshape(count, [1])
    for (const [who, optimizer] of [
      ['scaleByLearningRate', optim.sgd(wide)],
      ['scaleBySchedule', optim.scaleBySchedule(wide)],
      ['addDecayedWeights', optim.addDecayedWeights(wide)],
    ] as const)
      throws(
        () => optimizer.update(params, optimizer.init(params) as never, params),
        new RegExp(`${who}: expected the schedule to give a scalar, got shape \\[1\\]`),
      )
  }),
)

s.test('a refused update frees what it made', () => {
  const [params, other] = [{ w: tf.ones([2]) }, { w: tf.ones([3]) }]
  const optimizer = optim.chain(optim.clipByGlobalNorm(1), optim.adam(0.1))
  const state = optimizer.init(params)
  allocates(0, () => throws(() => optimizer.update(other, state, params), /expected mu of shape/))
  tf.dispose([params, other, state] as unknown as tf.TensorContainer)
})

s.test('a schedule allocates its value and leaves the count', () => {
  const count = tf.scalar(3)
  const schedules = [
    optim.constantSchedule(1),
    optim.linearSchedule({ initValue: 1, endValue: 0, transitionSteps: 10 }),
    optim.cosineDecaySchedule({ initValue: 1, decaySteps: 10, exponent: 2 }),
    optim.exponentialDecay({ initValue: 1, transitionSteps: 10, decayRate: 0.5, staircase: true, endValue: 0.1 }),
    optim.piecewiseConstantSchedule(1, { 2: 0.5 }),
    optim.piecewiseConstantSchedule(1),
    optim.cosineOnecycleSchedule({ transitionSteps: 10, peakValue: 1 }),
    optim.linearOnecycleSchedule({ transitionSteps: 10, peakValue: 1 }),
    optim.warmupCosineDecaySchedule({ initValue: 0, peakValue: 1, warmupSteps: 5, decaySteps: 10 }),
    optim.warmupConstantSchedule({ initValue: 0, peakValue: 1, warmupSteps: 0 }),
  ]
  const got = schedules.map(schedule => allocates(1, () => schedule(count)))
  equal(
    got.map(x => `${x.dtype}[${x.shape}]`),
    schedules.map(() => 'float32[]'),
  )
  equal(count.dataSync()[0], 3)
  tf.dispose([...got, count])
})

s.test('a warm-up of no steps begins at the peak', () =>
  tf.tidy(() => {
    const options = { initValue: 0, peakValue: 0.5, warmupSteps: 0, decaySteps: 10 }
    for (const schedule of [
      optim.warmupConstantSchedule(options),
      optim.warmupCosineDecaySchedule(options),
      optim.warmupExponentialDecaySchedule({ ...options, transitionSteps: 10, decayRate: 0.5 }),
    ])
      equal(schedule(tf.scalar(0)).dataSync()[0], 0.5)
  }),
)

s.run()
