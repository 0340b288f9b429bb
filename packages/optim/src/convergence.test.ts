import type { Params } from '@diffeo/core'
import { leaves } from '@diffeo/core'
import { near, suite, useTestBackend } from '@diffeo/testing'
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import * as optim from './index.ts'
import type { GradientTransformation, Schedule } from './index.ts'

interface Optimizer {
  readonly make: (learningRate: number) => GradientTransformation
  readonly parabola: number
  readonly rosenbrock: number
  /** of Rosenbrock, 1000 unless given */
  readonly steps?: number
}

const optimizers: { readonly [name: string]: Optimizer } = {
  sgd: { make: r => optim.sgd(r), parabola: 0.1, rosenbrock: 1.5e-3, steps: 8000 },
  momentum: { make: r => optim.sgd(r, { momentum: 0.9 }), parabola: 0.02, rosenbrock: 1.5e-3 },
  nesterov: { make: r => optim.sgd(r, { momentum: 0.9, nesterov: true }), parabola: 0.02, rosenbrock: 1e-3, steps: 2000 },
  adam: { make: r => optim.adam(r), parabola: 0.1, rosenbrock: 0.05 },
  nadam: { make: r => optim.adam(r, { nesterov: true }), parabola: 0.1, rosenbrock: 0.05 },
  adamw: { make: r => optim.adamw(r, { weightDecay: 1e-5 }), parabola: 0.1, rosenbrock: 0.05 },
  amsgrad: { make: r => optim.amsgrad(r), parabola: 0.1, rosenbrock: 0.1 },
  rmsprop: { make: r => optim.rmsprop(decaying(r)), parabola: 0.05, rosenbrock: 0.03, steps: 2000 },
  'rmsprop, centered': {
    make: r => optim.rmsprop(decaying(r), { centered: true, eps: 1e-2 }),
    parabola: 0.05,
    rosenbrock: 0.03,
    steps: 2000,
  },
  'rmsprop, momentum': { make: r => optim.rmsprop(decaying(r), { momentum: 0.5 }), parabola: 0.05, rosenbrock: 0.01, steps: 2000 },
  lion: { make: r => optim.lion(decaying(r), { weightDecay: 0 }), parabola: 0.05, rosenbrock: 0.02, steps: 2000 },
  'adam, clipped by norm': { make: r => optim.chain(optim.clipByGlobalNorm(5), optim.adam(r)), parabola: 0.1, rosenbrock: 0.05 },
  'momentum, clipped': { make: r => optim.chain(optim.clip(10), optim.sgd(r, { momentum: 0.9 })), parabola: 0.02, rosenbrock: 1.5e-3 },
  'adam, not accepting NaN': { make: r => optim.skipNonFinite(optim.adam(r)), parabola: 0.1, rosenbrock: 0.05 },
  'sgd, averaged gradients': { make: r => optim.chain(optim.ema(0.5), optim.sgd(r)), parabola: 0.1, rosenbrock: 1.5e-3, steps: 8000 },
  'adam, warm-up and cosine': {
    make: r =>
      optim.adam(optim.warmupCosineDecaySchedule({ initValue: 0, peakValue: r, warmupSteps: 50, decaySteps: 1000, endValue: r / 100 })),
    parabola: 0.1,
    rosenbrock: 0.04,
  },
}

/** Methods whose step does not shrink with the gradient need a rate that does. */
const decaying = (rate: number): Schedule => optim.exponentialDecay({ initValue: rate, transitionSteps: 250, decayRate: 0.5 })

const dispose = (...trees: ReadonlyArray<Params>): void => leaves(trees).forEach(x => x.dispose())

const minimized = (
  optimizer: GradientTransformation,
  start: ReadonlyArray<number>,
  steps: number,
  gradient: (x: Tensor) => Tensor,
): ReadonlyArray<number> => {
  let params: { readonly x: Tensor } = { x: tf.tensor1d([...start]) }
  let state = optimizer.init(params)
  for (let i = 0; i < steps; i++) {
    const grads = { x: tf.tidy(() => gradient(params.x)) }
    const next = optimizer.update(grads, state, params)
    const moved = optim.applyUpdates(params, next.updates)
    dispose(grads, next.updates, params, state)
    params = moved
    state = next.state
  }
  const found = [...params.x.dataSync()]
  dispose(params, state)
  return found
}

/** Of (1 - x)^2 + 100 (y - x^2)^2. */
const rosenbrockGradient = (p: Tensor): Tensor => {
  const [x, y] = [tf.slice(p, [0], [1]), tf.slice(p, [1], [1])]
  const rise = tf.sub(y, tf.square(x))
  return tf.concat([tf.sub(tf.mul(-2, tf.sub(1, x)), tf.mul(400, tf.mul(x, rise))), tf.mul(200, rise)])
}

const convergence = suite('optimizers converge')
convergence.before(() => useTestBackend('cpu'))
for (const [name, { make, parabola, rosenbrock, steps = 1000 }] of Object.entries(optimizers)) {
  convergence.test(`${name}: parabola`, () => {
    const target = [0.5, -1.5, 3]
    const found = minimized(make(parabola), [2, 2, -2], 600, x => tf.mul(2, tf.sub(x, tf.tensor1d(target))))
    near(found, target, { atol: 0.02 })
  })
  convergence.test(`${name}: Rosenbrock's valley`, () => {
    const found = minimized(make(rosenbrock), [0, 0], steps, rosenbrockGradient)
    near(found, [1, 1], { atol: 0.06 })
  })
}
convergence.run()
