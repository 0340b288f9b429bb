import { escapeMarkup } from './markup.ts'
import { inlineSvg, type Svg } from './svg.ts'

/** A picture of the report: part of the page, and a file of its own. */
export interface Picture {
  /** Its file's name without the ending. */
  readonly name: string
  readonly title: string
  readonly svg: Svg
}

/** A cell of a table: text, or a number's text, which is set flush right. */
export type Cell = string | { readonly number: string } | { readonly text: string; readonly remark: string }

/** A heading with what follows it; nothing where nothing follows. */
export const section = (title: string, ...content: ReadonlyArray<string>): string =>
  content.join('') === '' ? '' : `<section>\n<h2>${escapeMarkup(title)}</h2>\n${content.filter(part => part !== '').join('\n')}\n</section>`

export const paragraph = (text: string, kind?: 'lead' | 'soft' | 'warning' | 'kind'): string =>
  `<p${kind === undefined ? '' : ` class="${kind}"`}>${escapeMarkup(text)}</p>`

/** A picture with its caption. A wide one is scrolled on a narrow screen, not shrunk until it cannot be read. */
export const figure = ({ name, title, svg }: Picture, caption: string, wide = false): string =>
  `<figure><div class="scroll"${wide ? ` style="--least: ${Math.min(svg.width, 620)}px"` : ''}>${inlineSvg(svg, name, title)}</div><figcaption>${escapeMarkup(caption)}</figcaption></figure>`

/** A table; `own` is the row that is set in bold. */
export const table = (head: ReadonlyArray<Cell>, rows: ReadonlyArray<ReadonlyArray<Cell>>, own?: number): string => {
  const line = (cells: ReadonlyArray<Cell>, tag: 'th' | 'td'): string => cells.map(cell => cellMarkup(cell, tag)).join('')
  const body = rows.map((row, i) => `<tr${i === own ? ' class="own"' : ''}>${line(row, 'td')}</tr>`).join('\n')
  const top = head.length === 0 ? '' : `<thead><tr>${line(head, 'th')}</tr></thead>\n`
  return `<div class="scroll"><table>\n${top}<tbody>\n${body}\n</tbody>\n</table></div>`
}

export const list = (items: ReadonlyArray<string>): string =>
  items.length === 0 ? '' : `<ul class="notes">${items.map(item => `<li>${escapeMarkup(item)}</li>`).join('')}</ul>`

/** Content that is folded until it is asked for. */
export const details = (summary: string, content: string): string =>
  `<details><summary>${escapeMarkup(summary)}</summary>${content}</details>`

export const json = (value: unknown): string => `<pre>${escapeMarkup(JSON.stringify(value, null, 2))}</pre>`

const cellMarkup = (cell: Cell, tag: 'th' | 'td'): string => {
  if (typeof cell === 'string') return `<${tag}>${escapeMarkup(cell)}</${tag}>`
  if ('number' in cell) return `<${tag} class="number">${escapeMarkup(cell.number)}</${tag}>`
  return `<${tag}>${escapeMarkup(cell.text)}<small>${escapeMarkup(cell.remark)}</small></${tag}>`
}
