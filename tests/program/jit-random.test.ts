import { ok, suite, useTestBackend } from '@diffeo/testing'
import { useWasmCompiler } from '@diffeo/wasm'
import fc from 'fast-check'
import { checkPlan, emptyTally, shown } from './random/check.ts'
import { checkFunction, emptyFunctionTally, shownFunction } from './random/functions-check.ts'
import * as functions from './random/functions.ts'
import * as programs from './random/programs.ts'

const s = suite('random programs, compiled')
s.before(async () => {
  await useTestBackend('cpu')
  useWasmCompiler()
})

/** As many as run in every change; `node --import tsx tests/program/random/run.ts 10000 10000` takes more. */
const [programCount, functionCount] = [500, 100]

const holds = <P>(plans: fc.Arbitrary<P>, numRuns: number, check: (plan: P) => void, show: (plan: P, error: unknown) => string): void => {
  const { failed, counterexample, errorInstance } = fc.check(fc.property(plans, check), { numRuns, seed: 3, endOnFailure: false })
  if (failed) throw new Error(show(counterexample![0], errorInstance))
}

s.test(
  `${programCount} programs of all primitives: each node to its bound, fused, optimized and donated as not, nothing else in memory touched`,
  () => {
    const tally = emptyTally()
    holds(programs.plans, programCount, plan => checkPlan(plan, tally), shown)
    const missing = programs.allOps.filter(op => !tally.ops.has(op))
    ok(missing.length === 0, `never met: ${missing.join()}`)
    ok(tally.nodes > 8 * programCount, `${tally.nodes} nodes`)
    ok(tally.open < 1e-3 * tally.numbers, `${tally.open} of ${tally.numbers} numbers hang on a bit`)
    ok(tally.arenaBytes <= 1.3 * tally.peakBytes, `arenas of ${tally.arenaBytes} for peaks of ${tally.peakBytes}`)
  },
  { seconds: 240 },
)

s.test(
  `${functionCount} functions with their gradients, and with NaN and infinities, as eager on cpu and in float64`,
  () => {
    const tally = emptyFunctionTally()
    holds(functions.plans, functionCount, plan => checkFunction(plan, tally), shownFunction)
    ok(tally.edges < 0.02 * 4 * functionCount, `${tally.edges} sat on an edge`)
    ok(tally.notFinite > functionCount, `${tally.notFinite} numbers were not finite`)
    ok(tally.worst <= 1e-5, `the largest relative difference is ${tally.worst}`)
  },
  { seconds: 120 },
)

s.run()
