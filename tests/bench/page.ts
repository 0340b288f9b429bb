import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isMeasurement, isMissing, isRate } from './measurement.ts'
import type { Line, Setting } from './measurement.ts'
import { picturesOf } from './pictures.ts'
import { tablesOf } from './tables.ts'

const docs = fileURLToPath(new URL('../../docs', import.meta.url))
const file = join(docs, 'benchmarks.jsonl')
const page = join(docs, 'benchmarks.md')

/** The lines behind docs/benchmarks.md: sittings one after the other, each begun by its setting. */
export const kept = (): ReadonlyArray<Line> =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter(line => line !== '')
        .map(line => JSON.parse(line) as Line)
    : []

/** Puts a sitting behind the earlier ones, in the place of what they had of the same; a sitting of which nothing is left goes. */
export const merged = (earlier: ReadonlyArray<Line>, lines: ReadonlyArray<Line>): ReadonlyArray<Line> => {
  const again = new Set(lines.map(identity))
  const rest = earlier.filter(line => 'setting' in line || !again.has(identity(line)))
  const living = rest.filter((line, i) => !('setting' in line) || (rest[i + 1] !== undefined && !('setting' in rest[i + 1]!)))
  return [...living, ...lines]
}

/** Keeps the lines of a sitting, see `merged`. */
export const keep = (lines: ReadonlyArray<Line>): ReadonlyArray<Line> => {
  const all = merged(kept(), lines)
  writeFileSync(file, all.map(line => `${JSON.stringify(line)}\n`).join(''))
  return all
}

const identity = (line: Line): string => {
  if (isRate(line)) return `mm ${line.n} ${line.arithmetic}`
  if (isMeasurement(line)) {
    const { workload, contestant, threads, axis } = line
    return JSON.stringify([workload, contestant, threads, axis ?? '', axis === undefined ? '' : line[axis]])
  }
  return isMissing(line) ? JSON.stringify([line.workload, line.contestant, 'missing']) : 'setting'
}

/** Writes the tables and pictures into the page, between `<!-- bench: NAME -->` and `<!-- /bench -->`. */
export const fillPage = (lines: ReadonlyArray<Line>): void => {
  const pictures = picturesOf(lines)
  if (pictures.length > 0) mkdirSync(join(docs, 'images'), { recursive: true })
  pictures.forEach(({ name, svg }) => writeFileSync(join(docs, 'images', `${name}.svg`), svg))
  const parts = new Map([
    ...tablesOf(lines).map(({ name, title, markdown }) => [name, `${title}:\n\n${markdown}`] as const),
    ['settings', lines.flatMap(line => ('setting' in line ? [settingText(line.setting)] : [])).join('\n')] as const,
    ['curves', pictures.map(({ name, title }) => `![${title}](images/${name}.svg)`).join('\n\n')] as const,
  ])
  writeFileSync(page, filled(readFileSync(page, 'utf8'), parts))
}

/** The text of a page with its parts in their places, between `<!-- WORD: NAME -->` and `<!-- /WORD -->`; a part that is not there is said to be missing. */
export const filled = (text: string, parts: ReadonlyMap<string, string>, word = 'bench'): string =>
  text.replace(new RegExp(`(<!-- ${word}: (\\S+) -->\\n)[^]*?(<!-- /${word} -->)`, 'g'), (_, open: string, name: string, close: string) => {
    const part = parts.get(name)
    return `${open}${part ? `\n${part}\n\n` : '\nNot measured yet.\n\n'}${close}`
  })

const settingText = ({ command, date, commit, processor, cores, node, pinning, threads, packages }: Setting): string => {
  const pins = pinning === 'none' ? 'processes not pinned' : `processes pinned to ${threads === 1 ? 'one core' : `${threads} cores`}`
  const versions = Object.entries(packages).map(([name, version]) => `${name} ${version}`)
  return `- \`${command}\`: ${date}, commit ${commit}, ${processor}, ${cores} cores, ${pins}; Node ${node}, ${versions.join(', ')}`
}
