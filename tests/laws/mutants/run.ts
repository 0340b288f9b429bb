/**
 * Plants errors in the sources, one after another, and says which of them the laws catch: `npm run mutants -- [flags]`.
 *
 *     --only text   mutants whose file or text holds the text
 *     --part 1/3    every third of them, from the first on
 *     --fresh       forget what earlier runs found
 *     --sound       plant nothing: every check must then hold
 *     --seconds 600 a check that takes longer counts as failed: an error may keep a loop from ending
 *
 * Files on disk stay as they are: a module hook gives a process the file with the error in it. What was found is kept in .cache/mutants.json, so that a run
 * that was stopped goes on where it was, and tries again what survived. Ends with 1 where an error survives.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { mutants } from './index.ts'
import type { Mutant } from './mutant.ts'

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    part: { type: 'string', default: '1/1' },
    fresh: { type: 'boolean', default: false },
    sound: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '600' },
  },
})

const root = fileURLToPath(new URL('../../..', import.meta.url))
const cache = join(root, '.cache', flags.sound ? 'mutants-sound.json' : 'mutants.json')

/** What caught an error; null where nothing did. */
interface Verdict {
  readonly by: string | null
  readonly said: string
}

const nodeWith = (mutant: Mutant, file: string): ReturnType<typeof spawnSync> =>
  spawnSync(process.execPath, [...(flags.sound ? [] : ['--import', new URL('plant.mjs', import.meta.url).href]), '--import', 'tsx', file], {
    cwd: root,
    encoding: 'utf8',
    timeout: 1000 * Number(flags.seconds),
    maxBuffer: 2 ** 28,
    env: { ...process.env, DIFFEO_MUTANT: JSON.stringify(mutant), ...(flags.sound && { DIFFEO_SOUND: '1' }) },
  })

const outputOf = ({ stdout, stderr }: ReturnType<typeof spawnSync>): string => `${String(stdout)}${String(stderr)}`
const isLate = ({ error }: ReturnType<typeof spawnSync>): boolean => (error as NodeJS.ErrnoException | undefined)?.code === 'ETIMEDOUT'

const byTables = (mutant: Mutant): Verdict => {
  const done = nodeWith(mutant, 'tests/laws/mutants/check.ts')
  if (isLate(done)) return { by: mutant.sees[0]!, said: `took longer than ${flags.seconds} s` }
  const said = /^@@mutant (.*)$/m.exec(outputOf(done))
  if (said === null) throw new Error(`mutants: expected a verdict on ${mutant.file}, got\n${outputOf(done).slice(-2000)}`)
  return JSON.parse(said[1]!) as Verdict
}

const byTest = (mutant: Mutant, test: string): Verdict => {
  const done = nodeWith(mutant, test)
  if (isLate(done)) return { by: test, said: `took longer than ${flags.seconds} s` }
  const output = outputOf(done)
  if (!output.includes('@@tally')) throw new Error(`mutants: expected tests to run in ${test}, got\n${output.slice(-2000)}`)
  const failed = /FAIL .*\n\s*(.*)/.exec(output)
  return done.status === 0 ? { by: null, said: '' } : { by: test, said: failed?.[1] ?? '' }
}

const checked = (mutant: Mutant): Verdict => {
  const tables = mutant.sees.length > 0 ? byTables(mutant) : { by: null, said: '' }
  return mutant.tests.reduce((verdict, test) => (verdict.by === null ? byTest(mutant, test) : verdict), tables)
}

const known: { [id: string]: Verdict } =
  !flags.fresh && existsSync(cache) ? (JSON.parse(readFileSync(cache, 'utf8')) as { [id: string]: Verdict }) : {}

const hashOf = (file: string): string =>
  createHash('sha256')
    .update(readFileSync(join(root, 'packages/core/src', file)))
    .digest('hex')
    .slice(0, 12)

/** A verdict is of the source that it was found on: when that changes, it is tried again. With nothing planted what is seen by the same is the same. */
const idOf = ({ kind, file, find, replace, sees, tests }: Mutant): string =>
  JSON.stringify(flags.sound ? [sees, tests] : [kind, file, hashOf(file), find, replace, sees, tests])

const [part, parts] = flags.part.split('/').map(Number) as [number, number]
const chosen = mutants
  .filter((_, i) => i % parts === part - 1)
  .filter(({ file, find }) => file.includes(flags.only) || find.includes(flags.only))
mkdirSync(join(root, '.cache'), { recursive: true })
chosen.forEach((mutant, i) => {
  const id = idOf(mutant)
  // what survived is tried again: a law may have become stronger
  if (known[id] !== undefined && (known[id].by !== null || flags.sound)) return
  const started = Date.now()
  const verdict = checked(mutant)
  known[id] = verdict
  writeFileSync(cache, JSON.stringify(known, null, 1))
  const seconds = ((Date.now() - started) / 1000).toFixed(1)
  console.error(`${i + 1} of ${chosen.length}, ${seconds} s, ${mutant.file}, ${mutant.kind}: ${verdict.by ?? 'nothing fails'}`)
})

const verdictOf = (mutant: Mutant): Verdict => known[idOf(mutant)]!
const cell = (text: string): string => text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|')
if (flags.sound) {
  const failing = chosen.filter(mutant => verdictOf(mutant).by !== null)
  failing.forEach(mutant => console.log(`${verdictOf(mutant).by}: ${verdictOf(mutant).said}`))
  console.log(`with nothing planted ${failing.length} of ${chosen.length} checks fail`)
  process.exitCode = failing.length > 0 ? 1 : 0
} else {
  console.log('| file | what is wrong | stands there | planted | caught by |\n| --- | --- | --- | --- | --- |')
  chosen.forEach(mutant =>
    console.log(
      `| ${mutant.file} | ${mutant.kind} | \`${cell(mutant.find)}\` | \`${cell(mutant.replace)}\` | ${cell(verdictOf(mutant).by ?? 'NOTHING')} |`,
    ),
  )
  const kinds = [...new Set(chosen.map(({ kind }) => kind))]
  const count = (of: ReadonlyArray<Mutant>): string => `${of.filter(mutant => verdictOf(mutant).by !== null).length} of ${of.length}`
  console.log(`\n${kinds.map(kind => `${kind} ${count(chosen.filter(mutant => mutant.kind === kind))}`).join(', ')}`)
  console.log(`${count(chosen)} caught`)
  process.exitCode = chosen.every(mutant => verdictOf(mutant).by !== null) ? 0 : 1
}
