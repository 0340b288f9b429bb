import { DataError, quoted } from '../data/error.ts'
import type { ColumnSchema } from '../data/schema.ts'
import { listed } from '../data/source.ts'
import { chunkRows } from '../execution/flow-functions.ts'
import { matrix } from '../matrix.ts'
import type { Matrix } from '../matrix.ts'
import { categoryLabel, misfit } from '../table/place.ts'
import type { Data } from './contract.ts'
import { tableChunks } from './rows.ts'
import type { Scorer } from './score.ts'

/** The density of one column given the others, for each of some rows. */
export interface Posterior {
  /** Where it was looked at: numbers, or the names of the column's categories. */
  readonly grid: ReadonlyArray<number | string>
  /** [rows, grid]: of numbers a density that integrates to 1 over the grid, of categories and whole numbers probabilities that sum to 1. */
  readonly density: Matrix
}

interface Subject {
  readonly score: Scorer
  /** The columns of a row that is scored: the event's, then the conditioning ones. */
  readonly columns: ReadonlyArray<ColumnSchema>
  /** How many of them are the event's. */
  readonly event: number
  readonly missing: 'refuse' | 'drop'
}

/**
 * p(column | the other columns) on a grid, for each row: the joint density along the grid, divided by its integral (trapezoids) or sum.
 * The column's own cells are not read. A row that the model holds impossible everywhere on the grid gives NaN.
 *
 * @param grid rising numbers in the table's units; the column's categories where it has some
 * @throws DataError or RangeError naming the column or what of the grid is wrong
 */
export const posteriorOf = async (
  subject: Subject,
  rows: Data,
  column: string,
  grid: ArrayLike<number> | undefined,
): Promise<Posterior> => {
  const { score, columns, event, missing } = subject
  const names = columns.slice(0, event).map(({ name }) => name)
  const at = names.indexOf(column)
  if (at < 0)
    throw new DataError({ file: 'posterior', column, expected: `one of the modelled columns ${listed(names)}`, actual: 'none of them' })
  const own = columns[at]!
  const { values: cells, shown } = cellsOf(own, grid)
  const others = columns.filter((_, j) => j !== at)
  const density: number[] = []
  for await (const chunk of tableChunks(rows, others, missing, chunkRows))
    for (let i = 0; i < chunk.rows; i++) {
      const row = chunk.values.subarray(i * others.length, (i + 1) * others.length)
      const values = spread(row, at, cells)
      const impossible = Array.from(cells, cell => chunk.impossible[i]! || misfit(own)(cell) !== undefined)
      const { logProb } = score({ numberOf: () => chunk.numberOf(i), rows: cells.length, values, impossible }, cells.length)
      density.push(...normalized(logProb, isDiscrete(own) ? undefined : cells))
    }
  return { grid: shown, density: matrix(density.length / cells.length, cells.length, Float64Array.from(density)) }
}

const isDiscrete = ({ kind }: ColumnSchema): boolean => kind?._tag === 'categorical' || kind?._tag === 'integer'

/** The cells of the grid as a table has them, and as they are shown. */
const cellsOf = (
  column: ColumnSchema,
  grid: ArrayLike<number> | undefined,
): { readonly values: Float64Array; readonly shown: ReadonlyArray<number | string> } => {
  const { kind, name } = column
  if (kind?._tag === 'categorical') {
    if (grid !== undefined) throw new RangeError(`posterior: expected no grid for ${quoted(name)}, whose categories are the grid, got one`)
    return { values: Float64Array.from(kind.categories!, categoryLabel(column)!), shown: kind.categories! }
  }
  const values = Float64Array.from(grid ?? [])
  const rising = values.every((x, i) => Number.isFinite(x) && (i === 0 || x > values[i - 1]!))
  if (values.length < 2 || !rising)
    throw new RangeError(
      `posterior: expected a grid of at least two rising numbers for ${quoted(name)}, got ${grid === undefined ? 'none' : `${values.length} that are not`}`,
    )
  if (kind?._tag === 'integer' && !values.every(Number.isInteger))
    throw new RangeError(`posterior: expected a grid of whole numbers for ${quoted(name)}, got others`)
  return { values, shown: [...values] }
}

/** A row without the column, once for each cell of the grid, with it. */
const spread = (row: Float64Array, at: number, cells: Float64Array): Float64Array => {
  const width = row.length + 1
  const out = new Float64Array(cells.length * width)
  cells.forEach((cell, g) => out.set([...row.subarray(0, at), cell, ...row.subarray(at)], g * width))
  return out
}

/** Densities that integrate to 1 over a grid (trapezoids), or weights that sum to 1 where there is none. */
const normalized = (logProb: Float64Array, grid: Float64Array | undefined): ReadonlyArray<number> => {
  const top = logProb.reduce((a, b) => Math.max(a, b), -Infinity)
  const weights = Array.from(logProb, value => (top === -Infinity ? 0 : Math.exp(value - top)))
  const total =
    grid === undefined
      ? weights.reduce((a, b) => a + b, 0)
      : weights.slice(1).reduce((sum, w, i) => sum + ((w + weights[i]!) / 2) * (grid[i + 1]! - grid[i]!), 0)
  return weights.map(weight => weight / total)
}
