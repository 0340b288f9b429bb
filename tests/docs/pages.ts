import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A fenced block of a page: its language, its text, the line of its first line (from 1), and the comment right above it. */
export interface Block {
  readonly language: string
  /** Whether the word `continues` stands behind the language. */
  readonly continues: boolean
  readonly text: string
  readonly line: number
  readonly directive: string | undefined
}

/** What a page has to be run: in the order of the page. */
export type Step =
  /** TypeScript blocks that make one program; on the lines on which they stand in the page. */
  | { readonly _tag: 'program'; readonly source: string; readonly line: number }
  /** A command line of `diffeo`, and the exit code that the page gives for it. */
  | { readonly _tag: 'command'; readonly arguments: ReadonlyArray<string>; readonly exitCode: number; readonly line: number }
  /** A file that the page shows and that what follows reads. */
  | { readonly _tag: 'file'; readonly name: string; readonly text: string }
  /** Lines that what was run last has printed. */
  | { readonly _tag: 'output'; readonly lines: ReadonlyArray<string>; readonly line: number }

export interface Page {
  /** From the root of the repository. */
  readonly path: string
  readonly markdown: string
}

export const root: string = fileURLToPath(new URL('../..', import.meta.url))

/** README.md and every page of docs. */
export const pages = (): ReadonlyArray<Page> =>
  [
    'README.md',
    ...readdirSync(join(root, 'docs'))
      .filter(name => name.endsWith('.md'))
      .sort()
      .map(name => `docs/${name}`),
    'docs/data/README.md',
  ].map(path => ({ path, markdown: readFileSync(join(root, path), 'utf8') }))

/** The fenced blocks of a page. */
export const blocksOf = ({ markdown, path }: Page): ReadonlyArray<Block> => {
  const blocks: Block[] = []
  let open: (Omit<Block, 'text' | 'line'> & { readonly from: number }) | undefined
  const lines = markdown.split('\n')
  lines.forEach((line, i) => {
    if (open === undefined) {
      const fence = /^```(\w*)( continues)?$/.exec(line)
      if (line.startsWith('```') && !fence) throw new Error(`${path}:${i + 1}: expected a language, got '${line}'`)
      if (fence)
        open = {
          language: fence[1]!,
          continues: fence[2] !== undefined,
          from: i + 1,
          directive: /^<!-- (.*) -->$/.exec(lines[i - 1] ?? '')?.[1],
        }
      return
    }
    if (!line.startsWith('```')) return
    const { from, ...rest } = open
    blocks.push({ ...rest, text: lines.slice(from, i).join('\n'), line: from + 1 })
    open = undefined
  })
  return blocks
}

/**
 * What of a page is run:
 *
 *   ts      a block that begins with an import begins a program; one that does not, or says `ts continues`, goes on with the program
 *           above it
 *   sh      lines that begin with `diffeo` are run by the command's `main`; `# exit 2` at the end is the exit code to expect
 *   text    below `<!-- output -->`: lines that the last program or command has printed, decimals within 5 % and one in the last place
 *   any     below `<!-- file: NAME -->`: the block is written to that file
 */
export const stepsOf = (page: Page): ReadonlyArray<Step> => {
  const steps: Step[] = []
  for (const { language, continues, text, line, directive } of blocksOf(page)) {
    const file = /^file: (\S+)$/.exec(directive ?? '')?.[1]
    if (file !== undefined) steps.push({ _tag: 'file', name: file, text: `${text}\n` })
    else if (directive === 'output') steps.push({ _tag: 'output', lines: text.split('\n').filter(l => l.trim() !== ''), line })
    else if (language === 'sh') steps.push(...commandsOf(text, line))
    else if (language === 'ts') addProgram(steps, text, { begins: text.startsWith('import ') && !continues, line, path: page.path })
  }
  return steps
}

const addProgram = (
  steps: Step[],
  text: string,
  { begins, line, path }: { readonly begins: boolean; readonly line: number; readonly path: string },
): void => {
  const at = steps.findLastIndex(step => step._tag === 'program')
  const above = steps[at]
  if (begins) steps.push({ _tag: 'program', source: `${'\n'.repeat(line - 1)}${text}\n`, line })
  else if (above?._tag === 'program') {
    const gap = line - above.source.split('\n').length
    steps[at] = { ...above, source: `${above.source}${'\n'.repeat(gap)}${text}\n` }
  } else throw new Error(`${path}:${line}: expected a program above a block without imports, got none`)
}

const commandsOf = (text: string, line: number): ReadonlyArray<Step> =>
  text.split('\n').flatMap((command, i) => {
    if (!command.startsWith('diffeo ')) return []
    const [, bare = '', code] = /^diffeo (.*?)\s*(?:# exit (\d+))?$/.exec(command.replace(/\s+#(?! exit \d).*$/, ''))!
    return [{ _tag: 'command', arguments: wordsOf(bare), exitCode: Number(code ?? 0), line: line + i }]
  })

/** A command line's words; quotes hold spaces together. */
const wordsOf = (command: string): ReadonlyArray<string> =>
  [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, double, single, plain]) => double ?? single ?? plain!)

/**
 * The first of some lines that another text does not have, after those before it; undefined where it has all. Numbers with a
 * decimal point agree within 5 % and one in the last place, and white space counts as one blank.
 */
export const missingLine = (lines: ReadonlyArray<string>, printed: string): string | undefined => {
  const rest = printed.split('\n')
  return lines.find(line => {
    const at = rest.findIndex(candidate => alike(line, candidate))
    rest.splice(0, at + 1)
    return at < 0
  })
}

const decimal = /-?\d+\.\d+(?:e[+-]?\d+)?/g

const alike = (expected: string, actual: string): boolean => {
  const [a, b] = [expected, actual].map(line => line.trim().replace(/\s+/g, ' '))
  const [p, q] = [a!.match(decimal) ?? [], b!.match(decimal) ?? []]
  if (a!.replace(decimal, '#') !== b!.replace(decimal, '#') || p.length !== q.length) return false
  return p.every((x, i) => Math.abs(Number(x) - Number(q[i])) <= 0.05 * Math.abs(Number(x)) + 1.01 * lastPlace(x))
}

/** The size of a decimal's last digit. */
const lastPlace = (x: string): number => {
  const [digits = '', exponent = '0'] = x.split('e')
  return 10 ** (Number(exponent) - (digits.split('.')[1]?.length ?? 0))
}
