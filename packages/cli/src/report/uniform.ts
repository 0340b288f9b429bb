import * as Plot from '@observablehq/plot'
import { histogramOf, type Bin } from './histogram.ts'
import { pValue } from './format.ts'
import { shortened } from './markup.ts'
import { ink } from './palette.ts'
import { arrange, draw, type Svg } from './svg.ts'

const bins = 20
const [width, height, perRow] = [220, 150, 3]

/** Values that are uniform on [0, 1] where the model is right, of one column, with the p-value of a test that they are. */
export interface UniformColumn {
  readonly column: string
  readonly values: Float64Array
  readonly p: number
}

/**
 * A histogram for each column: flat within the band where the model is right. A hump means a density too wide, a trough one too
 * narrow, a slope one that is shifted.
 */
export const uniformPlot = (columns: ReadonlyArray<UniformColumn>): Svg => {
  const across = Math.min(perRow, columns.length)
  const top = Math.max(
    1.5,
    ...columns.flatMap(({ values }) => [1 + 1.5 * bandOf(values), ...densities(values).map(bin => 1.05 * bin.density)]),
  )
  return arrange(
    across * width,
    Math.ceil(columns.length / across) * height,
    columns.map((column, i) => ({ svg: uniformCell(column, top), x: (i % across) * width, y: Math.floor(i / across) * height })),
  )
}

const densities = (values: Float64Array): ReadonlyArray<Bin> =>
  histogramOf(values, { low: 0, high: 1 + 1e-12 }, bins).map(bin => ({ ...bin, density: bin.density * bins }))

/** Half the width of the band in which 95 % of the bins lie when the values are uniform. */
const bandOf = (values: Float64Array): number => 1.96 * Math.sqrt((bins - 1) / Math.max(1, values.length))

const uniformCell = ({ column, values, p }: UniformColumn, top: number): Svg => {
  const band = bandOf(values)
  return draw({
    width,
    height,
    marginLeft: 34,
    marginRight: 10,
    marginTop: 28,
    marginBottom: 28,
    x: { domain: [0, 1], axis: null },
    y: { domain: [0, top], axis: null },
    marks: [
      Plot.rectY(densities(values), { x1: 'low', x2: 'high', y: 'density', fill: ink.data, fillOpacity: 0.5, inset: 0.4 }),
      Plot.rect([{}], { x1: () => 0, x2: () => 1, y1: () => 1 - band, y2: () => 1 + band, fill: ink.quiet, fillOpacity: 0.35 }),
      Plot.ruleY([1], { stroke: 'currentColor', strokeWidth: 0.8 }),
      Plot.ruleY([0], { stroke: ink.quiet }),
      Plot.axisX({ label: null, ticks: 2, tickFormat: (x: number) => `${x}`, tickSize: 3, fontSize: 10 }),
      Plot.axisY({ label: null, ticks: 3, tickSize: 3, fontSize: 10 }),
      Plot.text([`${shortened(column, 22)}`], { frameAnchor: 'top-left', dy: -18, fontSize: 11, fontWeight: 600 }),
      Plot.text([pValue(p)], { frameAnchor: 'top-right', dy: -18, fontSize: 11 }),
    ],
  })
}
