import * as Plot from '@observablehq/plot'
import { columnScale, innerTicks, tickFormat } from './axis.ts'
import { densityGrid, levels, rangeOf, valueAt, type DensityGrid, type Range } from './density-grid.ts'
import { histogramOf, outline } from './histogram.ts'
import { keyOf } from './key.ts'
import { shortened } from './markup.ts'
import { ink } from './palette.ts'
import { arrange, draw, type Svg } from './svg.ts'

/** One column in two tables. */
export interface ColumnPair {
  readonly name: string
  readonly data: Float64Array | undefined
  readonly samples: Float64Array
}

/** The shares of rows inside the contours: those within 1, 1.5 and 2.5 deviations of a two-dimensional normal. */
const shares = [0.95, 0.68, 0.39]
const margin = { left: 62, bottom: 46, edge: 5 }

/**
 * A corner plot: histograms on the diagonal, two-dimensional densities below it. Data are filled, samples are lines. The axes
 * show where all but 0.4 % of the data lie.
 */
export const cornerPlot = (columns: ReadonlyArray<ColumnPair>): Svg => {
  const n = columns.length
  const cell = n === 1 ? 320 : n <= 3 ? 210 : n <= 5 ? 160 : n <= 6 ? 138 : 116
  const ranges = columns.map(({ data, samples }) => rangeOf(data ?? samples))
  const pieces = columns.flatMap((yColumn, row) =>
    columns.slice(0, row + 1).map((xColumn, column) => ({
      svg:
        row === column
          ? diagonalPlot(xColumn, ranges[column]!, cell, row === n - 1)
          : pairPlot(xColumn, yColumn, ranges[column]!, ranges[row]!, cell, column === 0, row === n - 1),
      x: column === 0 && row > 0 ? 0 : margin.left + column * cell,
      y: row * cell,
    })),
  )
  const size = margin.left + n * cell
  const withData = columns.some(({ data }) => data !== undefined)
  const key = keyOf(
    [
      ...(withData ? [{ label: 'held-out data', colour: ink.data, mark: 'area' as const }] : []),
      { label: 'samples of the flow', colour: ink.samples, mark: 'line' as const },
    ],
    160,
  )
  const keyPlace = n === 1 ? { x: margin.left + 12, y: 12 } : { x: margin.left + cell + 24, y: 10 }
  return arrange(size, n * cell + margin.bottom, [...pieces, { svg: key, ...keyPlace }])
}

const diagonalPlot = ({ name, data, samples }: ColumnPair, range: Range, cell: number, last: boolean): Svg => {
  const bins = Math.min(cell > 200 ? 60 : 40, Math.max(12, Math.round(2.5 * samples.length ** (1 / 3))))
  const [dataBins, sampleBins] = [data === undefined ? [] : histogramOf(data, range, bins), histogramOf(samples, range, bins)]
  const top = Math.max(...(data === undefined ? sampleBins : dataBins).map(bin => bin.density))
  return draw({
    ...cellSize(cell, false, last),
    x: columnScale(range),
    y: { domain: [0, 1.12 * top], axis: null },
    marks: [
      Plot.rectY(dataBins, { x1: 'low', x2: 'high', y: 'density', fill: ink.data, fillOpacity: 0.45, inset: 0 }),
      Plot.lineY(outline(sampleBins), { x: 'x', y: 'y', stroke: ink.samples, strokeWidth: 1.4, clip: true }),
      ...frame(),
      ...(last ? [xAxis(name, range, cell)] : []),
    ],
  })
}

const pairPlot = (x: ColumnPair, y: ColumnPair, xRange: Range, yRange: Range, cell: number, first: boolean, last: boolean): Svg => {
  const gridOf = (a: Float64Array, b: Float64Array): DensityGrid => densityGrid(a, b, xRange, yRange)
  const dataGrid = x.data !== undefined && y.data !== undefined ? gridOf(x.data, y.data) : undefined
  const sampleGrid = gridOf(x.samples, y.samples)
  const place = { x1: xRange.low, x2: xRange.high, y1: yRange.low, y2: yRange.high, width: sampleGrid.size, height: sampleGrid.size }
  return draw({
    ...cellSize(cell, first, last),
    x: columnScale(xRange),
    y: columnScale(yRange),
    marks: [
      ...(dataGrid === undefined
        ? []
        : [
            Plot.dot(outside(x.data!, y.data!, dataGrid, xRange, yRange), {
              x: '0',
              y: '1',
              r: 0.9,
              fill: ink.data,
              fillOpacity: 0.6,
              clip: true,
            }),
            ...thresholds(dataGrid).map(threshold =>
              Plot.contour(dataGrid.values, {
                ...place,
                thresholds: [threshold],
                fill: ink.data,
                fillOpacity: 0.22,
                stroke: 'none',
                clip: true,
              }),
            ),
          ]),
      Plot.dot(outside(x.samples, y.samples, sampleGrid, xRange, yRange), {
        x: '0',
        y: '1',
        r: 0.9,
        fill: ink.samples,
        fillOpacity: 0.7,
        clip: true,
      }),
      Plot.contour(sampleGrid.values, {
        ...place,
        thresholds: [...thresholds(sampleGrid)],
        stroke: ink.samples,
        strokeWidth: 1.1,
        clip: true,
      }),
      ...frame(),
      ...(last ? [xAxis(x.name, xRange, cell)] : []),
      ...(first ? [yAxis(y.name, yRange, cell)] : []),
    ],
  })
}

/** Rising, and distinct: contours of one height would be drawn twice. */
const thresholds = (grid: DensityGrid): ReadonlyArray<number> => [...new Set(levels(grid, shares))].sort((a, b) => a - b)

/** Up to 120 points of those beyond the outermost contour, evenly chosen. */
const outside = (
  x: Float64Array,
  y: Float64Array,
  grid: DensityGrid,
  xRange: Range,
  yRange: Range,
): ReadonlyArray<readonly [number, number]> => {
  const edge = thresholds(grid)[0]!
  const points = Array.from(x, (a, i) => [a, y[i]!] as const).filter(([a, b]) => valueAt(grid, xRange, yRange, a, b) < edge)
  const every = Math.max(1, Math.ceil(points.length / 120))
  return points.filter((_, i) => i % every === 0)
}

const cellSize = (cell: number, first: boolean, last: boolean): Plot.PlotOptions => ({
  width: cell + (first ? margin.left : 0),
  height: cell + (last ? margin.bottom : 0),
  marginLeft: (first ? margin.left : 0) + margin.edge,
  marginRight: 0,
  marginTop: margin.edge,
  marginBottom: last ? margin.bottom : 0,
})

const frame = (): ReadonlyArray<Plot.Markish> => [Plot.frame({ stroke: ink.quiet, strokeWidth: 0.7 })]

const xAxis = (name: string, range: Range, cell: number): Plot.Markish =>
  Plot.axisX({
    label: shortened(name, Math.floor(cell / 5.8)),
    labelAnchor: 'center',
    labelArrow: 'none',
    labelOffset: 38,
    fontSize: 11,
    ticks: [...innerTicks(range, ticksFor(cell))],
    tickSize: 4,
    ...tickFormat(range),
  })

const yAxis = (name: string, range: Range, cell: number): Plot.Markish =>
  Plot.axisY({
    label: shortened(name, Math.floor(cell / 5.8)),
    labelAnchor: 'center',
    labelArrow: 'none',
    labelOffset: 52,
    fontSize: 11,
    ticks: [...innerTicks(range, ticksFor(cell))],
    tickSize: 4,
    ...tickFormat(range),
  })

const ticksFor = (cell: number): number => Math.max(2, Math.round(cell / 52))
