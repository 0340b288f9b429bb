import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'

/** A picture as the inside of an <svg> element of this size, in pixels. */
export interface Panel {
  readonly width: number
  readonly height: number
  readonly markup: string
}

const { document } = parseHTML('<html></html>')

/** A chart by Observable Plot, drawn without a browser. */
export const chart = (options: Plot.PlotOptions): Panel => {
  // linkedom's document has what Plot needs of a Document, but not its type
  const element = Plot.plot({ ...options, document: document as unknown as Document })
  const [width, height] = [Number(element.getAttribute('width')), Number(element.getAttribute('height'))]
  return { width, height, markup: element.innerHTML.replace(/<style>[^]*?<\/style>/g, '') }
}

/** Panels side by side under their titles, dark on white, as a file of its own; the same panels give the same bytes. */
export const picture = (title: string, panels: ReadonlyArray<{ readonly title: string; readonly panel: Panel }>): string => {
  const gap = 24
  const top = 30
  const width = panels.reduce((sum, { panel }) => sum + panel.width + gap, -gap)
  const height = top + Math.max(...panels.map(({ panel }) => panel.height))
  const placed = panels.reduce<{ readonly x: number; readonly parts: ReadonlyArray<string> }>(
    ({ x, parts }, { title: heading, panel }) => ({
      x: x + panel.width + gap,
      parts: [
        ...parts,
        `<text x="${x + panel.width / 2}" y="18" font-size="13" font-weight="600">${escaped(heading)}</text>`,
        `<svg x="${x}" y="${top}" width="${panel.width}" height="${panel.height}" overflow="visible">${panel.markup}</svg>`,
      ],
    }),
    { x: 0, parts: [] },
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11" text-anchor="middle" fill="currentColor" color="#1a1a1a">
<title>${escaped(title)}</title>
<rect width="100%" height="100%" fill="white"/>
${numbered(rounded(placed.parts.join('\n')))}
</svg>
`
}

const escaped = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;')

/** Coordinates with one decimal: digits that hang on the machine are gone. */
const rounded = (markup: string): string =>
  markup.replace(/ (?:d|x|y|x1|x2|y1|y2|cx|cy|width|height|transform)="[^"]*"/g, attribute =>
    attribute.replace(/-?\d+\.\d{2,}(?:e[+-]?\d+)?/g, x => String(Math.round(Number(x) * 10) / 10)),
  )

/** Plot counts its clip paths over the whole process; here anew in each picture. */
const numbered = (markup: string): string => {
  const known = new Map<string, string>()
  return markup.replace(/plot-clip-\d+/g, id => {
    if (!known.has(id)) known.set(id, `clip-${known.size + 1}`)
    return known.get(id)!
  })
}
