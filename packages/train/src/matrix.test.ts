import { key } from '@diffeo/core'
import { equal, is, near, suite, throws } from '@diffeo/testing'
import { columnOf, firstRows, joinColumns, matrix, matrixOf, rowOf, selectRows } from './matrix.ts'
import { subsample } from './subsample.ts'

const s = suite('matrix')
const m = matrixOf([
  [1, 2],
  [3, 4],
  [5, 6],
])

s.test('rows, columns and selections', () => {
  near(rowOf(m, 1), [3, 4])
  near(columnOf(m, 1), [2, 4, 6])
  near(firstRows(m, 2).values, [1, 2, 3, 4])
  is(firstRows(m, 5), m)
  near(selectRows(m, [2, 0, 2]).values, [5, 6, 1, 2, 5, 6])
})

s.test('joinColumns puts matrices side by side and broadcasts one row', () => {
  near(joinColumns(m, m).values, [1, 2, 1, 2, 3, 4, 3, 4, 5, 6, 5, 6])
  near(joinColumns(matrixOf([[9]]), m).values, [9, 1, 2, 9, 3, 4, 9, 5, 6])
  throws(() => joinColumns(firstRows(m, 2), m), /^joinColumns: expected 3 rows or 1, got 2$/)
})

s.test('sizes are checked', () => {
  throws(() => matrix(2, 2, new Float64Array(3)), /^matrix: expected 2 x 2 = 4 values, got 3$/)
  throws(() => matrixOf([[1], [1, 2]]), /^matrixOf: expected 1 columns, got 2 at row 1$/)
  equal(matrixOf([]), matrix(0, 0))
})

s.test('subsample draws different rows, the same ones for the same key', () => {
  const rows = matrix(
    100,
    1,
    Float64Array.from({ length: 100 }, (_, i) => i),
  )
  const some = subsample(key(1), rows, 30)
  is(new Set(some.values).size, 30)
  near(subsample(key(1), rows, 30).values, some.values)
  is(subsample(key(1), rows, 100), rows)
})

s.run()
