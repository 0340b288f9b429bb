import { add, mul, sigmoid, slice, tensor } from '@tensorflow/tfjs-core'
import { ok, suite, useTestBackend } from '@diffeo/testing'
import { key } from '../random/key.ts'
import { normal } from '../random/sample.ts'
import { tidy } from '../tensor.ts'
import { knotsOf } from './knots.ts'
import { linearRationalInverse, linearRationalParts } from './linear-rational-spline.ts'

const s = suite('linear rational spline')
s.before(() => useTestBackend('cpu'))

s.test('the cut of a bin of a few floats lies within it, and so do inverses', () =>
  tidy(() => {
    const parts = linearRationalParts(
      {
        x: tensor([-5, -4.999887943267822, 5], [1, 3]),
        y: tensor([-5, -4.999899864196777, 5], [1, 3]),
        slopes: tensor([1, 1.006208622129634e-4, 1], [1, 3]),
      },
      tensor([0.9749715924263, 0.5], [1, 2]),
    )
    const [low, cut, high] = parts.y.dataSync<'float32'>()
    ok(low! <= cut! && cut! <= high!, `expected a cut from ${low} to ${high}, got ${cut}`)
    const [x] = linearRationalInverse(parts, tensor([-4.999899864196777], [1]), 5).y.dataSync<'float32'>()
    ok(Math.abs(x! + 4.999888) < 1e-4, `expected the knot at -4.999888, got ${x}`)
  }),
)

s.test('edges of parts never fall, whatever theta is', () =>
  tidy(() => {
    const bins = 8
    const theta = mul(10, normal(key(1), [2000, 4 * bins - 1]))
    const cuts = add(0.025, mul(0.95, sigmoid(slice(theta, [0, 3 * bins - 1], [-1, bins]))))
    ;(['softclip', 'softmax', 'distrax'] as const).forEach(map => {
      const { x, y } = linearRationalParts(knotsOf(map, slice(theta, [0, 0], [-1, 3 * bins - 1]), bins, 5), cuts)
      ;[x, y].forEach(edges => {
        const values = edges.dataSync<'float32'>()
        const falls = values.filter((v, i) => i % (2 * bins + 1) > 0 && v < values[i - 1]!).length
        ok(falls === 0, `expected rising edges with ${map} knots, got ${falls} that fall`)
      })
    })
  }),
)

s.run()
