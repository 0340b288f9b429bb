import * as Plot from '@observablehq/plot'
import { draw, type Svg } from './svg.ts'

/** One line of a picture's key. */
export interface KeyItem {
  readonly label: string
  readonly colour: string
  readonly mark: 'line' | 'area' | 'dashed'
}

const lineHeight = 18

/** What the colours and lines of a picture mean, one below the other. */
export const keyOf = (items: ReadonlyArray<KeyItem>, width: number): Svg => {
  const height = lineHeight * items.length
  const rows = items.map((item, i) => ({ ...item, x1: 0, x2: 22, middle: i + 0.5, y1: i + 0.25, y2: i + 0.75 }))
  const lines = rows.filter(row => row.mark !== 'area')
  return draw({
    width,
    height,
    margin: 0,
    x: { domain: [0, width], range: [0, width], axis: null },
    y: { domain: [0, items.length], range: [0, height], axis: null },
    marks: [
      Plot.rect(
        rows.filter(row => row.mark === 'area'),
        { x1: 'x1', x2: 'x2', y1: 'y1', y2: 'y2', fill: 'colour', fillOpacity: 0.45 },
      ),
      Plot.link(
        lines.filter(row => row.mark === 'line'),
        { x1: 'x1', x2: 'x2', y1: 'middle', y2: 'middle', stroke: 'colour', strokeWidth: 2 },
      ),
      Plot.link(
        lines.filter(row => row.mark === 'dashed'),
        { x1: 'x1', x2: 'x2', y1: 'middle', y2: 'middle', stroke: 'colour', strokeDasharray: '4,3' },
      ),
      Plot.text(rows, { x: () => 30, y: 'middle', text: 'label', textAnchor: 'start', fontSize: 12 }),
    ],
  })
}
