import { near, suite, useTestBackend } from '@diffeo/testing'
import { scalar, tensor1d, tensor2d, tidy } from '@tensorflow/tfjs-core'
import { planarBijector } from './planar.ts'

const s = suite('planar: a known answer')
s.before(() => useTestBackend('cpu'))

s.test('w = (5, 0), u = (1, 0), b = 0: x1 = z1 + tanh 5 z1, log-determinant ln(1 + 5 sech^2 5 z1)', () =>
  tidy(() => {
    const params = { w: tensor1d([5, 0]), u: tensor1d([1, 0]), b: scalar(0) }
    const b = planarBijector(2)
    const z = Array.from({ length: 41 }, (_, i) => [i / 10 - 2, Math.sin(i)] as const)
    const x = z.map(([z1, z2]) => [z1 + Math.tanh(5 * z1), z2] as const)
    const logDet = z.map(([z1]) => Math.log(1 + 5 / Math.cosh(5 * z1) ** 2))
    const forward = b.forward(params, tensor2d(z.map(row => [...row])))
    near(forward.y.dataSync(), x.flat(), { atol: 1e-6, rtol: 1e-6, what: 'x' })
    near(forward.logDet.dataSync(), logDet, { atol: 2e-6, what: 'log-determinant' })
    const inverse = b.inverse(params, tensor2d(x.map(row => [...row])))
    near(inverse.x.dataSync(), z.flat(), { atol: 2e-6, what: 'z' })
    near(
      inverse.logDet.dataSync(),
      logDet.map(value => -value),
      { atol: 1e-5, what: 'log-determinant of the inverse' },
    )
  }),
)
s.run()
