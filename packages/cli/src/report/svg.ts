import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'
import { escapeMarkup } from './markup.ts'
import { lightValues } from './palette.ts'

/** A picture as the inside of an <svg> element of this size, in pixels. */
export interface Svg {
  readonly width: number
  readonly height: number
  readonly markup: string
}

const { document } = parseHTML('<html></html>')

/** A chart by Observable Plot, drawn without a browser. */
export const draw = (options: Plot.PlotOptions): Svg => {
  // linkedom's document has what Plot needs of a Document, but not its type
  const element = Plot.plot({ ...options, document: document as unknown as Document })
  const [width, height] = [Number(element.getAttribute('width')), Number(element.getAttribute('height'))]
  return { width, height, markup: rounded(element.innerHTML.replace(/<style>[^]*?<\/style>/g, '')) }
}

/** Pictures side by side in one, each with its upper left corner at x, y. */
export const arrange = (
  width: number,
  height: number,
  pieces: ReadonlyArray<{ readonly svg: Svg; readonly x: number; readonly y: number }>,
): Svg => ({
  width,
  height,
  markup: pieces
    .map(({ svg, x, y }) => `<svg x="${x}" y="${y}" width="${svg.width}" height="${svg.height}" overflow="visible">${svg.markup}</svg>`)
    .join('\n'),
})

/**
 * The picture as an element of an HTML page, in the page's colours.
 *
 * @param name of the picture: makes its ids its own
 */
export const inlineSvg = (svg: Svg, name: string, title: string): string =>
  `<svg role="img" aria-label="${escapeMarkup(title)}" ${attributes(svg)} fill="currentColor">${numbered(svg.markup, name)}</svg>`

/** The picture as a file of its own, dark on white. */
export const standaloneSvg = (svg: Svg, name: string, title: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" ${attributes(svg)} fill="currentColor" color="#1a1a1a">
<title>${escapeMarkup(title)}</title>
<rect width="100%" height="100%" fill="white"/>
${lightValues(numbered(svg.markup, name))}
</svg>
`

const attributes = ({ width, height }: Svg): string =>
  `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11" text-anchor="middle"`

/** Plot counts its clip paths over the whole process; here they are counted anew in each picture, so that bytes are reproducible. */
const numbered = (markup: string, name: string): string => {
  const known = new Map<string, string>()
  return markup.replace(/plot-clip-\d+/g, id => {
    if (!known.has(id)) known.set(id, `${name}-clip-${known.size + 1}`)
    return known.get(id)!
  })
}

/** Coordinates of paths with two decimals: a tenth of the size, and no digit that hangs on the machine. */
const rounded = (markup: string): string =>
  markup.replace(
    /( d="| transform="translate\()([^"]*)/g,
    (_, start: string, numbers: string) =>
      `${start}${numbers.replace(/-?\d+\.\d{3,}(e[+-]?\d+)?/g, x => String(Math.round(Number(x) * 100) / 100))}`,
  )
