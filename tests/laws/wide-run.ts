/**
 * The laws of bijectors and distributions over many draws of the parameters: `npm run laws -- [flags]`.
 *
 *     --draws 1000   draws of the parameters of each member
 *     --rows 50      points for each draw
 *     --only text    members whose name holds the text
 *     --eager        values by eager ops of tfjs' WASM backend instead of compiled code
 *
 * Prints for each member how much of what each law allows was used up, and every failure; ends with 1 where there is one.
 */
import { parseArgs } from 'node:util'
import { useTestBackend } from '@diffeo/testing'
import { useWasmCompiler } from '@diffeo/wasm'
import { checkWidely } from './wide.ts'
import type { WideLaw } from './wide.ts'
import { checkDistributionWidely } from './wide-distributions.ts'
import { wideDistributionMembers, wideMembers } from './wide-members.ts'

const { values: flags } = parseArgs({
  options: {
    draws: { type: 'string', default: '1000' },
    rows: { type: 'string', default: '50' },
    only: { type: 'string', default: '' },
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
console.log(`| member | rows | ${laws.join(' | ')} |\n| --- | --: | ${laws.map(() => '--:').join(' | ')} |`)
let failed = 0
for (const member of wideMembers.filter(({ name }) => name.includes(flags.only))) {
  const { rows, lost, worst, failures } = checkWidely(member, width)
  const shares = laws.map(law => (Number.isFinite(worst[law]) ? worst[law].toFixed(2) : 'FAILS'))
  console.log(`| ${member.name} | ${rows}${lost > 0 ? ` (${lost} lost)` : ''} | ${shares.join(' | ')} |`)
  failures.forEach(failure => console.error(`  ${failure}`))
  if (failures.length > 0) failed += 1
}
console.log('\n| distribution | rows | log-density of its samples |\n| --- | --: | --: |')
for (const member of wideDistributionMembers.filter(({ name }) => name.includes(flags.only))) {
  const { rows, lost, worst, failures } = checkDistributionWidely(member, width)
  console.log(`| ${member.name} | ${rows}${lost > 0 ? ` (${lost} lost)` : ''} | ${Number.isFinite(worst) ? worst.toFixed(2) : 'FAILS'} |`)
  failures.forEach(failure => console.error(`  ${failure}`))
  if (failures.length > 0) failed += 1
}
console.log(`\n${failed} members fail`)
if (failed > 0) process.exitCode = 1
