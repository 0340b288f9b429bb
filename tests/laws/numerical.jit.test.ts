import { bijectors, elementwiseFrom, key, tidy } from '@diffeo/core'
import { jit } from '@diffeo/program'
import { equal, near, suite, throws } from '@diffeo/testing'
import { tanh, tensor2d } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { bijectorLaws } from './bijector-laws.ts'
import { jittedBijectorMember, useJit } from './execution.ts'
import { registerLaws } from './law.ts'
import { numericalMembers } from './rows/numerical.ts'

const s = suite('laws of bijectors from functions, jitted')
s.before(useJit)
registerLaws(s, numericalMembers.map(jittedBijectorMember), bijectorLaws)

s.test('a value without a root is an error that names the row, and NaN in a program', () =>
  tidy(() => {
    const b = bijectors.elementwise(elementwiseFrom(tanh), [2])
    const [params, y] = [b.init(key(0)), tensor2d([[0, 0.5], [0.2, 3], [-0.9, 0]])] // prettier-ignore
    throws(() => b.inverse(params, y), /^monotoneRoot: expected values that the function takes, got 3 in row 1; without a root: rows 1$/)
    const inverse = jit((at: Tensor) => ({ ...b.inverse(params, at) }))
    const { x, logDet } = inverse(y)
    near(x.dataSync(), [0, 0.5, 0.2, NaN, -0.9, 0].map(Math.atanh), { rtol: 1e-5 })
    equal([...logDet.dataSync()].map(Number.isNaN), [false, true, false])
    inverse.dispose()
  }),
)

s.run()
