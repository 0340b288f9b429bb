import { key, uniformArray } from '@diffeo/core'
import { equal, is, ok, suite, throws } from '@diffeo/testing'
import fc from 'fast-check'
import { splitRows, type Split } from './split.ts'

const s = suite('split')

const all = ({ train, validation, test }: Split): ReadonlyArray<number> => [...train, ...validation, ...test].sort((a, b) => a - b)

s.test('disjoint, complete, ascending, the same for the same key', () => {
  const split = splitRows(key(1), 1000)
  equal(all(split), Array.from({ length: 1000 }, (_, i) => i)) // prettier-ignore
  equal([split.train.length, split.validation.length, split.test.length], [800, 100, 100])
  for (const rows of [split.train, split.validation, split.test]) ok(rows.every((row, i) => i === 0 || row > rows[i - 1]!))
  equal(splitRows(key(1), 1000), split)
  ok(splitRows(key(2), 1000).test.some((row, i) => row !== split.test[i]))
})

s.test('fractions are kept within a row, for any number of rows', () => {
  const fraction = fc.double({ min: 0, max: 0.5, noNaN: true })
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 0, max: 300 }), fraction, fraction, (seed, n, validation, test) => {
      fc.pre(validation + test < 0.95)
      const split = splitRows(key(seed), n, { validation, test })
      const left = n - split.test.length
      return (
        all(split).length === n &&
        Math.abs(split.test.length - n * test) <= 1 &&
        Math.abs(split.validation.length - (left * validation) / (1 - test)) <= 1
      )
    }),
    { numRuns: 500, seed: 3 },
  )
})

s.test('a row keeps its part when rows follow', () => {
  const [short, long] = [splitRows(key(4), 137), splitRows(key(4), 5000)]
  equal([...short.test], [...long.test].filter(row => row < 137)) // prettier-ignore
  equal([...short.validation], [...long.validation].filter(row => row < 137)) // prettier-ignore
})

s.test('each row is held out with the same probability', () => {
  const counts = new Float64Array(50)
  for (let seed = 0; seed < 2000; seed++)
    for (const row of splitRows(key(seed), 50, { validation: 0.15, test: 0.2 }).test) counts[row]! += 1
  const chiSquare = counts.reduce((sum, n) => sum + (n - 400) ** 2 / 320, 0)
  ok(chiSquare < 90, `chi-square ${chiSquare}, 50 rows`)
})

s.test('neighbours are not always held out together', () => {
  const both = Array.from({ length: 2000 }, (_, seed) => new Set(splitRows(key(seed), 40).test)).filter(
    test => test.has(9) && test.has(10),
  ).length
  ok(both > 5 && both < 45, `${both} of 2000 splits, 20 expected`)
})

s.test('groups stay together, and are counted as rows are', () => {
  const labels = Float64Array.from(uniformArray(key(9), 3000), x => Math.floor(50 * x))
  const split = splitRows(key(5), 3000, { groups: labels })
  is(all(split).length, 3000)
  const groups = [split.train, split.validation, split.test].map(rows => new Set([...rows].map(row => labels[row]!)))
  equal(groups.map(set => set.size), [40, 5, 5]) // prettier-ignore
  is(new Set(groups.flatMap(set => [...set])).size, 50)
})

s.test('nothing held out', () => {
  const { train, validation, test } = splitRows(key(1), 10, { validation: 0, test: 0 })
  equal([train.length, validation.length, test.length], [10, 0, 0])
})

s.test('bad arguments', () => {
  for (const test of [-0.1, 0.6, 1, NaN, Infinity]) throws(() => splitRows(key(1), 10, { test }), /a test fraction in \[0, 0.5\], got/)
  throws(() => splitRows(key(1), 10, { validation: 0.5, test: 0.5 }), /some rows to train on/)
  throws(() => splitRows(key(1), 1.5), /a number of rows, got 1.5/)
  throws(() => splitRows(key(1), 3, { groups: [1, 2] }), /3 group labels, got 2/)
})

s.run()
