import { equal, suite, throws, useTestBackend } from '@diffeo/testing'
import { buildBijector } from '../flows/build.ts'
import { made } from '../networks/made.ts'
import { affine } from '../transformers/affine.ts'
import { autoregressive } from './autoregressive.ts'
import { dependenciesOf } from './dependencies.ts'
import type { BijectorSite } from '../registry.ts'

const s = suite('autoregressive: passes and graphs')
s.before(() => useTestBackend('cpu'))

const site = { path: [], context: undefined } as unknown as BijectorSite // what is read of it
const levels = (spec: Parameters<typeof dependenciesOf>[0], dim: number): ReadonlyArray<number> | undefined =>
  dependenciesOf(spec, dim, site)?.levels

s.test('levels', () => {
  equal(levels({ passes: 2 }, 5), [0, 0, 0, 1, 1])
  equal(levels({ passes: 3 }, 5), [0, 0, 1, 1, 2])
  equal(levels({ passes: 9 }, 3), [0, 1, 2])
  // 2 -> 0 -> 1, and 2 -> 1
  const adjacency = [
    [true, false, true],
    [true, true, true],
    [false, false, true],
  ]
  equal(levels({ adjacency }, 3), [1, 2, 0])
  equal(levels({}, 3), undefined)
})

const bad = (options: Parameters<typeof autoregressive>[2], message: RegExp): void =>
  throws(() => buildBijector(autoregressive(made({ hidden: [8] }), affine(), options), { event: [3], context: [2] }), message)

s.test('errors name the path', () => {
  bad({ passes: 1 }, /^build: expected a whole number of passes, at least 2, got 1 at passes; for one, take 'conditional'$/)
  bad({ passes: 2, adjacency: [] }, /^build: expected passes or an adjacency, got both at \$$/)
  bad({ adjacency: [[true]] }, /^build: expected 3 rows of 3 or 5 booleans, got 1 rows of 1 at adjacency$/)
  const cycle = [
    [false, true, false],
    [true, false, false],
    [false, false, false],
  ]
  bad({ adjacency: cycle }, /^build: expected a graph without cycles, got one through dimensions 0, 1 at adjacency$/)
  throws(
    () => buildBijector(autoregressive(made({ hidden: [1] }), affine(), { passes: 3 }), { event: [3] }),
    /^build: expected at least 2 hidden units for outputs of 2 kinds, got 1 at conditioner\.hidden\[0\]$/,
  )
})
s.run()
