/**
 * Rounding errors of every transformer: `npm run numerics -- [flags]`.
 */
import { parseArgs } from 'node:util'
import { useTestBackend } from '@diffeo/testing'
import { useWasmCompiler } from '@diffeo/wasm'
import { measured } from './elementwise.ts'
import { numericsMembers } from './members.ts'

const { values: flags } = parseArgs({
  options: {
    sets: { type: 'string', default: '50' },
    points: { type: 'string', default: '4001' },
    only: { type: 'string', default: '' },
    eager: { type: 'boolean', default: false },
  },
})

await useTestBackend('cpu')
useWasmCompiler()
const extent = { sets: Number(flags.sets), points: Number(flags.points), isEager: flags.eager }
const show = (v: number): string => (Number.isFinite(v) ? v.toPrecision(2) : String(v))
console.log(
  `| transformer | round trip | residual | from theta | residual x 10 | from theta x 10 | not finite | falling |\n| --- | --: | --: | --: | --: | --: | --: | --: |`,
)
for (const member of numericsMembers.filter(({ name }) => name.includes(flags.only))) {
  const start = performance.now()
  const one = measured(member, { ...extent, spread: 1 })
  const ten = measured(member, { ...extent, spread: 10 })
  console.log(
    `| ${member.name} | ${show(one.roundTrip)} | ${show(one.residual)} | ${show(one.fromTheta)} | ${show(ten.residual)} | ${show(ten.fromTheta)} | ${one.nonfinite + ten.nonfinite} | ${one.falling + ten.falling} |`,
  )
  console.error(`${((performance.now() - start) / 1000).toFixed(1)} s`)
}
