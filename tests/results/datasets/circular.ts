import { key, matrix, nsf, uniformArray } from 'diffeo'
import type { Matrix } from 'diffeo'
import type { DataSet, Model, Training } from '../dataset.ts'
import { columnsOf, foldOf } from '../folds.ts'

/** Angles within [-pi, pi). */
const turned = (of: Matrix): Matrix =>
  matrix(
    of.rows,
    of.columns,
    Float64Array.from(of.values, x => x - 2 * Math.PI * Math.floor((x + Math.PI) / (2 * Math.PI))),
  )

const direction = 6
const speed = 7

/** Wind direction, hour and month of the rows with wind as angles: of each step of 10 degrees, an hour or a month a uniform place in it. */
export const weatherAngles = (table: Matrix, seed: number): Matrix => {
  const at = (row: number, column: number): number => table.values[row * table.columns + column]!
  const windy = Array.from({ length: table.rows }, (_, row) => row).filter(row => at(row, speed) > 0)
  const noise = uniformArray(key(seed), windy.length * 3)
  const [month, hour] = [1, 2]
  const values = windy.flatMap((row, i) => {
    const u = (k: number): number => noise[3 * i + k]!
    return [(at(row, direction) + 10 * u(0) - 5) / 360, (at(row, hour) + u(1)) / 24, (at(row, month) - 1 + u(2)) / 12]
  })
  return turned(
    matrix(
      windy.length,
      3,
      Float64Array.from(values, turn => 2 * Math.PI * turn),
    ),
  )
}

const training: Training = {
  steps: 1500,
  batchSize: 512,
  learningRate: 2e-3,
  schedule: 'cosine',
  clipNorm: 5,
  weightDecay: 0,
  patience: 50,
}

const network = { layers: 3, hidden: [64, 64] }

const ncsf = (columns: ReadonlyArray<string>, bins: number, more: Partial<Training> = {}): Model => ({
  id: 'ncsf',
  title: `circular spline flow (NCSF), 3 layers of [64, 64], ${bins} bins`,
  flow: nsf({ ...network, bins, autoregressive: true }),
  options: { schema: 'infer', kinds: Object.fromEntries(columns.map(name => [name, 'radians'])) },
  peer: { family: 'ncsf', ...network, bins },
  peerStandardizes: false,
  training: { ...training, ...more },
  published: [],
})

const differs =
  'No figures are known to us. Random splits of 81 % to train on, 9 % to choose the parameters by and 10 % to test on. zuko’s networks read angles as numbers, and its splines end with slope 1; diffeo’s read cosines and sines, and its splines are as steep at the one end as at the other, then turned.'

const windColumns = ['direction']
const wind: DataSet = {
  id: 'wind',
  title: 'Wind on the Col de la Roa',
  units: 'nats of the direction in radians; uniform directions have −1.84',
  differs: `${differs} 310 rows: 31 of them are the test.`,
  folds: 1,
  load: async read => {
    const rows = turned(columnsOf(await read('circular/wind_col_de_la_roa.npy'), [0]))
    return ({ seed }) => ({ columns: windColumns, ...foldOf(rows, { seed, fold: 0, folds: 10 }) })
  },
  models: [ncsf(windColumns, 8, { batchSize: 64, steps: 1000, learningRate: 1e-3 })],
}

const weatherColumns = ['direction', 'hour', 'month']
const weather: DataSet = {
  id: 'weather',
  title: 'Wind direction, hour and month in New York',
  units: 'nats of the three angles in radians; uniform angles have −5.51',
  differs: `${differs} The directions come in steps of 10 degrees; each angle has uniform noise of its step, and rows without wind are left out.`,
  folds: 1,
  load: async read => {
    const rows = weatherAngles(await read('circular/nyc_weather_2013.npy'), 7)
    return ({ seed }) => ({ columns: weatherColumns, ...foldOf(rows, { seed, fold: 0, folds: 10 }) })
  },
  models: [ncsf(weatherColumns, 8)],
}

/** Angles alone. */
export const circularData: ReadonlyArray<DataSet> = [wind, weather]
