import { equal, near, ok, suite, useTestBackend } from '@diffeo/testing'
import { tensor2d } from '@tensorflow/tfjs-core'
import { determinant } from 'ml-matrix'
import { values } from './draws.ts'
import { jacobians } from './jacobian.ts'
import { registerLaws } from './law.ts'
import { padLaws, padMember } from './rows/pad.ts'

const s = suite('pad: the laws of bijectors that need no square Jacobian')
s.before(() => useTestBackend('cpu'))

const { bijector } = padMember
registerLaws(s, [padMember], padLaws)

s.test("round trip, and log-determinants: 1/2 log det J'J of the way there, minus that of the way back", () => {
  const x = padMember.points(4, 'base')
  const there = bijector.forward({}, x)
  const back = bijector.inverse({}, there.y)
  near(values(back.x), values(x))
  jacobians(at => bijector.forward({}, at).y, x).forEach((j, i) => {
    near(values(there.logDet)[i]!, 0.5 * Math.log(determinant(j.transpose().mmul(j))), { atol: 1e-6 })
    ok(values(back.logDet)[i] === 0)
  })
  ok([...values(there.y)].filter((_, i) => i % 5 === 0 || i % 5 > 2).every(v => v === 0.5))
})

s.test('off the plane there is no density', () => {
  const rows = tensor2d([
    [0.5, 1, 2, 0.5, 0.5],
    [0.5, 1, 2, 0.5, 0.25],
    [1, 1, 2, 0.5, 0.5],
  ])
  equal([...values(bijector.inverse({}, rows).logDet)], [0, -Infinity, -Infinity])
})
s.run()
