import { stack, unstack } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { activeTracer } from '../ops/tracer.ts'
import type { LoopStep } from '../ops/tracer.ts'
import { handle, isTapeOn, tidy } from '../tensor.ts'
import { entries, leaves, showPath, unflatten } from '../tree.ts'
import type { Tree } from '../tree.ts'
import { carriedLeaves } from './flat.ts'

/** What a step of `scan` gives: the carry for the next step, and what is kept of this one. */
export type Step<C, Y> = {
  readonly carry: C
  readonly y: Y
}

/** What `scan` gives: the last carry, and what was kept of each step, along a new first axis. */
export type Scanned<C, Y> = {
  readonly carry: C
  readonly ys: Y
}

/** `length` is asked for where there are no `xs`; in `reverse` the last row comes first, and y_i stands beside x_i. */
export interface ScanOptions {
  readonly length?: number
  readonly reverse?: boolean
}

/**
 * One function applied again and again to a carry, with one row of `xs` after another:
 *
 *   carry_i+1, y_i = body(carry_i, x_i)
 *
 * Outside a trace it is a loop. In a trace it is one node, whatever its length: the body is recorded once, tensors that it captures are
 * inputs of the node, and its gradient is a scan in the other direction; derivatives of any order are right. The body is a pure function,
 * and the carry that it gives has the structure, shapes and dtypes of the one that it is given.
 *
 * @param xs a tree of tensors [length, ...]; may be empty
 * @throws RangeError when there is no step, lengths differ, or a carry changes its shape
 * @throws TypeError when a carry changes its structure
 * @example scan((sum, x) => ({ carry: add(sum, x), y: sum }), scalar(0), tensor1d([1, 2, 3])) // carry 6, ys [0, 1, 3]
 */
export const scan = <C extends Tree<Tensor>, X extends Tree<Tensor>, Y extends Tree<Tensor>>(
  body: (carry: C, x: X) => Step<C, Y>,
  carry: C,
  xs: X,
  options: ScanOptions = {},
): Scanned<C, Y> => {
  const loop = { length: lengthOf(xs, options.length), reverse: options.reverse ?? false }
  const kept: { y?: Tree<Tensor> } = {}
  // unflatten keeps the structures of carry and xs
  const plain = body as unknown as (carry: Tree<Tensor>, x: Tree<Tensor>) => Step<Tree<Tensor>, Y>
  const step: LoopStep = (carried, x) => {
    const given = unflatten<Tensor, Tensor>(carry, carried)
    const next = plain(given, unflatten<Tensor, Tensor>(xs, x))
    kept.y = next.y
    return { carry: carriedLeaves('scan', given, next.carry), ys: leaves<Tensor>(next.y) }
  }
  return tidy(() => {
    const run = activeTracer()?.scan ?? loopEagerly
    const { carry: last, ys } = differentiatedAsHere(() => run(step, leaves<Tensor>(carry), leaves<Tensor>(xs), loop))
    const scanned = { carry: unflatten(carry, last), ys: unflatten(kept.y!, ys) }
    return scanned as unknown as Scanned<C, Y>
  })
}

const around = { isDifferentiated: false }

/** Whether a gradient is being taken of what runs now: also in the body of a scan, which is recorded apart from the tape around it. */
export const isDifferentiated = (): boolean => isTapeOn() || around.isDifferentiated

const differentiatedAsHere = <A>(f: () => A): A => {
  const before = around.isDifferentiated
  around.isDifferentiated = isDifferentiated()
  try {
    return f()
  } finally {
    around.isDifferentiated = before
  }
}

const loopEagerly = (
  step: LoopStep,
  carry: ReadonlyArray<Tensor>,
  xs: ReadonlyArray<Tensor>,
  { length, reverse }: { readonly length: number; readonly reverse: boolean },
): ReturnType<LoopStep> => {
  const rows = xs.map(x => unstack(x))
  const kept = new Array<ReadonlyArray<Tensor>>(length)
  let carried = carry
  for (let n = 0; n < length; n++) {
    const i = reverse ? length - 1 - n : n
    const x = rows.map(row => row[i]!)
    const next = tidy(() => {
      const made = step(carried, x)
      // a carry that is what was given, or what the body captured, has a handle of its own
      return { carry: made.carry.map(handle), ys: made.ys }
    })
    carried = next.carry
    kept[i] = next.ys
  }
  return { carry: carried, ys: kept[0]!.map((_, leaf) => stack(kept.map(ys => ys[leaf]!))) }
}

const lengthOf = (xs: Tree<Tensor>, length: number | undefined): number => {
  const [first] = leaves(xs)
  const steps = length ?? first?.shape[0]
  if (steps === undefined || !Number.isInteger(steps) || steps < 1)
    throw new RangeError(`scan: expected one step or more, got ${steps ?? 'neither xs nor a length'}`)
  for (const [path, x] of entries(xs))
    if (x.shape[0] !== steps)
      throw new RangeError(`scan: expected ${steps} rows in each of xs, got a tensor of shape [${x.shape.join(', ')}] at ${showPath(path)}`)
  return steps
}
