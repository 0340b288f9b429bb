import { key, uniformArray } from '@diffeo/core'
import { equal, is, near, ok, suite } from '@diffeo/testing'
import { rowSample } from './row-sample.ts'
import { valueCounter } from './value-counts.ts'

const s = suite('value counts and row samples')

s.test('counts as a Map does, in ascending order', () => {
  const u = uniformArray(key(1), 20_000)
  const [counter, map] = [valueCounter(1 << 20), new Map<number, number>()]
  for (const x of u) {
    const value = Math.floor(x * 5000) / 8 - 300
    counter.add(value)
    map.set(value, (map.get(value) ?? 0) + 1)
  }
  const { distinct, exact, values, counts } = counter.result()
  is(distinct, map.size)
  ok(exact)
  const expected = [...map].sort(([a], [b]) => a - b)
  equal([...values], expected.map(([value]) => value)) // prettier-ignore
  equal([...counts], expected.map(([, count]) => count)) // prettier-ignore
})

s.test('0 and -0 are one value', () => {
  const counter = valueCounter(8)
  for (const x of [0, -0, 0]) counter.add(x)
  is(counter.result().distinct, 1)
})

s.test('beyond the limit the number of distinct values is estimated, and counts stay exact', () => {
  const counter = valueCounter(4096)
  for (let round = 0; round < 3; round++) for (let i = 0; i < 200_000; i++) counter.add(i / 3)
  const { distinct, exact, counts, values } = counter.result()
  ok(!exact && values.length <= 4096)
  near(distinct, 200_000, { rtol: 0.05 })
  ok(counts.every(count => count === 3))
})

s.test('a sample holds each row with the same probability, and does not depend on chance', () => {
  const sampled = (): Float64Array => {
    const sample = rowSample(2, 2000)
    for (let i = 0; i < 20_000; i++) sample.add(Float64Array.of(-1, i, 2 * i), 1)
    return sample.result().values
  }
  const values = sampled()
  is(values.length, 4000)
  const rows = Array.from({ length: 2000 }, (_, i) => values[2 * i]!)
  is(new Set(rows).size, 2000)
  ok(rows.every((row, i) => values[2 * i + 1] === 2 * row))
  const tenths = Array.from({ length: 10 }, (_, k) => rows.filter(row => Math.floor(row / 2000) === k).length)
  const chiSquare = tenths.reduce((sum, n) => sum + (n - 200) ** 2 / 200, 0)
  ok(chiSquare < 27.9, `chi-square ${chiSquare}, 9 degrees of freedom`)
  equal(sampled(), values)
})

s.test('a sample of few rows is all of them', () => {
  const sample = rowSample(1, 5000)
  for (let i = 0; i < 3000; i++) sample.add(Float64Array.of(i), 0)
  equal([...sample.result().values], Array.from({ length: 3000 }, (_, i) => i)) // prettier-ignore
})

s.run()
