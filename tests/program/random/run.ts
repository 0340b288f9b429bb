/**
 * `node --import tsx tests/program/random/run.ts [programs] [functions] [seed]`: compiles random programs of all primitives and random tfjs
 * functions with their gradients, compares them, and prints what it met.
 */
import { useTestBackend } from '../../harness/backend.ts'
import { useWasmCompiler } from '@diffeo/wasm'
import fc from 'fast-check'
import { checkPlan, emptyTally, shown } from './check.ts'
import { checkFunction, emptyFunctionTally, shownFunction } from './functions-check.ts'
import * as functions from './functions.ts'
import * as programs from './programs.ts'

const [programCount = 1000, functionCount = 1000, seed = 1] = process.argv.slice(2).map(Number)
await useTestBackend('cpu')
useWasmCompiler()

/** What fails first is told at once: to make it small may take minutes. */
const telling = <P>(check: (plan: P) => void, show: (plan: P, error: unknown) => string): ((plan: P) => void) => {
  let told = false
  return plan => {
    try {
      check(plan)
    } catch (error) {
      if (!told) console.log(`${show(plan, error)}\n\nsmaller:\n`)
      told = true
      throw error
    }
  }
}

const run = <P>(count: number, plans: fc.Arbitrary<P>, check: (plan: P) => void, show: (plan: P, error: unknown) => string): number => {
  const from = process.cpuUsage().user
  const outcome = count === 0 ? { failed: false, counterexample: null, errorInstance: null } : fc.check(fc.property(plans, telling(check, show)), { numRuns: count, seed }) // prettier-ignore
  if (outcome.failed) {
    console.log(show(outcome.counterexample![0], outcome.errorInstance))
    process.exitCode = 1
  }
  return (process.cpuUsage().user - from) / 1e6
}

const met = emptyTally()
const seconds = run(programCount, programs.plans, plan => checkPlan(plan, met), shown)
const { ops, ...rest } = met
console.log(JSON.stringify({ ...rest, seed, seconds }))
console.log([...ops].sort((p, q) => p[1] - q[1]).map(([op, n]) => `${op} ${n}`).join(', ')) // prettier-ignore
const found = emptyFunctionTally()
const time = run(functionCount, functions.plans, plan => checkFunction(plan, found), shownFunction)
console.log(JSON.stringify({ ...found, seed, seconds: time }))
