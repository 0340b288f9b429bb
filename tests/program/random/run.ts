/** `node --import tsx tests/program/random/run.ts [programs] [seed]`: compiles random programs and prints what it met. */
import { useTestBackend } from '@diffeo/testing'
import fc from 'fast-check'
import { checkPlan, emptyTally, shown } from './check.ts'
import { plans } from './programs.ts'

const [count = 1000, seed = 1] = process.argv.slice(2).map(Number)
await useTestBackend('cpu')
const tally = emptyTally()
const from = process.cpuUsage().user
const outcome = fc.check(
  fc.property(plans, plan => checkPlan(plan, tally)),
  { numRuns: count, seed },
)
const { ops, ...rest } = tally
console.log(JSON.stringify({ ...rest, seed, seconds: (process.cpuUsage().user - from) / 1e6 }))
console.log([...ops].sort((p, q) => p[1] - q[1]).map(([op, n]) => `${op} ${n}`).join(', ')) // prettier-ignore
if (outcome.failed) {
  console.log(shown(outcome.counterexample![0], outcome.errorInstance))
  process.exitCode = 1
}
