import { columnOf, matrix, schemaColumns } from '@diffeo/train'
import type { Matrix, Model, Schema } from '@diffeo/train'
import { sortedQuantile } from './density-grid.ts'
import { gridRows, mapRange, type LogDensityMap } from './heat-map.ts'

const size = 96
const mostPoints = 400

/**
 * The log-density of a model of two columns on a grid over its rows, the given columns at their medians. Undefined for models of
 * more columns or fewer, or of categories.
 *
 * @param rows in the order of the schema's columns: the event's, then the given ones
 */
export const densityMap = async (model: Model, rows: Matrix): Promise<LogDensityMap | undefined> => {
  const { columns, given } = model.schema
  if (columns.length !== 2 || rows.rows === 0 || [...columns, ...given].some(({ kind }) => kind?._tag === 'categorical')) return undefined
  const [x, y] = [columnOf(rows, 0), columnOf(rows, 1)]
  const [xRange, yRange] = [mapRange(x), mapRange(y)]
  const medians = given.map((_, j) => sortedQuantile(columnOf(rows, 2 + j).sort(), 0.5))
  // where whole numbers are modelled, a cell stands for the number at its foot
  const isWhole = columns.map(({ kind }) => kind?._tag === 'integer')
  const places = gridRows(xRange, yRange, size).map((value, k) => (isWhole[k % 2] === true ? Math.floor(value) : value))
  const grid = withValues(places, medians)
  const every = Math.max(1, Math.ceil(rows.rows / mostPoints))
  return {
    x: columns[0]!.name,
    y: columns[1]!.name,
    xRange,
    yRange,
    size,
    values: await logDensities(model, model.schema, grid),
    points:
      given.length > 0 ? [] : Array.from({ length: Math.floor(rows.rows / every) }, (_, i) => [x[i * every]!, y[i * every]!] as const),
  }
}

const withValues = (grid: Float64Array, values: ReadonlyArray<number>): Matrix => {
  const width = 2 + values.length
  const rows = grid.length / 2
  const filled = new Float64Array(rows * width)
  for (let i = 0; i < rows; i++) filled.set([grid[2 * i]!, grid[2 * i + 1]!, ...values], i * width)
  return matrix(rows, width, filled)
}

/** A model moves values that stand for a cell of an instrument to the cell's middle; grid points are no such values, or nearly. */
const logDensities = (model: Model, schema: Schema, grid: Matrix): Promise<Float64Array> => {
  const names = schemaColumns(schema)
  return model.logProb(Object.fromEntries(names.map((name, j) => [name, columnOf(grid, j)])))
}
