import * as Plot from '@observablehq/plot'
import { chart, picture } from '../../docs/figures/svg.ts'
import type { Panel } from '../../docs/figures/svg.ts'
import { distinct } from './lines.ts'
import { isMeasurement } from './measurement.ts'
import type { Line, Measurement } from './measurement.ts'
import { scoring } from './sections.ts'
import { curves } from './workloads.ts'
import type { Axis, Curve } from './workloads.ts'

/** A picture as a file: its name without an ending, what it shows, its text. */
export interface Picture {
  readonly name: string
  readonly title: string
  readonly svg: string
}

/** Okabe and Ito's colours. */
const colours: { readonly [contestant: string]: string } = {
  diffeo: '#0072B2',
  'diffeo-eager': '#D55E00',
  'jax-js': '#009E73',
  'log-density': '#56B4E9',
}

const labels: { readonly [axis in Axis]: string } = { dim: 'dimensions', layers: 'layers', rows: 'rows' }

interface Point {
  readonly x: number
  readonly y: number
  readonly low: number
  readonly high: number
  readonly who: string
}

const pointsOf = (lines: ReadonlyArray<Line>, { id, axis }: Curve): ReadonlyArray<Point> => {
  const on = (workload: string): ReadonlyArray<Measurement> =>
    lines.filter(isMeasurement).filter(line => line.workload === workload && line.axis === axis && line.threads === 1)
  const point = (line: Measurement, who: string): Point => ({
    x: line[axis]!,
    y: line.ms,
    low: line.q1_ms,
    high: line.q3_ms,
    who,
  })
  return [
    ...on(id).map(line => point(line, line.contestant)),
    ...(id === 'W4' ? on(scoring).map(line => point(line, 'log-density')) : []),
  ].sort((a, b) => a.x - b.x)
}

const panelOf = (points: ReadonlyArray<Point>, { axis, values }: Curve): Panel => {
  const names = distinct(points.map(({ who }) => who))
  const ends = names.map(who => points.findLast(point => point.who === who)!)
  return chart({
    width: 330,
    height: 300,
    marginLeft: 55,
    marginRight: 70,
    marginBottom: 38,
    x: { type: 'log', label: labels[axis], ticks: [...values], tickFormat: String, domain: [values[0]!, values.at(-1)!] },
    y: { type: 'log', label: 'milliseconds', grid: true, tickFormat: (ms: number) => (Number.isInteger(Math.log10(ms)) ? String(ms) : '') },
    color: { domain: names, range: names.map(name => colours[name] ?? '#777') },
    marks: [
      Plot.line([...points], { x: 'x', y: 'y', z: 'who', stroke: 'who', strokeWidth: 1.8 }),
      Plot.ruleX([...points], { x: 'x', y1: 'low', y2: 'high', stroke: 'who' }),
      Plot.dot([...points], { x: 'x', y: 'y', fill: 'who', r: 2.5 }),
      Plot.text(ends, { x: 'x', y: 'y', text: 'who', fill: 'who', textAnchor: 'start', dx: 6, fontSize: 11 }),
    ],
  })
}

const titles: { readonly [id: string]: string } = {
  W1: 'W1, a training step of affine couplings',
  W3: 'W3, a training step of a masked autoregressive flow',
  W4: 'W4, samples of a masked autoregressive flow',
}

/** How each workload grows: one picture for each, with a panel for each axis that was measured. */
export const picturesOf = (lines: ReadonlyArray<Line>): ReadonlyArray<Picture> =>
  distinct(curves.map(({ id }) => id)).flatMap(id => {
    const panels = curves
      .filter(curve => curve.id === id)
      .map(curve => ({ curve, points: pointsOf(lines, curve) }))
      .filter(({ points }) => points.length > 0)
      .map(({ curve, points }) => ({ title: `by ${labels[curve.axis]}`, panel: panelOf(points, curve) }))
    const title = titles[id]!
    return panels.length === 0 ? [] : [{ name: `benchmark-${id.toLowerCase()}`, title, svg: picture(title, panels) }]
  })
