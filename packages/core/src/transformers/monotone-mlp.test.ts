import { near, ok, suite, useTestBackend } from '@diffeo/testing'
import { sum, tensor1d, tensor2d, zeros } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { grad } from '../autodiff/value-and-grad.ts'
import { tidy } from '../tensor.ts'
import { monotoneMlp, monotoneMlpTransformer } from './monotone-mlp.ts'
import type { MonotoneMlpParams } from './monotone-mlp.ts'

const s = suite('monotone perceptron')
s.before(() => useTestBackend('cpu'))

const { forward } = monotoneMlpTransformer(monotoneMlp({ signal: 1, hidden: [2] }))

/** One unit that bends up and one that bends down, both nearly flat at 0, where the slope is 2 exp(-depth) cosh x. */
const flatBy = (depth: number): MonotoneMlpParams => ({
  layers: [
    { w: tensor2d([1, 1, 0, 0], [2, 2]), b: tensor1d([-depth, depth]) },
    { w: tensor2d([1, 1], [2, 1]), b: tensor1d([0]) },
  ],
})
const xs = [-0.5, 0, 0.25]
const theta = (): Tensor => zeros([3, 1])

s.test('where every unit is nearly flat the gradient of the value is still the slope', () =>
  tidy(() => {
    const slopes = grad((x: Tensor) => sum(forward(flatBy(12), theta(), x).y))(tensor1d(xs))
    near(
      slopes.dataSync<'float32'>(),
      xs.map(x => 2 * Math.exp(-12) * Math.cosh(x)),
      { rtol: 1e-5 },
    )
  }),
)

s.test('a slope that float32 does not hold has a finite logarithm with finite gradients', () =>
  tidy(() => {
    const of = (x: Tensor): Tensor => forward(flatBy(100), theta(), x).logDeriv
    ok(of(tensor1d(xs)).dataSync().every(Number.isFinite), 'expected finite logarithms')
    ok(
      grad((x: Tensor) => sum(of(x)))(tensor1d(xs))
        .dataSync()
        .every(Number.isFinite),
      'expected finite gradients',
    )
  }),
)

s.run()
