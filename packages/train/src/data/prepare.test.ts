import { key, normalArray, uniformArray } from '@diffeo/core'
import { equal, is, near, ok, suite } from '@diffeo/testing'
import { describeNote } from './notes.ts'
import { prepare } from './prepare.ts'
import type { PrepareOptions } from './plan.ts'
import { destandardize } from './standardize.ts'
import { tableFrom, type Rows } from './table-from.ts'

const s = suite('prepare')

const n = 2000
const z = Float64Array.from(normalArray(key(1), 3 * n))
const u = Float64Array.from(uniformArray(key(2), n))
const a = z.slice(0, n).map(x => 1e9 + 3 * x)
const b = z.slice(n, 2 * n).map(x => Math.exp(x))
const prepared = (rows: Rows, options: PrepareOptions = {}): ReturnType<typeof prepare> => prepare(tableFrom(rows), options)

s.test('shift and scale are those of the training rows, in float64', async () => {
  const { schema, splits, event, rows, read, notes, context } = await prepared({ a, b }, { seed: 3 })
  equal([rows, read, splits.train.length, splits.validation.length, splits.test.length], [n, n, 1600, 200, 200])
  equal([notes, context, event.length], [[], undefined, 2 * n])
  for (const [j, values] of [a, b].entries()) {
    const train = Float64Array.from(splits.train, i => values[i]!)
    const mean = train.reduce((sum, x) => sum + (x - train[0]!), 0) / train.length + train[0]!
    const deviation = Math.sqrt(train.reduce((sum, x) => sum + (x - mean) ** 2, 0) / train.length)
    near(schema.columns[j]!.shift, mean, { atol: 1e-6 * deviation })
    near(schema.columns[j]!.scale, deviation, { rtol: 1e-9 })
    const standardized = Float64Array.from(splits.train, i => event[2 * i + j]!)
    near(standardized.reduce((sum, x) => sum + x, 0) / train.length, 0, { atol: 1e-6 })
    near(standardized.reduce((sum, x) => sum + x * x, 0) / train.length, 1, { atol: 1e-6 })
  }
  const back = destandardize(schema, event)
  for (let i = 0; i < n; i++) near([back[2 * i]!, back[2 * i + 1]!], [a[i]!, b[i]!], { atol: 2e-6 * 3 })
})

s.test('a second run is the same, another seed is not', async () => {
  const rows = { a, b: b.map(x => Number(x.toFixed(1))) }
  equal(await prepared(rows, { seed: 3 }), await prepared(rows, { seed: 3 }))
  const [three, four] = [await prepared(rows, { seed: 3 }), await prepared(rows, { seed: 4 })]
  ok(three.splits.test.some((row, i) => row !== four.splits.test[i]))
  const cell = (p: typeof three): number => p.event[1]! * p.schema.columns[1]!.scale + p.schema.columns[1]!.shift
  ok(Math.abs(cell(three) - cell(four)) > 1e-4, 'other noise')
})

s.test('columns, conditions and their order', async () => {
  const { schema, event, context } = await prepared({ c: u, a, b }, { columns: ['b', 'a'], given: ['c'] })
  equal(schema.columns.map(column => column.name), ['b', 'a']) // prettier-ignore
  equal(schema.given.map(column => column.name), ['c']) // prettier-ignore
  equal([event.length, context!.length], [2 * n, n])
  near(context![7]! * schema.given[0]!.scale + schema.given[0]!.shift, u[7]!, { atol: 1e-6 })
  near(event[14]! * schema.columns[0]!.scale + schema.columns[0]!.shift, b[7]!, { atol: 1e-5 })
})

s.test('values on a lattice get noise of one step, and shift and scale know it', async () => {
  const tenths = b.map(x => Math.round(10 * x) / 10)
  const { schema, event, notes, statistics } = await prepared({ a, b: tenths })
  const { step, shift, scale } = schema.columns[1]!
  is(step, 0.1)
  near(shift, statistics[1]!.mean + 0.05, { atol: 1e-12 })
  near(scale, Math.sqrt(statistics[1]!.deviation ** 2 + 0.01 / 12), { atol: 1e-12 })
  const noise = Float64Array.from({ length: n }, (_, i) => (event[2 * i + 1]! * scale + shift - tenths[i]!) / 0.1)
  ok(noise.every(x => x > -1e-4 && x < 1 + 1e-4))
  near(noise.reduce((sum, x) => sum + x, 0) / n, 0.5, { atol: 0.03 })
  equal(notes, [{ _tag: 'dequantized', column: 'b', step: 0.1, distinct: statistics[1]!.distinct, rows: 1600 }])
  is(new Set(Float64Array.from({ length: n }, (_, i) => event[2 * i + 1]!)).size > 0.99 * n, true)
})

s.test('not dequantized when told so, and noted', async () => {
  const { schema, notes } = await prepared({ a, b: b.map(x => Math.round(10 * x) / 10) }, { dequantize: false })
  is(schema.columns[1]!.step, null)
  const [note] = notes
  if (note?._tag !== 'repeats') throw new Error(JSON.stringify(notes))
  equal([note.column, note.step, note.rows], ['b', 0.1, 1600])
  ok(/the nats mean nothing/.test(describeNote(note)))
})

s.test('a step that is said', async () => {
  const { schema } = await prepared({ a, b: b.map(x => Math.round(10 * x) / 10) }, { steps: { b: 0.2 } })
  is(schema.columns[1]!.step, 0.2)
})

s.test('conditions may repeat and depend on each other', async () => {
  const hour = u.map(x => Math.floor(24 * x))
  const { schema, notes } = await prepared({ a, hour, minutes: hour.map(h => 60 * h), copy: hour }, { given: ['hour', 'minutes', 'copy'] })
  equal(schema.given.map(column => column.step), [null, null, null]) // prettier-ignore
  equal(notes, [])
})

s.test('an atom is masked when allowed, or when its values are given', async () => {
  const capped = z.slice(0, n).map(x => Math.min(x, 1.5))
  const expected = capped.filter(x => x < 1.5).length
  for (const atoms of ['mask', { a: [1.5] }] as const) {
    const { schema, rows, read, notes } = await prepared({ a: capped, b }, { atoms })
    equal([rows, read], [expected, n])
    equal(schema.columns.map(column => column.atoms), [[1.5], []]) // prettier-ignore
    equal(notes, [{ _tag: 'rowsMasked', column: 'a', value: 1.5, count: n - expected, of: n }])
  }
})

s.test('atoms that come to light when others are masked are masked too', async () => {
  // 0.9 % of all rows, and 1.5 % of those below the cap
  const capped = z.slice(0, n).map((x, i) => (i % 5 < 2 ? 9 : i % 110 === 3 ? 8 : x))
  for (const atoms of ['mask', { a: 'mask' }] as const) {
    const { schema } = await prepared({ a: capped, b }, { atoms })
    equal([...schema.columns[0]!.atoms].sort(), [8, 9])
  }
})

s.test('atoms are kept where nothing is dequantized, and masked where told so', async () => {
  const capped = z.slice(0, n).map(x => Math.min(x, 1.5))
  is((await prepared({ a: capped, b }, { dequantize: false })).rows, n)
  ok((await prepared({ a: capped, b }, { dequantize: false, atoms: { a: 'mask' } })).rows < n)
})

s.test('rows with missing values are dropped when told so, and counted', async () => {
  const holes = a.map((x, i) => (i % 10 === 0 ? NaN : i % 10 === 1 ? Infinity : x))
  const { rows, read, notes, splits, event, schema } = await prepared(
    { a: holes, b: b.map((x, i) => (i % 20 === 0 ? NaN : x)) },
    { missing: 'drop' },
  )
  equal([rows, read, splits.train.length], [1600, n, 1280])
  is(schema.missing, 'drop')
  ok(event.every(x => Number.isFinite(x)))
  equal(notes, [{ _tag: 'rowsDropped', count: 400, of: n, columns: { a: 400, b: 100 } }])
  near(event[0]! * schema.columns[0]!.scale + schema.columns[0]!.shift, a[2]!, { atol: 1e-5 })
})

s.test('the noise of a row does not depend on rows dropped before it', async () => {
  const tenths = b.map(x => Math.round(10 * x) / 10)
  const cell = async (rows: Rows, i: number): Promise<number> => {
    const { event, schema } = await prepared(rows, { missing: 'drop' })
    return event[2 * i + 1]! * schema.columns[1]!.scale + schema.columns[1]!.shift
  }
  near(await cell({ a: a.map((x, i) => (i === 0 ? NaN : x)), b: tenths }, 9), await cell({ a, b: tenths }, 10), { atol: 1e-6 })
})

s.test('groups stay together; their column is not modelled unless selected', async () => {
  const station = u.map(x => Math.floor(40 * x))
  const { schema, splits, notes } = await prepared({ a, station, b }, { splitBy: 'station' })
  equal(schema.columns.map(column => column.name), ['a', 'b']) // prettier-ignore
  const test = new Set(Array.from(splits.test, i => station[i]!))
  ok([...splits.train, ...splits.validation].every(i => !test.has(station[i]!)))
  equal(notes, [{ _tag: 'groups', column: 'station', train: 32, validation: 4, test: 4 }])
  is((await prepared({ a, station, b }, { splitBy: 'station', columns: ['a', 'station'] })).schema.columns.length, 2)
})

s.test('repeated rows are counted', async () => {
  const rows = { a: a.map((_, i) => a[i % 700]!), b: b.map((_, i) => b[i % 700]!) }
  const { notes, splits } = await prepared(rows, { dequantize: false })
  const train = new Set(Array.from(splits.train, i => i % 700))
  const across = [...splits.validation, ...splits.test].filter(i => train.has(i % 700)).length
  equal(notes.filter(note => note._tag === 'repeatedAcrossSplits'), [{ _tag: 'repeatedAcrossSplits', count: across, of: 400 }]) // prettier-ignore
  equal(notes.filter(note => note._tag === 'repeatedRows'), [{ _tag: 'repeatedRows', count: 1300, of: n }]) // prettier-ignore
})

s.test('a value far from all others takes the digits of the rest, and is noted', async () => {
  const { notes } = await prepared(
    { a, b: b.map((x, i) => (i === 0 || i === 1 || i === 2 || i === 3 || i === 4 ? 1e12 * (i + 1) : x)) },
    { seed: 1 },
  )
  is(notes[0]?._tag, 'precision')
})

s.test('columns that differ in a few rows are not equal', async () => {
  const almost = a.map((x, i) => (i % 500 === 3 ? x + 5 : x))
  is((await prepared({ a, c: almost })).schema.columns.length, 2)
})

s.test('every note is a sentence', () => {
  const sentences = (
    [
      { _tag: 'dequantized', column: 'a', step: 0.1, distinct: 5, rows: 100 },
      { _tag: 'repeats', column: 'a', step: null, distinct: 5, rows: 100, value: Math.fround(0.1), share: 0.123 },
      { _tag: 'rowsDropped', count: 1, of: 9, columns: { a: 1 } },
      { _tag: 'rowsMasked', column: 'a', value: 3, count: 1, of: 9 },
      { _tag: 'repeatedAcrossSplits', count: 1, of: 9 },
      { _tag: 'repeatedRows', count: 6, of: 9 },
      { _tag: 'groups', column: 'a', train: 8, validation: 1, test: 1 },
      { _tag: 'precision', column: 'a', share: 0.5 },
    ] as const
  ).map(describeNote)
  ok(sentences.every(sentence => /^(The|Rows|Standardized|\d).*[.?]$/.test(sentence)))
  ok(sentences[1]!.includes('0.1 in 12 % of them'))
})

s.run()
