import type { Emit } from '../emit.ts'
import type { Value } from '../program.ts'
import { upTo } from '../shape.ts'

/** A tfjs kernel that was called while tracing. */
export interface Call {
  readonly kernel: string
  readonly attrs: Readonly<Record<string, unknown>>
  readonly emit: Emit
  /** All inputs in order. */
  readonly inputs: ReadonlyArray<Value>
  /** The input of a name. */
  input(name: string): Value
  /** The input of a name that may be left out. */
  optional(name: string): Value | undefined
}

/** What a kernel does, in primitives: its result, or its results. */
export type Lowering = (call: Call) => Value | ReadonlyArray<Value>

/** Lowerings by the names of the kernels. */
export type Lowerings = Readonly<Record<string, Lowering>>

/** Axes as tfjs gives them (a number, a list, nothing for all; negative ones count from the end) as rising axes from 0. */
export const axesOf = (axis: unknown, rank: number): ReadonlyArray<number> => {
  if (axis === undefined || axis === null) return upTo(rank)
  const given: ReadonlyArray<unknown> = Array.isArray(axis) ? axis : [axis]
  return [...new Set(given.map(a => axisOf(a, rank)))].sort((a, b) => a - b)
}

/**
 * One axis, counted from 0.
 *
 * @throws RangeError when there is no such axis
 */
export const axisOf = (axis: unknown, rank: number): number => {
  const counted = (axis as number) < 0 ? (axis as number) + rank : (axis as number)
  if (!Number.isInteger(counted) || counted < 0 || counted >= rank)
    throw new RangeError(`trace: expected an axis of a tensor of rank ${rank}, got ${String(axis)}`)
  return counted
}
