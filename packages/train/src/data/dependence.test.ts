import { key, normalArray } from '@diffeo/core'
import { equal, is, ok, suite } from '@diffeo/testing'
import { correlatedInSample, equalColumns } from './dependence.ts'
import { repeatedAcrossSplits, repeatedRows, rowHash } from './repeated-rows.ts'

const s = suite('dependent columns and repeated rows')

const z = Float64Array.from(normalArray(key(1), 3000))

s.test('perfect correlations, of either sign, and no others', () => {
  const rows = 1000
  const columns = [(i: number) => z[i]!, (i: number) => z[1000 + i]!, (i: number) => 7 - 3e5 * z[i]!, (i: number) => z[i]! + 1e-3 * z[1000 + i]!, () => 4, (i: number) => z[1000 + i]! + 1e-6 * z[i]!] // prettier-ignore
  const values = Float64Array.from({ length: rows * columns.length }, (_, at) =>
    columns[at % columns.length]!(Math.floor(at / columns.length)),
  )
  equal(correlatedInSample(values, rows, columns.length), [[0, 2], [1, 5]]) // prettier-ignore
})

s.test('equal columns, by their hashes', () => {
  equal(equalColumns(['p', 'q', 'p', 'r', 'p']), [[0, 2], [0, 4]]) // prettier-ignore
})

s.test('a row hash depends on every bit of the row and on the order', () => {
  const base = rowHash([1, 2, 3], 0, 3)
  for (const row of [[2, 1, 3], [1, 2, 3 + 2 ** -51], [1, 2, -3], [1, 3, 2]]) ok(rowHash(row, 0, 3) !== base) // prettier-ignore
  is(rowHash([9, 1, 2, 3], 1, 3), base)
  is(rowHash([0], 0, 1), rowHash([-0], 0, 1))
  const hashes = new Set(Array.from({ length: 200_000 }, (_, i) => rowHash([i / 7], 0, 1)))
  is(hashes.size, 200_000)
})

s.test('rows that stand in two parts are counted', () => {
  const values = [1, 1, 2, 2, 1, 1, 3, 3, 2, 2, 1, 1]
  const split = { train: Int32Array.of(0, 1), validation: Int32Array.of(2, 3), test: Int32Array.of(4, 5) }
  is(repeatedAcrossSplits({ values, columns: 2 }, split), 3)
  is(repeatedAcrossSplits({ values: Float32Array.from(values), columns: 2 }, split), 3)
  is(repeatedRows(Float64Array.of(1, 2, 1, 1, 3)), 2)
})

s.run()
