import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { markdownTable } from 'markdown-table'
import { filled } from '../bench/page.ts'
import type { Size } from './page-size.ts'

/** What the laws of one member showed on one backend. */
export interface Checked {
  readonly rows: number
  readonly lost: number
  readonly failures: ReadonlyArray<string>
  /** The largest share of what a law allows that was used up. */
  readonly worst: number
}

/** How far values are from those of tfjs' cpu backend: the largest |a - b| / (1 + |b|). */
export interface Apart {
  readonly points: number
  readonly logDets: number
}

/** What was found of one member in a browser. */
export interface Finding {
  readonly member: string
  readonly draws: number
  readonly laws: { readonly wasm: Checked; readonly webgl: Checked }
  readonly apart: { readonly wasm: Apart; readonly compiled: Apart; readonly webgl: Apart }
}

/** The size of a page. */
export interface Sized {
  readonly page: string
  readonly size: Size
  readonly budget: number
}

/** Where it was found. */
export interface Place {
  readonly browser: string
  readonly date: string
}

export type Found = Finding | Sized | Place

const at = (path: string): string => fileURLToPath(new URL(`../../docs/${path}`, import.meta.url))

/** The findings behind docs/backends.md. */
export const keptFindings = (): ReadonlyArray<Found> =>
  existsSync(at('backends.jsonl'))
    ? readFileSync(at('backends.jsonl'), 'utf8')
        .split('\n')
        .filter(line => line !== '')
        .map(line => JSON.parse(line) as Found)
    : []

const identity = (found: Found): string => ('member' in found ? found.member : 'page' in found ? found.page : 'place')

/** Puts findings in the place of earlier ones of the same, and writes the page anew. */
export const keepFindings = (found: ReadonlyArray<Found>): void => {
  const again = new Set(found.map(identity))
  const all = [...keptFindings().filter(earlier => !again.has(identity(earlier))), ...found]
  writeFileSync(at('backends.jsonl'), all.map(line => `${JSON.stringify(line)}\n`).join(''))
  writeFileSync(at('backends.md'), filled(readFileSync(at('backends.md'), 'utf8'), partsOf(all)))
}

const partsOf = (all: ReadonlyArray<Found>): ReadonlyMap<string, string> => {
  const findings = all.flatMap(line => ('member' in line ? [line] : []))
  const sizes = all.flatMap(line => ('page' in line ? [line] : []))
  const place = all.flatMap(line => ('browser' in line ? [`${line.browser}, ${line.date}`] : [])).join()
  return new Map([
    ['place', place],
    ['laws', findings.length === 0 ? '' : lawTable(findings)],
    ['differences', findings.length === 0 ? '' : differenceTable(findings)],
    ['members', findings.length === 0 ? '' : memberTable(findings)],
    ['size', sizes.length === 0 ? '' : sizeTable(sizes)],
  ])
}

const lawTable = (findings: ReadonlyArray<Finding>): string => {
  const row = (name: 'wasm' | 'webgl'): ReadonlyArray<string> => {
    const checked = findings.map(({ laws }) => laws[name])
    const failing = findings.filter(({ laws }) => laws[name].failures.length > 0)
    return [
      `\`${name}\``,
      `${findings.length}`,
      `${Math.min(...findings.map(({ draws }) => draws))}`,
      checked.reduce((n, { rows }) => n + rows, 0).toLocaleString('en'),
      checked.reduce((n, { lost }) => n + lost, 0).toLocaleString('en'),
      failing.length === 0 ? 'none' : failing.map(({ member }) => member).join('; '),
    ]
  }
  return markdownTable([['Backend', 'Members', 'Draws', 'Points', 'Lost', 'Members that fail'], row('wasm'), row('webgl')])
}

const quantile = (values: ReadonlyArray<number>, share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))]!

const short = (value: number): string => (value === 0 ? '0' : value.toExponential(0))

const ways = [
  ['`wasm`, op by op', 'wasm'],
  ['`wasm` or `cpu`, compiled', 'compiled'],
  ['`webgl`, op by op', 'webgl'],
] as const

const differenceTable = (findings: ReadonlyArray<Finding>): string =>
  markdownTable([
    ['', 'Points: median', '90 %', 'largest', 'Log-determinants: median', '90 %', 'largest'],
    ...ways.map(([title, way]) => {
      const of = (what: keyof Apart): ReadonlyArray<string> => {
        const values = findings.map(({ apart }) => apart[way][what])
        return [0.5, 0.9, 1].map(share => short(quantile(values, share)))
      }
      return [title, ...of('points'), ...of('logDets')]
    }),
  ])

/** Members of which a backend differs by more than this stand in a table. */
const notable = 2e-5

const memberTable = (findings: ReadonlyArray<Finding>): string => {
  const largest = ({ apart }: Finding): number => Math.max(...ways.flatMap(([, way]) => [apart[way].points, apart[way].logDets]))
  const shown = findings.filter(finding => largest(finding) > notable).toSorted((a, b) => largest(b) - largest(a))
  return markdownTable([
    ['Member', ...ways.map(([title]) => title)],
    ...shown.map(({ member, apart }) => [member, ...ways.map(([, way]) => short(Math.max(apart[way].points, apart[way].logDets)))]),
  ])
}

const kB = (bytes: number): string => `${(bytes / 1000).toFixed(0)} kB`

const sizeTable = (sizes: ReadonlyArray<Sized>): string =>
  markdownTable([
    ['Page', 'Minified', 'gzip', 'Brotli', 'Budget'],
    ...sizes.map(({ page, size, budget }) => [page, kB(size.minified), kB(size.gzip), kB(size.brotli), `${budget} kB`]),
  ])
