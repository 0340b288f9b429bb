import * as Plot from '@observablehq/plot'
import type { CoverageResult } from '@diffeo/train'
import { keyOf } from './key.ts'
import { ink } from './palette.ts'
import { arrange, draw, type Svg } from './svg.ts'

const size = 340

/** Coverage against the diagonal, with the band in which it lies when the model is right. */
export const coveragePlot = (
  { nominal, observed, low, high }: CoverageResult,
  xLabel = 'probability of the region under the model',
): Svg => {
  const points = nominal.map((x, i) => ({ x, y: observed[i]!, low: low[i]!, high: high[i]! }))
  const axis = { labelAnchor: 'center', labelArrow: 'none', ticks: 5, tickFormat: '.0%', fontSize: 11 } as const
  const chart = draw({
    width: size,
    height: size,
    marginLeft: 60,
    marginBottom: 46,
    marginTop: 14,
    marginRight: 0,
    x: { domain: [0, 1], axis: null },
    y: { domain: [0, 1], axis: null },
    marks: [
      Plot.frame({ stroke: ink.quiet, strokeWidth: 0.7 }),
      Plot.areaY(points, { x: 'x', y1: 'low', y2: 'high', fill: ink.quiet, fillOpacity: 0.35 }),
      Plot.link([{}], { x1: () => 0, y1: () => 0, x2: () => 1, y2: () => 1, stroke: ink.quiet, strokeDasharray: '4,3' }),
      Plot.lineY(points, { x: 'x', y: 'y', stroke: ink.data, strokeWidth: 2 }),
      Plot.axisX({ ...axis, label: xLabel, labelOffset: 38 }),
      Plot.axisY({ ...axis, label: 'share of test rows inside', labelOffset: 52 }),
    ],
  })
  const key = keyOf(
    [
      { label: 'observed', colour: ink.data, mark: 'line' },
      { label: 'expected', colour: ink.quiet, mark: 'dashed' },
    ],
    100,
  )
  // the last tick's label stands over the edge
  return arrange(size + 20, size, [
    { svg: chart, x: 0, y: 0 },
    { svg: key, x: 72, y: 24 },
  ])
}
