import { dataOf, optimize, print, typesOf } from '@diffeo/program'
import type { DType, Program } from '@diffeo/program'
import { compiled, resultsOf, withAllValues } from './compiled.ts'
import { inputsOf, programOf } from './programs.ts'
import type { Plan } from './programs.ts'
import { appliedIn, misses, shaken, shakenNode } from './truth.ts'
import type { Applied, Values } from './truth.ts'

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

type Range = readonly [low: number, high: number]

/** Ranges of the numbers that implementations may give; none where a bit decides about more. */
const rangesOf = (runs: ReadonlyArray<Values>): ReadonlyArray<ReadonlyArray<Range | undefined>> =>
  runs[0]!.map((first, r) =>
    Array.from(first, (_, i) => {
      const all = runs.map(run => run[r]![i]!)
      if (all.every(x => Object.is(x, all[0]))) return [all[0]!, all[0]!] as const
      if (!all.every(Number.isFinite)) return undefined
      const [low, high] = [Math.min(...all), Math.max(...all)]
      const reach = 4 * (high - low) + 2 ** -149
      // digits that are lost leave nothing to compare
      return reach > 0.01 * Math.max(Math.abs(low), Math.abs(high)) ? undefined : ([low - reach, high + reach] as const)
    }),
  )

const fiveRuns = [0, 1, 2, 3, 4]
/** Before anything is blamed: a step between numbers shows in some of many runs. */
const manyRuns = Array.from({ length: 60 }, (_, run) => run)

/** Whether a number lies in its range, with the rounding of float32. */
const isIn = (range: Range, a: number, dtype: DType): boolean => {
  if (alike(a, range[0])) return true
  const slack = dtype === 'float32' ? 4e-7 * Math.max(Math.abs(range[0]), Math.abs(range[1])) + 2 ** -149 : 0
  return a >= range[0] - slack && a <= range[1] + slack
}

const compare = (
  what: string,
  program: Program,
  inputs: Values,
  actual: Values,
  expected: Values,
  tally: Tally,
  hasOverflowed = false,
): void => {
  const types = typesOf(program)
  const known = new Map<ReadonlyArray<number>, ReturnType<typeof rangesOf>>()
  const rangeOf = (runs: ReadonlyArray<number>, r: number, i: number): Range | undefined => {
    const ranges = known.get(runs) ?? rangesOf(runs.map(run => resultValues(program, shaken(program, inputs, run))))
    known.set(runs, ranges)
    return ranges[r]![i]
  }
  resultsOf(program).forEach((value, r) => {
    const [a, e] = [actual[r]!, expected[r]!]
    if (a.length !== e.length) throw new Error(`${what}: expected ${e.length} numbers of result ${r}, got ${a.length}`)
    tally.numbers += a.length
    for (let i = 0; i < a.length; i++) {
      if (alike(a[i]!, e[i]!)) continue
      tally.moved += 1
      if (hasOverflowed && !(Number.isFinite(a[i]!) && Number.isFinite(e[i]!))) {
        tally.open += 1
        continue
      }
      // what the nodes gave one by one is right, so where it lies outside a step was between them
      const decides = (range: Range | undefined): range is Range => range !== undefined && isIn(range, e[i]!, types[value]!.dtype)
      const few = rangeOf(fiveRuns, r, i)
      if (decides(few) && isIn(few, a[i]!, types[value]!.dtype)) continue
      const range = decides(few) ? rangeOf(manyRuns, r, i) : undefined
      if (!decides(range)) tally.open += 1
      else if (!isIn(range, a[i]!, types[value]!.dtype))
        throw new Error(`${what}: expected ${e[i]} of result ${r} at ${i}, between ${range.join(' and ')}, got ${a[i]}`)
    }
  })
}

const resultValues = (program: Program, values: Values): Values => resultsOf(program).map(value => values[value]!)

/** A loop gives what its body gives in float64, moved about by as much as each of its nodes may be off. */
const loopMisses = (applied: Applied): ReadonlyArray<string> =>
  missesOfRuns(applied, fiveRuns).length === 0 ? [] : missesOfRuns(applied, manyRuns)

const missesOfRuns = ({ node, types, inputs, results }: Applied, runs: ReadonlyArray<number>): ReadonlyArray<string> => {
  const ranges = rangesOf(runs.map(run => shakenNode(node, types, inputs, run)))
  return results.flatMap((result, r) =>
    Array.from(result).flatMap((a, i) => {
      const range = ranges[r]![i]
      return range === undefined || isIn(range, a, node.outputs[r]!.dtype)
        ? []
        : [`${node.op} result ${r} at ${i}: expected ${range.join(' to ')}, got ${a}`]
    }),
  )
}

const checkNodes = (program: Program, values: Values): void =>
  appliedIn(program, values).forEach(applied => {
    const { node, types, inputs, results } = applied
    const isLoop = node.op === 'scan' || node.op === 'while'
    const wrong = isLoop ? loopMisses(applied).slice(0, 3) : misses(node, types, inputs, results[0]!)
    if (wrong.length > 0) throw new Error(wrong.join('\n'))
  })

const singular: ReadonlyArray<string> = ['div', 'reciprocal', 'rsqrt', 'log', 'log1p', 'atanh', 'pow', 'mod', 'floorDiv']

/** Whether finite numbers somewhere became too large, or are near it: in another order of factors and sums they may, or not. */
const overflows = (program: Program, values: Values): boolean =>
  values.some(x => Array.from(x).some(v => Math.abs(v) > 1e18 && Number.isFinite(v))) ||
  appliedIn(program, values).some(
    ({ node, inputs, results }) =>
      !singular.includes(node.op) &&
      results.some(y => Array.from(y).some((v, i) => Math.abs(v) === Infinity && inputs.every(x => Number.isFinite(x[i] ?? 0)))),
  )

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
    compare(`${name}, optimized`, program, inputs, optimized.values, expected, tally, overflows(program, values))
    // loops keep their carries twice, and the arenas of their bodies
    if (!program.nodes.some(({ op }) => op === 'scan' || op === 'while')) {
      tally.arenaBytes += whole.report.arenaBytes
      tally.peakBytes += whole.report.peakBytes
    }
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
