import { equal, is, near, ok, suite } from '@diffeo/testing'
import type { ColumnSchema } from '../data/schema.ts'
import { tableFrom } from '../data/table-from.ts'
import { inferSchema } from './infer.ts'
import { describeDeclaration, parseDeclaration, schemaLines } from './kind-text.ts'
import { kindCodec } from './kind.ts'
import type { ColumnKind } from './kind.ts'
import { columnSchemaOf, momentsOf } from './latent.ts'
import { categoryNames, fromEvent, misfit, toEvent } from './place.ts'
import { resolveSchema } from './resolve.ts'

const s = suite('table schemas')

const n = 400
const rows = (f: (i: number, u: number) => unknown): ReadonlyArray<unknown> =>
  Array.from({ length: n }, (_, i) => f(i, ((i * 0.6180339887) % 1) * 0.998 + 0.001))
const kindOf = async (name: string, values: ReadonlyArray<unknown>): Promise<string> =>
  describeDeclaration((await inferSchema(tableFrom({ [name]: values as ReadonlyArray<number> })))[name]!)

const inferred: ReadonlyArray<readonly [string, string, ReadonlyArray<unknown>]> = [
  ['x', 'real', rows((_, u) => 20 * u - 3.01)],
  ['x', 'real?', rows((i, u) => (i === 7 ? null : 20 * u - 3.01))],
  ['x', 'positive', rows((_, u) => Math.exp(2 * u + u * u))],
  ['x', 'bounded(0, 1)', rows((_, u) => u)],
  ['humidity', 'bounded(0, 100)', rows((_, u) => 100 * u)],
  ['x', 'real', rows((_, u) => 100 * u)],
  ['humidity', 'real', rows((_, u) => 300 * u)],
  ['wind_dir', 'degrees', rows((_, u) => 360 * u)],
  ['wind_dir', 'degrees', rows((_, u) => 10 * Math.floor(36 * u))],
  ['windDirection', 'circular(-180, 180)', rows((_, u) => 360 * u - 180)],
  ['theta', 'radians', rows((_, u) => 2 * Math.PI * u)],
  ['theta', 'real', rows((_, u) => 500 * u)],
  ['speed', 'real', rows((_, u) => 360 * u)],
  ['hour', 'hours', rows((_, u) => Math.floor(24 * u))],
  ['hour', 'integer', rows((_, u) => 100 + Math.floor(240 * u))],
  ['lat', 'latitude', rows((_, u) => 32 + 10 * u)],
  ['Longitude', 'longitude', rows((_, u) => -114 - 10 * u)],
  ['city', 'categorical(Bern|Basel)?', rows((i, u) => (i === 3 ? undefined : u < 0.5 ? 'Basel' : 'Bern'))],
  ['flag', 'categorical(0|1)', rows((_, u) => (u < 0.5 ? 0 : 1))],
  ['grade', 'categorical(1|2|3|4)', rows((_, u) => 1 + Math.floor(4 * u))],
  ['count', 'integer(0, )', rows((_, u) => Math.floor(40 * u))],
  ['count', 'integer', rows((_, u) => Math.floor(40 * u) - 7)],
  ['percent', 'integer(0, 100)', rows((_, u) => Math.floor(101 * u))],
  ['mixed', 'categorical(1|2|other)', rows((_, u) => (u < 0.3 ? 1 : u < 0.6 ? 2 : 'other'))],
]
inferred.forEach(([name, expected, values], i) =>
  s.test(`infers ${expected} (${i})`, async () => {
    const found = await kindOf(name, values)
    is(found, expected === 'categorical(Bern|Basel)?' ? 'categorical(Basel|Bern)?' : expected)
  }),
)

s.test('texts of which hardly two are the same are no categories', async () => {
  let message = ''
  await inferSchema(tableFrom({ name: rows(i => `n${i}`) as ReadonlyArray<string> })).catch((error: Error) => (message = error.message))
  ok(
    /^rows: column 'name': expected numbers, or texts that stand for a few categories, got 400 cells of text such as 'n0'/.test(message),
    message,
  )
})

const kinds: ReadonlyArray<ColumnKind> = [
  { _tag: 'real' },
  { _tag: 'positive' },
  { _tag: 'bounded', low: -1.5, high: 1e6 },
  { _tag: 'circular', from: 0, to: 360 },
  { _tag: 'circular', from: -180, to: 180 },
  { _tag: 'integer', low: null, high: null },
  { _tag: 'integer', low: 0, high: null },
  { _tag: 'integer', low: null, high: 7 },
  { _tag: 'integer', low: -3, high: 7 },
  { _tag: 'categorical' },
  { _tag: 'categorical', categories: ['<1H OCEAN', 'a (b)', '3'] },
  { _tag: 'latitude' },
  { _tag: 'longitude' },
]
s.test('declarations read back from their text', () => {
  for (const kind of kinds)
    for (const missing of [false, true]) equal(parseDeclaration(describeDeclaration({ kind, missing })), { declaration: { kind, missing } })
})

s.test('declarations that are none', () => {
  const expected = (text: string): string => {
    const parsed = parseDeclaration(text)
    return 'declaration' in parsed ? 'read' : `${parsed.expected}; ${parsed.advice ?? ''}`
  }
  ok(/^a kind of column: real, .*; did you mean positive\?$/.test(expected('positve')), expected('positve'))
  ok(/^bounded\(low, high\) with low < high/.test(expected('bounded(5, 1)')))
  ok(/^bounded\(low, high\)/.test(expected('bounded')))
  ok(/^bounded\(low, high\)/.test(expected('bounded(a, b)')))
  ok(/^categorical, or/.test(expected('categorical(a)')))
  ok(/^real without parentheses/.test(expected('real(1)')))
  ok(/^integer, or/.test(expected('integer(0.5, 2)')))
  ok(/^a kind of column/.test(expected('')))
})

s.test('kinds in a file are read strictly', () => {
  for (const kind of kinds) is(kindCodec.is(JSON.parse(JSON.stringify(kind))), true)
  const bad: ReadonlyArray<unknown> = [
    null,
    'real',
    { _tag: 'reel' },
    { _tag: 'real', extra: 1 },
    { _tag: 'bounded', low: 1, high: 1 },
    { _tag: 'bounded', low: 0 },
    { _tag: 'circular', from: 0, to: Infinity },
    { _tag: 'integer', low: 0.5, high: null },
    { _tag: 'categorical', categories: ['a'] },
    { _tag: 'categorical', categories: ['a', 'a'] },
    { _tag: 'categorical', categories: ['a', ''] },
    { _tag: 'toString' },
  ]
  for (const kind of bad) is(kindCodec.is(kind), false, JSON.stringify(kind))
})

s.test('a schema in lines', () => {
  equal(
    schemaLines({
      a: { kind: { _tag: 'positive' }, missing: true },
      wind: { kind: { _tag: 'circular', from: 0, to: 360 }, missing: false },
    }),
    ['a     positive?', 'wind  degrees'],
  )
})

const statistics = { name: 'x', rows: 100, mean: 5, deviation: 2, min: 0, max: 10, distinct: 90, exact: true } as never
const column = (kind: ColumnKind, values: ReadonlyArray<number>, step: number | null = null): ColumnSchema =>
  columnSchemaOf(statistics, { kind, missing: false, step, atoms: [] }, Float64Array.from(values))

s.test('values go to the event and come back', () => {
  const cases: ReadonlyArray<readonly [ColumnSchema, ReadonlyArray<number>]> = [
    [column({ _tag: 'real' }, []), [-3, 0, 1e4]],
    [column({ _tag: 'positive' }, [1, 10, 100]), [1e-3, 1, 5e5]],
    [column({ _tag: 'bounded', low: 2, high: 4 }, []), [2.01, 3, 3.9]],
    [column({ _tag: 'circular', from: 0, to: 360 }, [10, 20, 350]), [0, 10, 180.5, 359]],
    [column({ _tag: 'longitude' }, [-124, -114]), [-180, -124, 0, 179]],
    [column({ _tag: 'latitude' }, []), [-89, 0, 89]],
  ]
  for (const [schema, values] of cases) {
    const [to, from] = [toEvent(schema), fromEvent(schema)]
    for (const value of values) near([from(to(value))], [value], { rtol: 1e-9, atol: 1e-9 })
  }
  const whole = column({ _tag: 'integer', low: 0, high: 9 }, [0, 5, 9])
  for (const k of [0, 4, 9]) is(fromEvent(whole)(toEvent(whole)(k + 0.7)), k)
  is(fromEvent(whole)(1), 9)
  is(fromEvent(whole)(-0.1), 0)
})

s.test('a cut circle has its seam where no value is, and the shares of the turn are between 0 and 1', () => {
  const schema = column({ _tag: 'circular', from: 0, to: 360 }, [350, 0, 10, 20])
  is(column({ _tag: 'circular', from: 0, to: 360 }, [0, 90, 180, 270]).cut, undefined)
  is(schema.cut, true)
  near([schema.shift], [185], { atol: 1e-9 })
  const shares = [186, 350, 0, 10, 184].map(toEvent(schema))
  ok(
    shares.every((u, i) => u > 0 && u < 1 && (i === 0 || u > shares[i - 1]!)),
    shares.join(),
  )
  near([fromEvent(schema)(-0.25), fromEvent(schema)(1.25)], [95, 275], { atol: 1e-9 })
})

s.test('categories have codes, and names', () => {
  const schema = column({ _tag: 'categorical', categories: ['7', 'b', 'a'] }, [])
  const to = toEvent(schema)
  is(to(7), 0)
  is(to(8), -1)
  ok(Number.isNaN(to(NaN)))
  equal([0, 1, 2].map(fromEvent(schema)).map(categoryNames(schema)!), ['7', 'b', 'a'])
  const numbers = column({ _tag: 'categorical', categories: ['2', '4'] }, [])
  equal([0, 1].map(fromEvent(numbers)), [2, 4])
})

s.test('what a column cannot have', () => {
  const expected = (kind: ColumnKind, x: number, step: number | null = null): string | undefined => misfit({ kind, step })(x)
  is(expected({ _tag: 'positive' }, 0), 'a positive number')
  is(expected({ _tag: 'positive' }, 0, 0.5), undefined)
  is(expected({ _tag: 'bounded', low: 0, high: 1 }, 1.1), 'a number from 0 to 1')
  is(expected({ _tag: 'bounded', low: 0, high: 1 }, 1), undefined)
  is(expected({ _tag: 'integer', low: 0, high: null }, 1.5), 'a whole number from 0')
  is(expected({ _tag: 'integer', low: 0, high: 3 }, 4), 'a whole number from 0 to 3')
  is(expected({ _tag: 'categorical', categories: ['1', '2'] }, 3), 'one of 1, 2')
  is(expected({ _tag: 'circular', from: 0, to: 360 }, 1000), undefined)
})

s.test('moments on the real line', () => {
  const values = [1, 10, 100, 1000]
  const schema = column({ _tag: 'positive' }, values)
  const { mean, deviation } = momentsOf(schema, Float64Array.from(values))
  near([mean, deviation], [0, Math.log(10) * Math.sqrt(1.25)], { atol: 1e-9 })
  equal(momentsOf(column({ _tag: 'real' }, values), Float64Array.from(values)), { mean: 0, deviation: 1 })
})

s.test('what is said goes before what is inferred', async () => {
  const table = tableFrom({
    a: rows((_, u) => u) as ReadonlyArray<number>,
    b: rows((_, u) => (u < 0.5 ? 'x' : 'y')) as ReadonlyArray<string>,
  })
  const schema = await resolveSchema(table, ['a', 'b'], 'infer', { a: 'positive?' })
  equal(schema, {
    a: { kind: { _tag: 'positive' }, missing: true },
    b: { kind: { _tag: 'categorical', categories: ['x', 'y'] }, missing: false },
  })
  equal(await resolveSchema(table, ['a'], {}), { a: { kind: { _tag: 'real' }, missing: false } })
  equal((await resolveSchema(table, ['a', 'b'], { b: 'categorical' }))['b'], schema['b'])
  const failure = async (kinds: Parameters<typeof resolveSchema>[2]): Promise<string> => {
    try {
      await resolveSchema(table, ['a', 'b'], kinds)
      return 'nothing'
    } catch (error) {
      return (error as Error).message
    }
  }
  ok(
    /^rows: column 'A': expected one of the columns 'a', 'b', got no such column; did you mean 'a'\?$/.test(await failure({ A: 'real' })),
    await failure({ A: 'real' }),
  )
  ok(/^rows: column 'a': expected a kind of column: real/.test(await failure({ a: 'rael' })))
  ok(/^rows: column 'a': expected a kind of column, got/.test(await failure({ a: { _tag: 'bounded', low: 2, high: 1 } })))
})

s.run()
