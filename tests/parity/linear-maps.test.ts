import { bijectors } from '@diffeo/core'
import type { Bijector, Params } from '@diffeo/core'
import { near, suite, useTestBackend } from '@diffeo/testing'
import { tensor1d, tensor2d, tidy } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { readFileSync } from 'node:fs'

type Numbers = ReadonlyArray<number>
type Rows = ReadonlyArray<Numbers>
interface Results {
  readonly x: Rows
  readonly y: Rows
  readonly logDet: Numbers
  readonly inverse: Rows
  readonly inverseLogDet: Numbers
}
type Case = Results & { readonly [field: string]: Rows | Numbers }
type Cases = { readonly [name: string]: Case }
const file = new URL('../fixtures/linear-maps.json', import.meta.url)
const fixture = JSON.parse(readFileSync(file, 'utf8')) as { readonly [size: string]: Cases }

const matrix = (rows: Rows): Tensor => tensor2d(rows.map(row => [...row]))
const diagonalOf = (rows: Rows): Numbers => rows.map((row, i) => row[i]!)

/** The parameter whose soft clip is the logarithm of a scale. */
const unclipped = (scale: number): number => {
  const log = Math.log(scale)
  return log / (1 - Math.abs(log) / Math.log(1e3))
}
const scales = (diagonal: Numbers): Tensor => tensor1d(diagonal.map(unclipped))
const order = (dim: number): Numbers => Array.from({ length: dim }, (_, i) => i)

type Made = readonly [Bijector, Params]

/** nflows applies its first reflection first, a product of matrices its last one. */
const reflected = (vectors: Rows): Tensor => matrix(vectors.toReversed())

/** L with any diagonal and U with ones on it, as zuko has them, as L with ones and U. */
const unitLower = (dim: number, lowerUpper: Rows): { readonly lower: Rows; readonly upper: Rows } => {
  const diagonal = diagonalOf(lowerUpper)
  return {
    lower: lowerUpper.map((row, i) => row.map((value, j) => (i > j ? value / diagonal[j]! : 0))),
    upper: lowerUpper.map((row, i) => row.map((value, j) => (i < j ? value * diagonal[i]! : 0))).slice(0, dim),
  }
}

const ours: { readonly [name: string]: (dim: number, from: Case) => Made } = {
  lu: (dim, { lower, upper, shift }) => [
    bijectors.plu(order(dim)) as Bijector,
    {
      lower: matrix(lower as Rows),
      logScale: scales(diagonalOf(upper as Rows)),
      upper: matrix(upper as Rows),
      shift: tensor1d([...(shift as Numbers)]),
    },
  ],
  qr: (dim, { vectors, upper, shift }) => [
    bijectors.qr(dim, vectors!.length) as Bijector,
    {
      vectors: reflected(vectors as Rows),
      logScale: scales(diagonalOf(upper as Rows)),
      upper: matrix(upper as Rows),
      shift: tensor1d([...(shift as Numbers)]),
    },
  ],
  svd: (dim, { left, diagonal, right, shift }) => [
    bijectors.svd(dim, left!.length) as Bijector,
    {
      left: reflected(left as Rows),
      logScale: scales(diagonal as Numbers),
      right: matrix(right as Rows),
      shift: tensor1d([...(shift as Numbers)]),
    },
  ],
  householder: (dim, { vectors }) => [bijectors.householder(dim, vectors!.length) as Bijector, { vectors: reflected(vectors as Rows) }],
  zukoLu: (dim, { lowerUpper }) => {
    const { lower, upper } = unitLower(dim, lowerUpper as Rows)
    const diagonal = diagonalOf(lowerUpper as Rows)
    return [
      bijectors.plu(order(dim)) as Bijector,
      { lower: matrix(lower), logScale: scales(diagonal), upper: matrix(upper), shift: tensor1d(diagonal.map(() => 0)) },
    ]
  },
  rotation: (dim, { matrix: a }) => {
    const rows = a as Rows
    // A - A' has in its lower triangle A_ij - A_ji
    return [
      bijectors.orthogonal(dim, 'exponential') as Bijector,
      { weight: matrix(rows.map((row, i) => row.map((value, j) => value - rows[j]![i]!))) },
    ]
  },
  triangular: (dim, { matrix: a, shift }) => {
    const rows = a as Rows
    const isUpper = rows.some((row, i) => row.some((value, j) => j > i && value !== 0))
    return [
      bijectors.triangular(dim, isUpper) as Bijector,
      { logScale: scales(diagonalOf(rows)), weight: matrix(rows), shift: tensor1d([...(shift as Numbers)]) },
    ]
  },
}

const maker = (name: string): (typeof ours)[string] => {
  const key = Object.keys(ours).find(known => name.toLowerCase().includes(known.toLowerCase()))
  if (key === undefined) throw new Error(`no map for ${name}`)
  return name === 'zukoLu' ? ours['zukoLu']! : ours[key]!
}

const s = suite('linear maps of nflows, zuko and FlowJAX')
s.before(() => useTestBackend('cpu'))
const tolerance = { atol: 1e-4, rtol: 1e-4 }
const values = (x: Tensor): Float32Array => x.dataSync<'float32'>()

Object.entries(fixture)
  .filter(([size]) => size !== 'versions')
  .forEach(([size, cases]) =>
    Object.entries(cases).forEach(([name, expected]) =>
      s.test(`${name}, ${size}`, () =>
        tidy(() => {
          const [bijector, params] = maker(name)(expected.x[0]!.length, expected)
          const forward = bijector.forward(params, matrix(expected.x))
          near(values(forward.y), expected.y.flat(), { ...tolerance, what: 'y' })
          near(values(forward.logDet), expected.logDet, { ...tolerance, what: 'logDet' })
          const inverse = bijector.inverse(params, matrix(expected.x))
          near(values(inverse.x), expected.inverse.flat(), { ...tolerance, what: 'inverse' })
          near(values(inverse.logDet), expected.inverseLogDet, { ...tolerance, what: 'logDet of the inverse' })
        }),
      ),
    ),
  )
s.run()
