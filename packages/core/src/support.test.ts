import { equal, is, suite } from '@diffeo/testing'
import type { ScalarSupport, Support } from './contracts.ts'
import { eachSupport, isWithin, showSupport, supportAt } from './support.ts'

const s = suite('supports')

const real: ScalarSupport = { _tag: 'real' }
const positive: ScalarSupport = { _tag: 'positive' }
const circle: ScalarSupport = { _tag: 'circle' }
const between = (low: number, high: number): ScalarSupport => ({ _tag: 'interval', low, high })
const codes = (count: number): ScalarSupport => ({ _tag: 'categories', count })
const each = (...dimensions: ReadonlyArray<ScalarSupport>): Support => ({ _tag: 'each', dimensions })
const simplex: Support = { _tag: 'simplex' }

const cases: ReadonlyArray<readonly [Support, Support, boolean]> = [
  [positive, real, true],
  [real, positive, false],
  [between(0, 1), between(-1, 1), true],
  [between(-4, 4), circle, false],
  [between(0, 1), circle, false],
  [circle, real, true],
  [circle, circle, true],
  [simplex, real, true],
  [simplex, simplex, true],
  [real, simplex, false],
  [simplex, { _tag: 'sphere' }, false],
  [simplex, positive, false],
  [codes(3), codes(3), true],
  [codes(4), codes(3), false],
  [codes(3), real, false],
  [real, codes(3), false],
  [each(codes(3), real), real, false],
  [each(codes(3), real), each(codes(3), real), true],
  [each(positive, real), real, true],
  [each(positive, real), positive, false],
  [each(positive, real), each(real, real), true],
  [each(positive, real), each(real, positive), false],
  [each(positive), each(positive, positive), false],
  [positive, each(real, positive), true],
  [real, each(real, positive), false],
  [simplex, each(real, real), true],
]
cases.forEach(([inner, outer, expected]) =>
  s.test(`${showSupport(inner)} within ${showSupport(outer)}`, () => is(isWithin(inner, outer), expected)),
)

s.test('dimensions of one support are that support', () => {
  equal(eachSupport([between(0, 1), between(0, 1)]), between(0, 1))
  equal(eachSupport([real, circle]), each(real, circle))
  equal(eachSupport([]), each())
})

s.test('a support of each dimension says where one lies', () => {
  equal(supportAt(each(real, circle), 1), circle)
  equal(supportAt(positive, 5), positive)
})

s.run()
