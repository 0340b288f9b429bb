import { key, normalArray } from '@diffeo/core'
import { equal, is, near, ok, suite } from '@diffeo/testing'
import { matrix, matrixOf } from '../matrix.ts'
import type { Matrix } from '../matrix.ts'
import type { FitBaseline } from './baseline.ts'
import { byCategory } from './by-category.ts'
import { gaussian } from './gaussian.ts'
import { gaussianMixture } from './gaussian-mixture.ts'

const s = suite('baselines of tables with categories')

const nothing: FitBaseline = () => ({
  name: 'nothing',
  detail: '',
  logProb: rows => new Float64Array(rows.rows),
  sample: (_, n) => matrix(n, 1),
})

/** Rows (a, x, b): a of 3 categories, b of 2, x normal around 10 a. */
const table = (n: number, seed: number): Matrix =>
  matrixOf(Array.from(normalArray(key(seed), n), (z, i) => [i % 3 === 0 ? 0 : 1, 10 * (i % 3 === 0 ? 0 : 1) + z, i % 2]))

const codes = [
  { column: 0, count: 3 },
  { column: 2, count: 2 },
]

s.test('the weights of all combinations sum to 1, those never seen included', () => {
  const baseline = byCategory(nothing, codes)(table(60, 1), table(20, 2), { key: key(0) })
  const all = matrixOf([0, 1, 2].flatMap(a => [0, 1].map(b => [a, 0, b])))
  const weights = baseline.logProb(all).map(Math.exp)
  near([weights.reduce((sum, w) => sum + w, 0)], [1], { atol: 1e-12 })
  // (10 + 21/63 * 31/62) / 61 of the first, 1/63 * 31/62 / 61 of the last
  near([weights[0]!, weights[5]!], [(10 + 1 / 6) / 61, 1 / 126 / 61], { atol: 1e-12 })
})

s.test('each combination with rows enough has a density of its own', () => {
  const fit = byCategory(gaussian, codes)(table(600, 1), table(120, 2), { key: key(0) })
  is(fit.detail, 'for each of 4 categories')
  const [near0, far0] = fit.logProb(
    matrixOf([
      [0, 0, 0],
      [0, 10, 0],
    ]),
  )
  near([near0!], [Math.log(1 / 6) - 0.92], { atol: 0.15 })
  ok(far0! < -40)
  const pooled = byCategory(gaussian, codes)(table(40, 1), table(20, 2), { key: key(0) })
  ok(/of all categories$/.test(pooled.detail), pooled.detail)
})

s.test('samples have the categories and the numbers of the rows', () => {
  const fit = byCategory(gaussianMixture, codes)(table(600, 1), table(120, 2), { key: key(0) })
  const { rows, columns, values } = fit.sample(key(3), 900)
  is(rows * columns, 2700)
  const drawn = Array.from({ length: rows }, (_, i) => [...values.subarray(3 * i, 3 * i + 3)] as const)
  near([drawn.filter(([a]) => a === 0).length / rows], [1 / 3], { atol: 0.06 })
  ok(drawn.every(([a, x]) => Math.abs(x! - 10 * a!) < 6))
  equal([...fit.sample(key(3), 5).values], [...fit.sample(key(3), 5).values])
})

s.test('given columns go to the rows that they belong to', () => {
  const seen: number[] = []
  const echo: FitBaseline = () => ({
    name: 'echo',
    detail: '',
    logProb: (rows, given) => {
      seen.push(...(given?.values ?? []))
      return new Float64Array(rows.rows)
    },
    sample: (_, n) => matrix(n, 1),
  })
  const given = { train: matrix(60, 1), validation: matrix(20, 1) }
  const baseline = byCategory(echo, codes)(table(60, 1), table(20, 2), { key: key(0), given })
  const rows = matrixOf([
    [0, 0, 0],
    [1, 0, 0],
    [0, 0, 0],
  ])
  baseline.logProb(rows, matrixOf([[7], [8], [9]]))
  equal(seen, [7, 9, 8])
})

s.run()
