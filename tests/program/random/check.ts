import { dataOf, optimize, print, typesOf } from '@diffeo/program'
import type { Program } from '@diffeo/program'
import { compiled, resultsOf, withAllValues } from './compiled.ts'
import { inputsOf, programOf } from './programs.ts'
import type { Plan } from './programs.ts'
import { argumentsOf, misses, shaken } from './truth.ts'
import type { Values } from './truth.ts'

/** What a run over random programs met. */
export interface Tally {
  programs: number
  nodes: number
  readonly ops: Map<string, number>
  /** Results that were compared, that differ from those of the unfused program in their last bits, and that hang on such a bit. */
  numbers: number
  moved: number
  open: number
  arenaBytes: number
  peakBytes: number
}

export const emptyTally = (): Tally => ({
  programs: 0,
  nodes: 0,
  ops: new Map(),
  numbers: 0,
  moved: 0,
  open: 0,
  arenaBytes: 0,
  peakBytes: 0,
})

const alike = (a: number, b: number): boolean => a === b || (Number.isNaN(a) && Number.isNaN(b))

/** Ranges of the numbers that programs of the same meaning may give; none where a bit decides about more. */
const rangesOf = (program: Program, inputs: Values): ReadonlyArray<ReadonlyArray<readonly [number, number] | undefined>> => {
  const runs = [0, 1, 2, 3, 4].map(run => shaken(program, inputs, run))
  return resultsOf(program).map(value =>
    Array.from({ length: runs[0]![value]!.length }, (_, i) => {
      const all = runs.map(run => run[value]![i]!)
      if (all.every(x => Object.is(x, all[0]))) return [all[0]!, all[0]!] as const
      if (!all.every(Number.isFinite)) return undefined
      const [low, high] = [Math.min(...all), Math.max(...all)]
      const reach = 4 * (high - low) + 2 ** -149
      // digits that are lost leave nothing to compare
      return reach > 0.01 * Math.max(Math.abs(low), Math.abs(high)) ? undefined : ([low - reach, high + reach] as const)
    }),
  )
}

const compare = (what: string, program: Program, inputs: Values, actual: Values, expected: Values, tally: Tally): void => {
  const types = typesOf(program)
  let ranges: ReturnType<typeof rangesOf> | undefined
  resultsOf(program).forEach((value, r) => {
    const [a, e] = [actual[r]!, expected[r]!]
    if (a.length !== e.length) throw new Error(`${what}: expected ${e.length} numbers of result ${r}, got ${a.length}`)
    tally.numbers += a.length
    for (let i = 0; i < a.length; i++) {
      if (alike(a[i]!, e[i]!)) continue
      ranges ??= rangesOf(program, inputs)
      tally.moved += 1
      const range = ranges[r]![i]
      if (range === undefined) {
        tally.open += 1
        continue
      }
      const slack = types[value]!.dtype === 'float32' ? 4e-7 * Math.abs(e[i]!) : 0
      if (!(a[i]! >= range[0] - slack && a[i]! <= range[1] + slack))
        throw new Error(`${what}: expected ${e[i]} of result ${r} at ${i}, between ${range.join(' and ')}, got ${a[i]}`)
    }
  })
}

const checkNodes = (program: Program, values: Values): void =>
  argumentsOf(program, values).forEach(([node, types, from, result]) => {
    const wrong = misses(node, types, from, result)
    if (wrong.length > 0) throw new Error(wrong.join('\n'))
  })

/**
 * Compiles a random program, plain and relaxed, whole and optimized, and compares: every node with float64 on what it was given, to its
 * stated bound; the fused program with the one that stores every value.
 */
export const checkPlan = (plan: Plan, tally: Tally): void => {
  const program = programOf(plan)
  const inputs = inputsOf(program, plan)
  tally.programs += 1
  tally.nodes += program.nodes.length
  program.nodes.forEach(({ op }) => tally.ops.set(op, (tally.ops.get(op) ?? 0) + 1))
  for (const deterministic of [true, false]) {
    const name = deterministic ? 'plain' : 'relaxed'
    const all = compiled(withAllValues(program), inputs, deterministic)
    const values = [...inputs, ...program.constants.map(dataOf), ...all.values]
    checkNodes(program, values)
    const expected = resultsOf(program).map(value => values[value]!)
    const whole = compiled(program, inputs, deterministic)
    compare(`${name}, fused`, program, inputs, whole.values, expected, tally)
    if (deterministic) {
      const donated = compiled(
        program,
        inputs,
        deterministic,
        program.inputs.map((_, i) => i),
      )
      compare('donated', program, inputs, donated.values, whole.values, tally)
    }
    const optimized = compiled(optimize(program), inputs, deterministic)
    compare(`${name}, optimized`, program, inputs, optimized.values, expected, tally)
    tally.arenaBytes += whole.report.arenaBytes
    tally.peakBytes += whole.report.peakBytes
  }
}

/** A counterexample as a person reads it: the program, its inputs and what went wrong. */
export const shown = (plan: Plan, error: unknown): string => {
  const program = programOf(plan)
  const inputs = inputsOf(program, plan).map(
    (data, i) => `%${i} = ${[...data.subarray(0, 24)].join(', ')}${data.length > 24 ? ', ...' : ''}`,
  )
  return [print(program), ...inputs, error instanceof Error ? error.message : String(error), JSON.stringify(plan)].join('\n')
}
