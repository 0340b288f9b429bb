import { near, suite, useTestBackend } from '@diffeo/testing'
import { tensor } from '@tensorflow/tfjs-core'
import { key } from '../random/key.ts'
import { normal } from '../random/sample.ts'
import { tidy } from '../tensor.ts'
import { pi32 } from './angles.ts'
import { circularSpline, circularSplineTransformer } from './circular-spline.ts'

const s = suite('circular spline')
s.before(() => useTestBackend('cpu'))

s.test('is as steep at -pi as at pi: the circle has no seam', () =>
  tidy(() => {
    const { forward, size } = circularSplineTransformer(circularSpline({ bins: 5 }))
    const steepness = (x: number): number => forward({}, normal(key(1), [1, size]), tensor([x])).logDeriv.dataSync()[0]!
    near(steepness(-pi32), steepness(pi32), { atol: 1e-5 })
  }),
)

s.run()
