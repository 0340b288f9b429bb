/**
 * The laws of bijectors and distributions over many draws of the parameters: `npm run laws -- [flags]`.
 *
 *     --draws 1000   draws of the parameters of each member
 *     --rows 50      points for each draw
 *     --only text    members whose name holds the text
 *     --after 57     leave out the first of the list
 *     --eager        values by eager ops of tfjs' WASM backend instead of compiled code
 *     --fresh        forget what earlier runs found
 *
 * Prints for each member how much of what each law allows was used up, and every failure; ends with 1 where there is one. What was found is kept in
 * .cache/laws.json, so that a run that was stopped goes on where it was, as long as no source has
 * changed, and tries again what failed.
 */
import { parseArgs } from 'node:util'
import { useTestBackend } from '@diffeo/testing'
import { useWasmCompiler } from '@diffeo/wasm'
import { keptIn } from './kept.ts'
import { checkWidely } from './wide.ts'
import type { WideLaw } from './wide.ts'
import { checkDistributionWidely } from './wide-distributions.ts'
import { wideDistributionMembers, wideMembers } from './wide-members.ts'

const { values: flags } = parseArgs({
  options: {
    draws: { type: 'string', default: '1000' },
    rows: { type: 'string', default: '50' },
    only: { type: 'string', default: '' },
    after: { type: 'string', default: '0' },
    fresh: { type: 'boolean', default: false },
    eager: { type: 'boolean', default: false },
  },
})

await useTestBackend('wasm')
useWasmCompiler()

const laws: ReadonlyArray<WideLaw> = ['round trip', 'log-determinant', 'antisymmetry']
const width = {
  draws: Number(flags.draws),
  rows: Number(flags.rows),
  factors: [1, 10],
  modes: [flags.eager ? 'eager' : 'compiled'] as const,
}

/** What was found of one member, as it is kept: Infinity is no JSON. */
interface Found {
  readonly rows: number
  readonly lost: number
  readonly failures: ReadonlyArray<string>
  readonly shares: ReadonlyArray<string>
  readonly seconds: number
}

const kept = keptIn<Found>('laws.json', flags.fresh)
const share = (v: number): string => (Number.isFinite(v) ? v.toFixed(2) : 'FAILS')

const founds: Found[] = []
const found = (kind: string, name: string, find: () => Omit<Found, 'seconds'>): void => {
  const id = [kind, name, width.draws, width.rows, width.modes].join('; ')
  const started = Date.now()
  const before = kept.of(id)
  const now = before?.failures.length === 0 ? before : kept.as(id, { ...find(), seconds: Math.round((Date.now() - started) / 1000) })
  console.log(`| ${name} | ${now.rows}${now.lost > 0 ? ` (${now.lost} lost)` : ''} | ${now.shares.join(' | ')} |`)
  now.failures.forEach(failure => console.error(`  ${failure}`))
  founds.push(now)
}

const isWanted = ({ name }: { readonly name: string }, i: number): boolean => name.includes(flags.only) && i >= Number(flags.after)

console.log(`| member | rows | ${laws.join(' | ')} |\n| --- | --: | ${laws.map(() => '--:').join(' | ')} |`)
wideMembers.filter(isWanted).forEach(member =>
  found('bijector', member.name, () => {
    const { rows, lost, worst, failures } = checkWidely(member, width)
    return { rows, lost, failures, shares: laws.map(law => share(worst[law])) }
  }),
)
console.log('\n| distribution | rows | log-density of its samples |\n| --- | --: | --: |')
wideDistributionMembers
  .filter((member, i) => isWanted(member, wideMembers.length + i))
  .forEach(member =>
    found('distribution', member.name, () => {
      const { rows, lost, worst, failures } = checkDistributionWidely(member, width)
      return { rows, lost, failures, shares: [share(worst)] }
    }),
  )
const total = (of: (one: Found) => number): number => founds.reduce((sum, one) => sum + of(one), 0)
const failed = founds.filter(({ failures }) => failures.length > 0).length
console.log(`\n${founds.length} members, ${total(({ rows }) => rows)} rows (${total(({ lost }) => lost)} lost), ${failed} members fail`)
if (failed > 0) process.exitCode = 1
