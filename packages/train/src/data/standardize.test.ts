import { key, uniformArray } from '@diffeo/core'
import { equal, is, near, ok, suite, throws } from '@diffeo/testing'
import { dequantizer } from './dequantize.ts'
import { schemaCodec, schemaColumns, type ColumnSchema, type Schema } from './schema.ts'
import { destandardize, logScale, standardizeGiven, standardizer } from './standardize.ts'

const s = suite('standardized columns')

const column = (name: string, shift: number, scale: number, step: number | null = null): ColumnSchema => ({
  name,
  shift,
  scale,
  step,
  atoms: [],
})
const schema: Schema = { columns: [column('a', 10, 2), column('b', -1, 0.5)], given: [column('c', 0, 100)], missing: 'refuse' }

s.test('z = (x - shift) / scale', () => {
  const { event, context } = standardizer(schema)(Float64Array.of(12, 0, 50, 10, -1, 0))
  equal([...event], [1, 2, 0, 0])
  equal([...context!], [0.5, 0])
  equal([...standardizeGiven(schema, Float64Array.of(50, 0))], [0.5, 0])
  equal(schemaColumns(schema), ['a', 'b', 'c'])
  is(standardizer({ ...schema, given: [] })(Float64Array.of(12, 0)).context, undefined)
})

s.test('round trip within the rounding of float32', () => {
  const z = Float32Array.from(uniformArray(key(1), 2000), x => 12 * x - 6)
  const back = standardizer({ ...schema, given: [] })(destandardize(schema, z)).event
  near(back, z, { atol: 2e-6 })
})

s.test('the density changes by the scales', () => near(logScale(schema), -Math.log(2) - Math.log(0.5), { atol: 1e-15 }))

s.test('Unix time keeps its seconds, where float32 keeps one in a hundred', () => {
  const seconds = Float64Array.from({ length: 86_400 }, (_, i) => 1.7e9 + i)
  const scale = 86_400 / Math.sqrt(12)
  const day: Schema = { columns: [column('time', 1.7e9 + 43_199.5, scale)], given: [], missing: 'refuse' }
  const { event } = standardizer(day)(seconds)
  const back = destandardize(day, event)
  near(back.map((x, i) => (x - seconds[i]!) / scale), new Float64Array(86_400), { atol: 1e-6 }) // prettier-ignore
  is(new Set(event).size, 86_400)
  const float32 = new Set(Float32Array.from(seconds))
  ok(float32.size < 0.01 * 86_400, `${float32.size} distinct float32 times`)
})

s.test('values that are no rows', () => {
  throws(() => standardizer(schema)(new Float64Array(4)), /rows of 3 values, got 4 values/)
  throws(() => destandardize(schema, [1]), /rows of 2 values, got 1 values/)
  throws(() => standardizeGiven({ ...schema, given: [] }, new Float64Array(1)), /rows of 0 values/)
})

s.test('noise is uniform on [0, step), the same for a row however rows are cut', () => {
  const columns = [column('a', 0, 1), column('b', 0, 1, 0.5), column('c', 0, 1, 60)]
  const rows = 10_000
  const noisy = (size: number): Float64Array => {
    const values = new Float64Array(rows * 4)
    const add = dequantizer(columns, key(3))
    for (let first = 0; first < rows; first += size) add(values.subarray(first * 4, (first + size) * 4), 4, i => first + i + 1)
    return values
  }
  const values = noisy(rows)
  const at = (j: number): Float64Array => values.filter((_, i) => i % 4 === j)
  ok(at(0).every(x => x === 0) && at(3).every(x => x === 0))
  for (const [j, step] of [
    [1, 0.5],
    [2, 60],
  ] as const) {
    // prettier-ignore
    const sorted = at(j).sort()
    ok(sorted[0]! >= 0 && sorted[rows - 1]! < step)
    const distance = sorted.reduce((most, x, i) => Math.max(most, Math.abs(x / step - (i + 0.5) / rows)), 0)
    ok(distance < 1.63 / Math.sqrt(rows), `Kolmogorov-Smirnov ${distance}`)
  }
  const [b, c] = [at(1), at(2)]
  const covariance = b.reduce((sum, x, i) => sum + (x / 0.5 - 0.5) * (c[i]! / 60 - 0.5), 0) / rows
  ok(Math.abs(covariance * 12) < 0.04, 'columns have noise of their own')
  equal(noisy(1), values)
  equal(noisy(4999), values)
})

s.test('the schema goes through JSON', () => {
  const full: Schema = {
    columns: [column('a', 0.1, 1e-300, 0.01)],
    given: [{ ...column('b', -1e9, 3), atoms: [500_001] }],
    missing: 'drop',
  }
  const decoded = schemaCodec.decode(JSON.parse(JSON.stringify(schemaCodec.encode(full))))
  is(decoded._tag, 'Right')
  if (decoded._tag === 'Right') equal(decoded.right, full)
})

s.test('a schema that cannot be is refused', () => {
  const bad: ReadonlyArray<unknown> = [
    null,
    {},
    { ...schema, columns: [] },
    { ...schema, missing: 'keep' },
    { ...schema, given: [column('a', 0, 1)] },
    { ...schema, columns: [column('', 0, 1)] },
    { ...schema, columns: [column('__proto__', 0, 1)] },
    { ...schema, columns: [column('a\n', 0, 1)] },
    { ...schema, columns: [column('a', NaN, 1)] },
    { ...schema, columns: [column('a', 0, 0)] },
    { ...schema, columns: [column('a', 0, -1)] },
    { ...schema, columns: [column('a', 0, Infinity)] },
    { ...schema, columns: [column('a', 0, 1, 0)] },
    { ...schema, columns: [{ ...column('a', 0, 1), atoms: ['x'] }] },
    { ...schema, columns: [{ name: 'a', shift: 0, scale: 1 }] },
  ]
  for (const value of bad) is(schemaCodec.decode(value)._tag, 'Left', JSON.stringify(value))
  const decoded = schemaCodec.decode({ ...schema, extra: 1, columns: [{ ...column('a', 0, 1), extra: 1 }] })
  if (decoded._tag === 'Right') equal(Object.keys(decoded.right).concat(Object.keys(decoded.right.columns[0]!)).includes('extra'), false)
  else throw new Error('expected extra fields to be dropped')
})

s.run()
