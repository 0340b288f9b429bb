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

/** How far values of a distribution are from those of tfjs' cpu backend: samples of one key, and log-densities of the same points. */
export interface DistributionApart {
  readonly samples: number
  readonly logProbs: number
}

/** What was found of one distribution in a browser. Compiled code has no samples of its own: their differences are 0. */
export interface DistributionFinding {
  readonly distribution: string
  readonly draws: number
  readonly laws: { readonly wasm: Checked; readonly webgl: Checked }
  readonly apart: { readonly wasm: DistributionApart; readonly compiled: DistributionApart; readonly webgl: DistributionApart }
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

export type Found = Finding | DistributionFinding | Sized | Place

const at = (path: string): string => fileURLToPath(new URL(`../../docs/${path}`, import.meta.url))

/** The findings behind docs/backends.md. */
export const keptFindings = (): ReadonlyArray<Found> =>
  existsSync(at('backends.jsonl'))
    ? readFileSync(at('backends.jsonl'), 'utf8')
        .split('\n')
        .filter(line => line !== '')
        .map(line => JSON.parse(line) as Found)
    : []

/** What a finding is of: a later one of the same takes its place. */
export const identity = (found: Found): string => {
  if ('member' in found) return `member: ${found.member}`
  if ('distribution' in found) return `distribution: ${found.distribution}`
  return 'page' in found ? `page: ${found.page}` : 'place'
}

/** Puts findings in the place of earlier ones of the same, and writes the page anew. */
export const keepFindings = (found: ReadonlyArray<Found>): void => {
  const again = new Set(found.map(identity))
  const all = [...keptFindings().filter(earlier => !again.has(identity(earlier))), ...found]
  writeFileSync(at('backends.jsonl'), all.map(line => `${JSON.stringify(line)}\n`).join(''))
  writeFileSync(at('backends.md'), filled(readFileSync(at('backends.md'), 'utf8'), partsOf(all)))
}

const partsOf = (all: ReadonlyArray<Found>): ReadonlyMap<string, string> => {
  const findings = all.flatMap(line => ('member' in line ? [line] : []))
  const distributions = all.flatMap(line => ('distribution' in line ? [line] : []))
  const sizes = all.flatMap(line => ('page' in line ? [line] : []))
  const place = all.flatMap(line => ('browser' in line ? [`${line.browser}, ${line.date}`] : [])).join()
  return new Map([
    ['place', place],
    ['laws', findings.length === 0 ? '' : lawTable(findings, distributions)],
    ['differences', findings.length === 0 ? '' : differenceTable(findings)],
    ['distributions', distributions.length === 0 ? '' : distributionTable(distributions)],
    ['members', findings.length === 0 ? '' : memberTable(findings)],
    ['size', sizes.length === 0 ? '' : sizeTable(sizes)],
  ])
}

/** What laws of one member showed, and its name. */
interface Named extends Pick<Finding, 'draws' | 'laws'> {
  readonly name: string
}

const lawTable = (findings: ReadonlyArray<Finding>, distributions: ReadonlyArray<DistributionFinding>): string => {
  const kinds: ReadonlyArray<readonly [string, ReadonlyArray<Named>]> = [
    ['bijectors', findings.map(finding => ({ ...finding, name: finding.member }))],
    ['distributions', distributions.map(finding => ({ ...finding, name: finding.distribution }))],
  ]
  const row = (backend: 'wasm' | 'webgl', kind: string, members: ReadonlyArray<Named>): ReadonlyArray<string> => {
    const checked = members.map(({ laws }) => laws[backend])
    const failing = members.filter(({ laws }) => laws[backend].failures.length > 0)
    return [
      `\`${backend}\``,
      `${members.length} ${kind}`,
      `${Math.min(...members.map(({ draws }) => draws))}`,
      checked.reduce((n, { rows }) => n + rows, 0).toLocaleString('en'),
      checked.reduce((n, { lost }) => n + lost, 0).toLocaleString('en'),
      failing.length === 0 ? 'none' : failing.map(({ name }) => name).join('; '),
    ]
  }
  return markdownTable([
    ['Backend', 'Members', 'Draws', 'Points', 'Lost', 'Members that fail'],
    ...kinds
      .filter(([, members]) => members.length > 0)
      .flatMap(([kind, members]) => (['wasm', 'webgl'] as const).map(backend => row(backend, kind, members))),
  ])
}

const quantile = (values: ReadonlyArray<number>, share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))]!

const short = (value: number): string => (value === 0 ? '0' : value.toExponential(0))

const spread = (values: ReadonlyArray<number>): ReadonlyArray<string> => [0.5, 0.9, 1].map(share => short(quantile(values, share)))

const ways = [
  ['`wasm`, op by op', 'wasm'],
  ['`wasm` or `cpu`, compiled', 'compiled'],
  ['`webgl`, op by op', 'webgl'],
] as const

const differenceTable = (findings: ReadonlyArray<Finding>): string =>
  markdownTable([
    ['', 'Points: median', '90 %', 'largest', 'Log-determinants: median', '90 %', 'largest'],
    ...ways.map(([title, way]) => {
      const of = (what: keyof Apart): ReadonlyArray<string> => spread(findings.map(({ apart }) => apart[way][what]))
      return [title, ...of('points'), ...of('logDets')]
    }),
  ])

const distributionTable = (findings: ReadonlyArray<DistributionFinding>): string =>
  markdownTable([
    ['', 'Samples: median', '90 %', 'largest', 'Log-densities: median', '90 %', 'largest'],
    ...ways.map(([title, way]) => {
      const of = (what: keyof DistributionApart): ReadonlyArray<string> => spread(findings.map(({ apart }) => apart[way][what]))
      return [title, ...(way === 'compiled' ? ['', '', ''] : of('samples')), ...of('logProbs')]
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
