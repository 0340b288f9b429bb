import { leaves } from '@diffeo/core'
import type { CompileReport, Data, Program } from '@diffeo/program'
import { wasmCompiler } from '@diffeo/wasm'
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { storage } from '../../../packages/wasm/src/backend/storage.ts'
import type { Values } from './truth.ts'

export interface Run {
  readonly values: Values
  readonly report: CompileReport
}

const pattern = 0x7fc0beef
/** Room for what a random program gives and for its scratch memory. */
const room = 1 << 18

/** Fills free memory with NaN, so that what is read before it is written shows. */
const spoil = (arenaBytes: number): readonly [from: number, to: number] => {
  const { runtime } = storage()
  const free = runtime.allocate(room)
  new Int32Array(runtime.memory.buffer, free, room / 4).fill(pattern)
  runtime.free(free)
  const scratch = runtime.scratch(arenaBytes + 64)
  new Int32Array(runtime.memory.buffer, scratch, Math.ceil(arenaBytes / 4) + 16).fill(pattern)
  return [scratch, scratch + arenaBytes]
}

/** Where memory changed outside of these parts. */
const changes = (
  before: Int32Array,
  after: Int32Array,
  allowed: ReadonlyArray<readonly [from: number, to: number]>,
): ReadonlyArray<number> => {
  const sorted = [...allowed].sort(([p], [q]) => p - q)
  const found: number[] = []
  let at = 0
  const scan = (end: number): void => {
    const [p, q] = [before.subarray(at / 4, end / 4), after.subarray(at / 4, end / 4)]
    if (Buffer.compare(bytesOf(p), bytesOf(q)) !== 0) found.push(at + 4 * p.findIndex((x, i) => x !== q[i]))
  }
  for (const [from, to] of sorted) {
    if (from > at) scan(from)
    at = Math.max(at, to)
  }
  scan(4 * before.length)
  return found
}

const bytesOf = (x: Int32Array): Uint8Array => new Uint8Array(x.buffer, x.byteOffset, x.byteLength)

/**
 * A compiled program's results, from memory that holds NaN where nothing was written.
 *
 * @throws Error where the call changed memory other than its results and its scratch memory
 */
export const compiled = (
  program: Program,
  inputs: ReadonlyArray<Data>,
  deterministic: boolean,
  donated: ReadonlyArray<number> = [],
): Run => {
  const { runtime, bring } = storage()
  const executable = wasmCompiler.compile(program, { deterministic, donated })
  const tensors = program.inputs.map(({ shape, dtype }, i) => tf.tensor(inputs[i]!, [...shape], dtype))
  const results: Tensor[] = []
  try {
    const pointers = tensors.map(bring)
    const report = executable.report()
    const scratch = spoil(report.arenaBytes)
    const before = new Int32Array(runtime.memory.buffer).slice()
    results.push(...executable.call(tensors))
    const parts = results.map(tensor => [bring(tensor), bring(tensor) + 4 * tensor.size] as const)
    const after = new Int32Array(runtime.memory.buffer, 0, before.length)
    const tables = placesOf([...pointers, ...results.map(bring)], after)
    const wrong = changes(before, after, [scratch, ...parts, ...tables])
    if (wrong.length > 0)
      throw new Error(
        `memory changed at ${wrong.join()}; results at ${parts.map(([p, q]) => `${p}-${q}`).join()}, scratch at ${scratch.join('-')}`,
      )
    return { values: results.map(tensor => tensor.dataSync() as unknown as ArrayLike<number>), report }
  } finally {
    tf.dispose([...tensors, ...results])
    executable.dispose()
  }
}

/** Where words stand one after the other: the table of pointers is such a place. */
const placesOf = (words: ReadonlyArray<number>, memory: Int32Array): ReadonlyArray<readonly [from: number, to: number]> => {
  const found: Array<readonly [number, number]> = []
  for (let at = memory.indexOf(words[0]!); words.length > 0 && at >= 0; at = memory.indexOf(words[0]!, at + 1))
    if (words.every((word, i) => memory[at + i] === word)) found.push([4 * at, 4 * (at + words.length)])
  return found
}

/** The same program with every value of a node given. */
export const withAllValues = (program: Program): Program => {
  const outside = program.inputs.length + program.constants.length
  const count = program.nodes.reduce((n, { outputs }) => n + outputs.length, 0)
  return { ...program, outputs: Array.from({ length: count }, (_, i) => outside + i) }
}

export const resultsOf = ({ outputs }: Program): ReadonlyArray<number> => leaves<number>(outputs)
