import * as Plot from '@observablehq/plot'
import { columnScale, tickFormat } from './axis.ts'
import { rangeOf, type Range } from './density-grid.ts'
import { short } from './format.ts'
import { shortened } from './markup.ts'
import { ink } from './palette.ts'
import { arrange, draw, type Svg } from './svg.ts'

/** Log-densities on a square grid, at the centres of its cells; row-major, y rising with the row. */
export interface LogDensityMap {
  readonly x: string
  readonly y: string
  readonly xRange: Range
  readonly yRange: Range
  readonly size: number
  readonly values: Float64Array
  /** Rows to show as dots. */
  readonly points: ReadonlyArray<readonly [number, number]>
}

/** The centres of the cells of a grid over both columns' ranges, as rows [size * size, 2]. */
export const gridRows = (xRange: Range, yRange: Range, size: number): Float64Array => {
  const centre = ({ low, high }: Range, i: number): number => low + ((i + 0.5) / size) * (high - low)
  return Float64Array.from({ length: 2 * size * size }, (_, k) => {
    const cell = k >> 1
    return k % 2 === 0 ? centre(xRange, cell % size) : centre(yRange, Math.floor(cell / size))
  })
}

/** The ranges in which a map of two columns is drawn. */
export const mapRange = (values: Float64Array): Range => rangeOf(values, 0.001)

/** Nats below the highest density that the colours reach down to. */
const depth = 10
const steps = 20
const [side, margin] = [460, { left: 62, bottom: 46, top: 10, right: 10 }]

/** The log-density as filled contours, half a nat apart, down to ten nats below its highest value; dots are held-out rows. */
export const heatMap = (map: LogDensityMap): Svg => {
  const { xRange, yRange, size } = map
  const top = map.values.reduce((a, b) => (Number.isFinite(b) && b > a ? b : a), -Infinity)
  const floor = top - depth
  const shown = map.values.map(value => (Number.isFinite(value) ? Math.max(floor, value) : floor))
  const edges = Array.from({ length: steps }, (_, i) => floor + (depth * i) / steps)
  const color = { type: 'linear', domain: [floor, top], scheme: 'viridis', clamp: true } as const
  const axis = { labelAnchor: 'center', labelArrow: 'none', ticks: 6, fontSize: 11 } as const
  const chart = draw({
    width: side + margin.left + margin.right,
    height: side + margin.top + margin.bottom,
    marginLeft: margin.left,
    marginRight: margin.right,
    marginTop: margin.top,
    marginBottom: margin.bottom,
    x: columnScale(xRange),
    y: columnScale(yRange),
    color,
    marks: [
      Plot.contour(shown, {
        width: size,
        height: size,
        x1: xRange.low,
        x2: xRange.high,
        y1: yRange.low,
        y2: yRange.high,
        thresholds: edges,
        fill: (value: number) => value,
        clip: true,
      }),
      Plot.dot(map.points, { x: '0', y: '1', r: 1.3, fill: 'white', stroke: 'black', strokeWidth: 0.4, clip: true }),
      Plot.frame({ stroke: ink.quiet, strokeWidth: 0.7 }),
      Plot.axisX({ ...axis, label: shortened(map.x, 60), labelOffset: 38, ...tickFormat(xRange) }),
      Plot.axisY({ ...axis, label: shortened(map.y, 60), labelOffset: 52, ...tickFormat(yRange) }),
    ],
  })
  const scale = draw({
    width: 96,
    height: chart.height,
    marginLeft: 0,
    marginRight: 78,
    marginTop: 34,
    marginBottom: margin.bottom,
    x: { domain: [0, 1], axis: null },
    y: { domain: [floor, top], axis: null },
    color,
    marks: [
      Plot.rect(edges, {
        x1: () => 0,
        x2: () => 1,
        y1: (edge: number) => edge,
        y2: (edge: number) => edge + depth / steps,
        fill: (edge: number) => edge + depth / steps / 2,
        inset: -0.2,
      }),
      Plot.axisY({ anchor: 'right', label: null, ticks: 6, fontSize: 11 }),
      Plot.text([`log-density`], { frameAnchor: 'top-left', dy: -24, textAnchor: 'start', fontSize: 11 }),
      Plot.text([`highest ${short(top)}`], { frameAnchor: 'top-left', dy: -11, textAnchor: 'start', fontSize: 10 }),
    ],
  })
  return arrange(chart.width + scale.width + 14, chart.height, [
    { svg: chart, x: 0, y: 0 },
    { svg: scale, x: chart.width + 14, y: 0 },
  ])
}
