/**
 * The benchmark: `npm run bench -- [flags]`, see docs/benchmarks.md.
 *
 *     --only W1,W4        sections: W1 ... W6, W8, mm, call, first, depth, memory, parallel (these unless said), W1-dim, W4-rows, ...; curves for all
 *                         of the last; X-naf, X-planar, ...; transformers for all of these
 *     --contestants a,b   diffeo, diffeo-plain, diffeo-eager, tfjs-wasm, jax-js (all)
 *     --peers PYTHON      an interpreter that has zuko, nflows and flowjax: they take part as well
 *     --threads 1         cores that every contestant is pinned to, and threads of the peers in Python
 *     --rounds 15         turns that every contestant gets
 *     --quick             few and short turns: for trying it out
 *     --json              a line of JSON for each measurement; the tables go to the standard error
 *     --save              keeps the lines in docs/benchmarks.jsonl, and fills docs/benchmarks.md with them
 *     --page              measures nothing: fills docs/benchmarks.md with the lines that were kept
 */
import { parseArgs } from 'node:util'
import { bundled } from './bundle.ts'
import { contestants, isContestant } from './contestants/index.ts'
import { fieldOf, pythonPeers } from './field.ts'
import type { Name } from './field.ts'
import type { Line } from './measurement.ts'
import { fillPage, keep, kept } from './page.ts'
import type { Pace } from './rounds.ts'
import { curveIds, familyIds, sections } from './sections.ts'
import { settingOf } from './setting.ts'
import { report } from './tables.ts'

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string' },
    contestants: { type: 'string' },
    peers: { type: 'string' },
    threads: { type: 'string', default: '1' },
    rounds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    save: { type: 'boolean', default: false },
    page: { type: 'boolean', default: false },
  },
})

const countOf = (flag: string, text: string): number => {
  const count = Number(text)
  if (!Number.isSafeInteger(count) || count < 1) throw new RangeError(`bench: expected --${flag} to be a whole number from 1, got ${text}`)
  return count
}

const chosen = <A extends string>(flag: string, text: string | undefined, known: ReadonlyArray<A>, otherwise = known): ReadonlyArray<A> => {
  const words = text?.split(',').map(word => word.trim())
  const unknown = words?.find(word => !(known as ReadonlyArray<string>).includes(word))
  if (unknown !== undefined) throw new RangeError(`bench: expected --${flag} of ${known.join(', ')}, got ${unknown}`)
  return words === undefined ? otherwise : known.filter(word => words.includes(word))
}

const measure = async (): Promise<void> => {
  const threads = countOf('threads', flags.threads)
  const ids = sections.map(({ id }) => id)
  const extra = [...curveIds, ...familyIds]
  const asked = chosen('only', flags.only, [...ids, 'curves', 'transformers'], ids.filter(id => !extra.includes(id))) // prettier-ignore
  const wanted = asked.flatMap(id => (id === 'curves' ? curveIds : id === 'transformers' ? familyIds : [id]))
  const names: ReadonlyArray<Name> = [
    ...chosen('contestants', flags.contestants, Object.keys(contestants).filter(isContestant)),
    ...(flags.peers === undefined ? [] : pythonPeers),
  ]
  const pace: Pace = flags.quick
    ? { rounds: 2, burstSeconds: 0, warmSeconds: 0, mostSeconds: 1, limitSeconds: 120, threads }
    : { rounds: countOf('rounds', flags.rounds ?? '15'), burstSeconds: 0.25, warmSeconds: 1, mostSeconds: 60, limitSeconds: 300, threads }
  const [child, cold, products] = await bundled('child', 'cold', 'products')
  const field = fieldOf({ names, threads, python: flags.peers, child: child!, cold: cold!, products: products! })
  const typed = process.argv.slice(2).map(word => (word === flags.peers ? 'PYTHON' : word))
  const lines: Line[] = [{ setting: settingOf(`npm run bench -- ${typed.join(' ')}`.trim(), threads, flags.quick) }]
  const emit = (more: ReadonlyArray<Line>): void => {
    lines.push(...more)
    if (flags.json) more.forEach(line => console.log(JSON.stringify(line)))
  }
  if (flags.json) console.log(JSON.stringify(lines[0]))
  for (const section of sections.filter(({ id }) => wanted.includes(id))) {
    console.error(`${section.id}: ${section.title}`)
    await section.run(field, pace, flags.quick, emit)
  }
  const tables = report(lines)
  if (flags.json) console.error(tables)
  else console.log(tables)
  if (flags.save) fillPage(keep(lines))
}

try {
  if (flags.page) fillPage(kept())
  else await measure()
} catch (thrown) {
  if (!(thrown instanceof RangeError)) throw thrown
  console.error(thrown.message)
  process.exitCode = 2
}
