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

/** Round numbers within a range: powers of ten, with twos and fives between them where there are few. */
const roundNumbers = (low: number, high: number): ReadonlyArray<number> => {
  const powers = Array.from({ length: 12 }, (_, i) => 10 ** (i - 4))
  const fine = high / low < 200 ? [1, 2, 5] : [1]
  return powers.flatMap(power => fine.map(digit => digit * power)).filter(x => x >= low && x <= high)
}

/** The last points with their labels' places: one above the other where the lines end together. */
const labelled = (ends: ReadonlyArray<Point>, gap: number): ReadonlyArray<Point> =>
  [...ends]
    .sort((a, b) => a.y - b.y)
    .reduce<ReadonlyArray<Point>>((placed, end) => [...placed, { ...end, y: Math.max(end.y, (placed.at(-1)?.y ?? 0) * gap) }], [])

const panelOf = (points: ReadonlyArray<Point>, { axis, values }: Curve): Panel => {
  const names = distinct(points.map(({ who }) => who))
  const ends = names.map(who => points.findLast(point => point.who === who)!)
  const [low, high] = [Math.min(...points.map(p => p.low)) / 1.3, Math.max(...points.map(p => p.high)) * 1.3]
  const ticks = roundNumbers(low, high)
  // axes as marks: the labels of a logarithmic scale's own axis are thinned out
  const label = { text: (x: number) => String(Number(x.toPrecision(1)) === x ? x : Math.round(x)), labelArrow: 'none' } as const
  return chart({
    width: 350,
    height: 300,
    marginLeft: 50,
    marginRight: 80,
    marginBottom: 38,
    x: { type: 'log', domain: [values[0]!, values.at(-1)!], axis: null },
    y: { type: 'log', domain: [low, high], axis: null },
    color: { domain: [...names], range: names.map(name => colours[name] ?? '#777') },
    marks: [
      Plot.gridY([...ticks]),
      Plot.axisX([...values], { ...label, label: labels[axis], labelAnchor: 'center' }),
      Plot.axisY([...ticks], { ...label, label: 'milliseconds' }),
      Plot.line([...points], { x: 'x', y: 'y', z: 'who', stroke: 'who', strokeWidth: 1.8 }),
      Plot.ruleX([...points], { x: 'x', y1: 'low', y2: 'high', stroke: 'who' }),
      Plot.dot([...points], { x: 'x', y: 'y', fill: 'who', r: 2.5 }),
      Plot.text([...labelled(ends, (high / low) ** (13 / 240))], {
        x: 'x',
        y: 'y',
        text: 'who',
        fill: 'who',
        textAnchor: 'start',
        dx: 6,
        fontSize: 11,
      }),
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
