import { gf, key, mlp, normalArray, nsf, planarFlow, uniformArray } from '@diffeo/core'
import { equal, is, near, ok, suite, useTestBackend } from '@diffeo/testing'
import * as E from 'fp-ts/lib/Either.js'
import { join } from 'node:path'
import { readTable } from '../data/read-table.ts'
import { collect, select } from '../data/source.ts'
import type { Source } from '../data/source.ts'
import type { Cell } from '../data/rows.ts'
import type { Model } from '../model/contract.ts'
import { decodeModel } from '../model/load.ts'
import { fit, fitTable } from './fit.ts'
import type { FitOptions } from './options.ts'

const s = suite('fits of tables of mixed columns')
s.before(() => useTestBackend('wasm'))

const data = (name: string): string => join(import.meta.dirname, '../../../../docs/data', name)
const tiny: FitOptions = {
  flow: nsf({ layers: 3, bins: 4, hidden: [12] }),
  schema: 'infer',
  steps: 16,
  learningRate: 1e-2,
  jit: false,
  baselines: false,
  calibration: false,
  seed: 1,
}

/** The message with which something fails. */
const failure = async (run: () => Promise<unknown>): Promise<string> =>
  run().then(
    () => 'nothing',
    (error: Error) => error.message,
  )

type Record = { readonly [column: string]: Cell }

/** The rows of a table as records, texts by their names. */
const recordsOf = async (source: Source): Promise<ReadonlyArray<Record>> => {
  const texts = new Map<number, string>()
  const read = select(source, source.columns, { labels: source.columns, onText: () => (text, label) => texts.set(label, text) })
  const { rows, values } = await collect(read)
  return Array.from({ length: rows }, (_, i) =>
    Object.fromEntries(
      source.columns.map((name, j) => {
        const value = values[i * source.columns.length + j]!
        return [name, texts.get(value) ?? value] as const
      }),
    ),
  )
}

/** A tenth of the cells of some columns lost, keyed. */
const withHoles = (rows: ReadonlyArray<Record>, columns: ReadonlyArray<string>): ReadonlyArray<Record> => {
  const uniforms = uniformArray(key(9), rows.length * columns.length)
  return rows.map((row, i) => ({
    ...row,
    ...Object.fromEntries(columns.flatMap((name, j) => (uniforms[i * columns.length + j]! < 0.1 ? [[name, undefined]] : []))),
  }))
}

const scores = async (model: Model, rows: ReadonlyArray<Record>): Promise<{ readonly logProb: number[]; readonly error: number[] }> => {
  const [logProb, error]: [number[], number[]] = [[], []]
  for await (const chunk of model.scoreChunks(rows)) {
    logProb.push(...chunk.logProb)
    error.push(...chunk.standardError)
  }
  return { logProb, error }
}

s.test('weather: an angle, an hour, a category, a bounded and a positive column', async () => {
  const { model } = await fitTable(await readTable(data('weather.csv')), tiny)
  is(model.schema.columns.map(({ kind }) => kind?._tag ?? 'real').join(' '), 'categorical circular real bounded circular positive real')
  const sampled = await model.sample<{ readonly [column: string]: number } & { readonly station: string }>(2000, { seed: 3 })
  ok(sampled.every(row => ['EWR', 'JFK', 'LGA'].includes(row.station)))
  const within = (name: string, low: number, high: number): boolean => sampled.every(row => row[name]! >= low && row[name]! < high)
  ok(within('hour', 0, 24) && within('wind_direction', 0, 360) && within('humidity', 0, 100.0001))
  ok(sampled.every(row => row['wind_speed']! > 0 && Number.isFinite(row['temperature'])))
  ok(new Set(sampled.map(row => row.station)).size === 3)
  const own = await scores(model, sampled.slice(0, 50))
  ok(own.logProb.every(Number.isFinite), own.logProb.join())
  ok(own.error.every(error => error === 0))
  ok(model.record.test!.nats > -35 && model.record.test!.nats < 0, `${model.record.test!.nats}`)
  // the file knows its columns, units and categories, and scores the same
  const read = decodeModel(model.encode(), { jit: false })
  ok(E.isRight(read))
  if (E.isRight(read)) {
    near(await read.right.logProb(sampled.slice(0, 20)), Float64Array.from(own.logProb.slice(0, 20)), { atol: 1e-9 })
    is(JSON.stringify(read.right.schema), JSON.stringify(model.schema))
    read.right.dispose()
  }
  model.dispose()
})

s.test('housing: whole numbers are whole, and scored by a bound with its error', async () => {
  const table = await readTable(data('housing.csv'))
  const model = await fit(table, tiny)
  is(
    model.schema.columns.map(({ kind }) => kind?._tag ?? 'real').join(' '),
    'longitude latitude integer integer integer positive integer categorical',
  )
  const sampled = await model.sample(500)
  for (const name of ['median_age', 'rooms', 'population', 'median_value'])
    ok(
      sampled.every(row => Number.isInteger(row[name]) && row[name]! >= 0),
      name,
    )
  const rows = (await recordsOf(table)).slice(0, 40)
  const first = await scores(model, rows)
  ok(first.logProb.every(Number.isFinite) && first.error.every(error => error > 0))
  is((await scores(model, rows)).logProb.join(), first.logProb.join(), 'the draws are keyed')
  const [impossible] = await model.logProb([{ ...rows[0]!, rooms: 10.5 }])
  is(impossible, -Infinity)
  model.dispose()
})

s.test('a tenth of the cells missing: trained on complete rows, scored by what is there', async () => {
  const table = await readTable(data('weather.csv'))
  const rows = withHoles(
    (await recordsOf(table)).filter((_, i) => i % 2 === 0),
    table.columns,
  )
  const model = await fit(rows, tiny)
  ok(model.schema.columns.every(({ missing }) => missing === true))
  const { read, used } = model.record.rows
  is(read, rows.length)
  is(used, rows.filter(row => Object.values(row).every(cell => cell !== undefined)).length)
  ok(model.record.notes.some(note => /^\d+ of 780 rows have missing cells .* trained on the \d+ complete rows\.$/.test(note)))
  const { logProb, error } = await scores(model, rows.slice(0, 20))
  ok(logProb.every(Number.isFinite), logProb.join())
  rows.slice(0, 20).forEach((row, i) => is(error[i]! > 0, Object.values(row).includes(undefined), `row ${i}`))
  ok(
    error.every(value => value < 0.5),
    error.join(),
  )
  model.dispose()
})

s.test('bad cells are named by row and column', async () => {
  const table = await readTable(data('weather.csv'))
  const rows = await recordsOf(table)
  const spoilt = rows.map((row, i) => (i === 16 ? { ...row, wind_speed: -2 } : row))
  is(
    await failure(() => fit(spoilt, { ...tiny, kinds: { wind_speed: 'positive' } })),
    "rows: row 17, column 'wind_speed': expected a number of at least 0, got -2; correct the cell, or what the column is declared to be",
  )
  const named = rows.map((row, i) => (i === 16 ? { ...row, station: 'SFO' } : row))
  is(
    await failure(() => fit(named, { ...tiny, kinds: { station: 'categorical(EWR|JFK|LGA)' } })),
    "rows: row 17, column 'station': expected one of EWR, JFK, LGA, got another text; correct the cell, or what the column is declared to be",
  )
  is(
    await failure(() => fit(rows, { ...tiny, kinds: { wind: 'degrees' } })),
    "rows: column 'wind': expected one of the columns 'station', 'hour', 'temperature', 'humidity', 'wind_direction', 'wind_speed', 'pressure', got no such column",
  )
  const model = await fit(rows, { ...tiny, steps: 2 })
  is(
    await failure(() => model.logProb([rows[0]!, { ...rows[1]!, station: 'SFO' }])),
    "rows: row 2, column 'station': expected one of EWR, JFK, LGA, got 'SFO'",
  )
  is(
    await failure(() => model.logProb([rows[0]!, { ...rows[1]!, hour: null }])),
    "rows: row 2, column 'hour': expected a finite number, got a missing value",
  )
  model.dispose()
})

s.test(
  'a flow that reads no context is refused where there are categories, or columns that are given; one that reads them has baselines for each category',
  async () => {
    const rows = await readTable(data('weather.csv'))
    const blind = { ...tiny, flow: gf({ layers: 1 }) }
    is(
      await failure(() => fit(rows, blind)),
      "fit: expected a flow that reads a context, for 'station', got one that reads none; take another flow, give its layers a conditioner, or leave the columns out",
    )
    ok(/for 'pressure'/.test(await failure(() => fit(rows, { ...blind, columns: ['temperature', 'humidity'], given: ['pressure'] }))))
    const conditioned = planarFlow({ layers: 1, conditioner: mlp({ hidden: [4] }) })
    const model = await fit(rows, {
      ...tiny,
      steps: 2,
      columns: ['station', 'temperature', 'humidity'],
      flow: conditioned,
      baselines: true,
    })
    const compared = model.record.test!.baselines
    equal(
      compared.map(({ name }) => name),
      ['gaussian', 'mixture', 'kernel'],
    )
    // p(c) p(x | c): near what the flow has, whose score counts the three stations as well
    ok(compared.every(({ detail, nats }) => detail === 'for each of 3 categories' && Math.abs(nats + 9.6) < 0.3))
    model.dispose()
  },
)

s.test('posterior: the density of a column given the others', async () => {
  const table = await readTable(data('weather.csv'))
  const all = (await recordsOf(table)).filter((_, i) => i % 3 === 0)
  const model = await fit(all, { ...tiny, steps: 8 })
  const rows = all.slice(0, 5)
  const stations = await model.posterior(rows, 'station')
  is(stations.grid.join(), 'EWR,JFK,LGA')
  const sums = Array.from({ length: 5 }, (_, i) =>
    Array.from(stations.density.values.subarray(3 * i, 3 * i + 3)).reduce((a, b) => a + b, 0),
  )
  near(sums, [1, 1, 1, 1, 1], { atol: 1e-9 })
  const joint = await model.logProb(stations.grid.map(station => ({ ...rows[2]!, station })))
  const top = Math.max(...joint)
  const weights = Array.from(joint, value => Math.exp(value - top))
  const total = weights.reduce((a, b) => a + b, 0)
  near(
    stations.density.values.subarray(6, 9),
    weights.map(weight => weight / total),
    { atol: 1e-5 },
  )
  const grid = Array.from({ length: 61 }, (_, i) => 100 + 100 * Math.log10(1 + i))
  const humid = await model.posterior(
    rows.map(({ humidity: _, ...row }) => row),
    'humidity',
    Array.from({ length: 101 }, (_, i) => i),
  )
  is(humid.density.rows, 5)
  const own = Array.from(humid.density.values.subarray(0, 101))
  near([own.reduce((sum, w, i) => sum + (i > 0 ? (w + own[i - 1]!) / 2 : 0), 0)], [1], { atol: 1e-9 })
  is(
    await failure(() => model.posterior(rows, 'humid', grid)),
    "posterior: column 'humid': expected one of the modelled columns 'station', 'hour', 'temperature', 'humidity', 'wind_direction', 'wind_speed', 'pressure', got none of them",
  )
  is(
    await failure(() => model.posterior(rows, 'humidity')),
    "posterior: expected a grid of at least two rising numbers for 'humidity', got none",
  )
  is(
    await failure(() => model.posterior(rows, 'humidity', [3, 2])),
    "posterior: expected a grid of at least two rising numbers for 'humidity', got 2 that are not",
  )
  is(
    await failure(() => model.posterior(rows, 'station', [1])),
    "posterior: expected no grid for 'station', whose categories are the grid, got one",
  )
  model.dispose()
})

s.test('known errors of the inputs widen what is learnt', async () => {
  const n = 600
  const z = normalArray(key(4), 2 * n)
  const table = {
    x: Float64Array.from({ length: n }, (_, i) => 10 + 2 * z[2 * i]!),
    y: Float64Array.from({ length: n }, (_, i) => -3 + 0.5 * z[2 * i + 1]!),
    x_error: Float64Array.from({ length: n }, () => 4),
  }
  const model = await fit(table, { ...tiny, schema: {}, errors: { x: 'x_error' }, steps: 100, learningRate: 1e-2 })
  is(model.schema.columns.map(({ name }) => name).join(), 'x,y')
  const xs = (await model.sample(3000, { seed: 1 })).map(({ x }) => x!)
  const mean = xs.reduce((a, b) => a + b, 0) / xs.length
  const deviation = Math.sqrt(xs.reduce((sum, x) => sum + (x - mean) ** 2, 0) / xs.length)
  // sqrt(2^2 + 4^2) = 4.47
  ok(Math.abs(mean - 10) < 0.6 && Math.abs(deviation - 4.47) < 0.7, `${mean} ${deviation}`)
  ok(model.record.notes.includes("Every training step draws the values of 'x' within their known errors; rows held out are drawn once."))
  model.dispose()
  const failure = async (options: FitOptions, x_error = table.x_error): Promise<string> =>
    fit({ ...table, x_error }, { ...tiny, schema: {}, ...options }).then(
      () => 'nothing',
      (error: Error) => error.message,
    )
  is(await failure({ errors: { z: 'x_error' } }), "rows: column 'z': expected one of the modelled columns 'x', 'y', got none of them")
  ok(/no such column/.test(await failure({ errors: { x: 'x_err' } })))
  is(
    await failure({ errors: { x: 'x_error' } }, table.x_error.with(5, -1)),
    "rows: row 6, column 'x_error': expected a standard error of at least 0, got -1; correct the cell, or what the column is declared to be",
  )
  ok(
    /column 'x': expected a column of real numbers, which errors can be added to, got one declared positive/.test(
      await failure({ errors: { x: 'x_error' }, kinds: { x: 'positive' } }),
    ),
  )
})

s.run()
