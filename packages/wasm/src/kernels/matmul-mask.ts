/**
 * Which elements of a matrix may be other than zero: 0 or 1 each, row by row. `over: 'b'`: of op(B) [k, n], whose other elements are zero
 * as they lie in memory, so that their products may be left out. `over: 'c'`: of the result [m, n], whose other elements become zero
 * whatever their sum.
 */
export interface MatmulMask {
  readonly over: 'b' | 'c'
  readonly rows: number
  readonly columns: number
  readonly values: ArrayLike<number>
}

/** Columns that share one range of rows. */
const panel = 8
/** A mask that leaves more of the work than this is not worth a kernel of its own. */
const worthwhile = 0.9

interface Range {
  readonly first: number
  readonly end: number
}

const rangeOf = ({ rows, columns, values }: MatmulMask, from: number): Range => {
  const has = (row: number): boolean => {
    for (let j = from; j < Math.min(from + panel, columns); j++) if (values[row * columns + j] !== 0) return true
    return false
  }
  const hit = Array.from({ length: rows }, (_, row) => row).filter(has)
  return { first: hit[0] ?? 0, end: (hit.at(-1) ?? -1) + 1 }
}

const rangesOf = (mask: MatmulMask): ReadonlyArray<Range> =>
  Array.from({ length: Math.ceil(mask.columns / panel) }, (_, p) => rangeOf(mask, panel * p))

/** For each panel of 8 columns and each 4 rows a word: bit 8 i + j for row i and column j. */
const bitsOf = ({ rows, columns, values }: MatmulMask): ReadonlyArray<number> => {
  const word = (p: number, i: number): number => {
    const bit = (b: number): number => {
      const [row, column] = [i + (b >> 3), panel * p + (b & 7)]
      return row < rows && column < columns && values[row * columns + column] !== 0 ? 1 << b : 0
    }
    return Array.from({ length: 32 }, (_, b) => bit(b)).reduce((all, one) => all | one, 0)
  }
  return Array.from({ length: Math.ceil(columns / panel) }, (_, p) =>
    Array.from({ length: Math.ceil(rows / 4) }, (_, i) => word(p, 4 * i)),
  ).flat()
}

/**
 * What a masked kernel reads: for each panel of 8 columns the first row that is not all zero and the row behind the last one; of a mask
 * over C whole fours of rows, and then the bits of the mask. None when the ranges are nearly full.
 *
 * @throws RangeError when the mask's size is not that of its matrix
 */
export const maskTable = (mask: MatmulMask, rows: number, columns: number): Int32Array | undefined => {
  if (mask.rows !== rows || mask.columns !== columns || mask.values.length !== rows * columns)
    throw new RangeError(
      `planMatmul: expected a mask over ${mask.over} of ${rows} x ${columns} = ${rows * columns} values, ` +
        `got ${mask.rows} x ${mask.columns}, ${mask.values.length} values`,
    )
  const known = tables.get(mask)
  if (known !== undefined) return known ?? undefined
  const table = tableOf(mask)
  tables.set(mask, table ?? null)
  return table
}

/** A flow has few masks and many products. */
const tables = new WeakMap<MatmulMask, Int32Array | null>()

const tableOf = (mask: MatmulMask): Int32Array | undefined => {
  const { rows } = mask
  const whole = ({ first, end }: Range): Range => ({ first: first & -4, end: Math.min(rows, (end + 3) & -4) })
  const ranges = mask.over === 'c' ? rangesOf(mask).map(whole) : rangesOf(mask)
  const left = ranges.reduce((sum, { first, end }) => sum + end - first, 0) / (ranges.length * rows)
  const flat = ranges.flatMap(({ first, end }) => [first, end])
  if (mask.over === 'c') return Int32Array.from([...flat, ...bitsOf(mask)])
  return left > worthwhile ? undefined : Int32Array.from(flat)
}
