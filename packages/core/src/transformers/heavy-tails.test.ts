import { near, suite, useTestBackend } from '@diffeo/testing'
import { div, exp, fill, sum, tensor } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { grad } from '../autodiff/value-and-grad.ts'
import { tidy } from '../tensor.ts'
import { heavyTails, heavyTailsTransformer } from './heavy-tails.ts'

const s = suite('heavy tails')
s.before(() => useTestBackend('cpu'))

const { forward, inverse } = heavyTailsTransformer(heavyTails())
const xs = [-9e3, -1000, -300, 20, 1000, 5e3]
const theta = (): Tensor => fill([xs.length, 2], 0.7)

s.test('far out, where the exponent goes on as a logarithm, the inverse leads back', () =>
  tidy(() => {
    const { y } = forward({}, theta(), tensor(xs))
    near(inverse({}, theta(), y).x.dataSync<'float32'>(), xs, { rtol: 3e-6 })
  }),
)

s.test('and the gradient of the value is the slope', () =>
  tidy(() => {
    const slopes = grad((x: Tensor) => sum(forward({}, theta(), x).y))(tensor(xs))
    const ratios = div(slopes, exp(forward({}, theta(), tensor(xs)).logDeriv))
    near(
      ratios.dataSync<'float32'>(),
      xs.map(() => 1),
      { rtol: 1e-5 },
    )
  }),
)

s.run()
