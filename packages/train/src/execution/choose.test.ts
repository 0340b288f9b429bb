import { equal, is, ok, suite, throws } from '@diffeo/testing'
import * as E from 'fp-ts/lib/Either.js'
import { chooseExecution, modelExecution, paysToCompile, resumedExecution } from './choose.ts'
import type { ExecutionOptions, Machine } from './choose.ts'
import { describeExecution, executionCodec } from './execution.ts'
import type { Execution } from './execution.ts'

const s = suite('how a fit is run')

const machine: Machine = { compiles: true, relaxedSimd: true }
const long = { steps: 1000, rows: 256, parameters: 50_000 }
const short = { ...long, steps: 5, parameters: 500 }
const relaxed: Execution = { mode: 'jit', simd: 'relaxed', workers: 1 }
const plain: Execution = { mode: 'jit', simd: 'plain', workers: 1 }
const eager: Execution = { mode: 'eager', simd: 'plain', workers: 1 }

s.test('compiled unless the fit is very short; sooner where a step is heavy', () => {
  is(paysToCompile({ steps: 11, rows: 64, parameters: 0 }), false)
  is(paysToCompile({ steps: 12, rows: 64, parameters: 0 }), true)
  const heavy = { rows: 512, parameters: 207_400 }
  is(paysToCompile({ ...heavy, steps: 2 }), false)
  is(paysToCompile({ ...heavy, steps: 3 }), true)
})

s.test('what is asked for goes before the rule, what the machine can before what is asked for', () => {
  const cases: ReadonlyArray<readonly [ExecutionOptions, Machine, typeof long, Execution]> = [
    [{}, machine, long, relaxed],
    [{}, machine, short, eager],
    [{ jit: true }, machine, short, relaxed],
    [{ jit: false }, machine, long, eager],
    [{ deterministic: true }, machine, long, plain],
    [{ deterministic: true }, machine, short, eager],
    [{}, { ...machine, relaxedSimd: false }, long, plain],
    [{ jit: true }, { ...machine, compiles: false }, long, eager],
  ]
  cases.forEach(([options, on, workload, expected]) => equal(chooseExecution(options, on, workload), expected))
  equal(modelExecution({}, machine), relaxed)
  equal(modelExecution({ deterministic: true }, machine), plain)
  equal(modelExecution({ jit: false }, machine), eager)
})

s.test('a resumed fit goes on as it began, whatever it would begin as now', () => {
  equal(resumedExecution(eager, relaxed, {}, machine, false), eager)
  equal(resumedExecution(plain, relaxed, {}, machine, false), plain)
  equal(resumedExecution(relaxed, eager, {}, machine, false), relaxed)
  equal(resumedExecution(plain, plain, { deterministic: true }, { ...machine, relaxedSimd: false }, false), plain)
})

s.test('where it cannot, or is asked not to, it says so; different bits have to be allowed', () => {
  const cases: ReadonlyArray<readonly [Execution, ExecutionOptions, Machine, RegExp]> = [
    [
      relaxed,
      {},
      { ...machine, relaxedSimd: false },
      /\(compiled, relaxed SIMD\), got a machine without relaxed SIMD; .*--allow-different-bits/,
    ],
    [relaxed, {}, { ...machine, compiles: false }, /got the backend '.*', which has no compiler/],
    [relaxed, { jit: false }, machine, /got jit: false \(--no-jit\); .*\(eager\)/],
    [relaxed, { deterministic: true }, machine, /got deterministic: true \(--deterministic\); .*\(compiled, plain SIMD\)/],
    [eager, { jit: true }, machine, /\(eager\), got jit: true/],
    [plain, { deterministic: false }, machine, /got deterministic: false/],
  ]
  cases.forEach(([stored, asked, on, expected]) => {
    const chosen = chooseExecution(asked, on, long)
    throws(() => resumedExecution(stored, chosen, asked, on, false), expected)
    equal(resumedExecution(stored, chosen, asked, on, true), chosen)
  })
})

s.test("written and read; the word 'eager' of older files is read too", () => {
  equal(executionCodec.decode(executionCodec.encode(relaxed)), E.right(relaxed))
  equal(executionCodec.decode('eager'), E.right(eager))
  ok(E.isLeft(executionCodec.decode('jit')))
  ok(E.isLeft(executionCodec.decode({ ...relaxed, simd: 'wide' })))
  is(describeExecution(relaxed), 'compiled, relaxed SIMD')
})

s.run()
