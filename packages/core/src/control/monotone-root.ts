import {
  abs,
  add,
  any,
  div,
  equal,
  exp,
  fill,
  greater,
  isFinite,
  isNaN,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  mul,
  neg,
  scalar,
  sub,
  where,
} from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { ScalarSupport } from '../contracts.ts'
import { pullback } from '../ops/pullback.ts'
import { isTracing } from '../ops/tracer.ts'
import { ends } from '../support.ts'
import { handle, tidy } from '../tensor.ts'
import { leaves, mapTree, unflatten } from '../tree.ts'
import type { Tree } from '../tree.ts'
import { whileLoop } from './while-loop.ts'

/** The value of an increasing function and the logarithm of its derivative, both of the shape of its argument. */
export interface Sloped {
  readonly y: Tensor
  readonly logDeriv: Tensor
}

/** Where a root is looked for. */
export interface RootOptions {
  /** The set on which the function is defined; real unless given. */
  readonly domain?: ScalarSupport
  /** The size of x that counts as small: roots are found within a few roundings of |x| + scale. 1 unless given. */
  readonly scale?: number
}

/** More steps than a bracket can take to grow to the largest float and to shrink to two neighbouring ones. */
const mostSteps = 600
const epsilon = 2 ** -23

/**
 * The x at which an increasing function takes the values y, each number by itself: Newton's steps where they converge fast, kept within a
 * bracket that first grows until it holds the root and is halved wherever Newton's step would leave it or is slow.
 *
 * f works elementwise: x of one place moves the value of that place alone. It gets tensors through `given`, never by capture. The derivatives
 * of x by y and by `given` are those of the implicit function theorem, of any order: with f(x; c) = y, dx = (dy - df/dc dc) / f'(x). What is
 * found for one number does not depend on the others. NaN in y, or out of f, gives NaN; an infinity gives itself.
 *
 * A number without a root (out of the range of f, or f is flat or jumps) is an error that names the rows. In a trace, where no value can be
 * read, it is NaN.
 *
 * @throws RangeError naming the rows that have no root, outside a trace
 * @example monotoneRoot((x, a) => ({ y: add(x, mul(a, tanh(x))), logDeriv: log(add(1, mul(a, sub(1, square(tanh(x)))))) }), y, a)
 */
export const monotoneRoot = <K extends Tree<Tensor>>(
  f: (x: Tensor, given: K) => Sloped,
  y: Tensor,
  given: K,
  { domain = { _tag: 'real' }, scale = 1 }: RootOptions = {},
): Tensor => {
  // a kernel of no rows may write past their end
  if (y.size === 0) return handle(y)
  return tidy(() => {
    const bracket = ends(domain)
    // unflatten keeps the structure of given
    const plain = f as unknown as Sloping
    const consts: Consts = { y, given }
    const { x, done } = whileLoop(
      ({ done, steps }: State) => logicalAnd(any(logicalNot(done)), less(steps, scalar(mostSteps, 'int32'))),
      (state: State, { y: target, given: at }: Consts) => stepped(plain(state.x, at), state, target, bracket, scale),
      startOf(y, bracket, scale),
      consts,
      { vjp: ({ cotangent, result, consts: c }) => ({ consts: implicit(plain, cotangent.x, result.x, c) }) },
    )
    const isLost = logicalAnd(isFinite(y), logicalNot(logicalAnd(done, logicalOr(isFinite(x), isNaN(x)))))
    if (!isTracing()) refuseLost(isLost, y)
    return where(isLost, fill(x.shape, NaN), x)
  })
}

type Sloping = (x: Tensor, given: Tree<Tensor>) => Sloped
type Ends = readonly [number, number]
type Consts = { readonly y: Tensor; readonly given: Tree<Tensor> }

/** A guess, the bracket, the length of the last step; whether the guess is final: an infinity then says that there is no root. */
type State = {
  readonly x: Tensor
  readonly low: Tensor
  readonly high: Tensor
  readonly last: Tensor
  readonly done: Tensor
  readonly steps: Tensor
}

const startOf = (y: Tensor, [low, high]: Ends, scale: number): State => {
  const all = (value: number): Tensor => fill(y.shape, value)
  const isNumber = isFinite(y)
  // the functions of flows are near the identity
  const guess = low === -Infinity && high === Infinity ? y : all(middleOf(low, high, scale))
  return {
    x: where(isNumber, guess, y),
    low: all(low),
    high: all(high),
    last: high - low < Infinity ? all(high - low) : mul(4, add(abs(where(isNumber, guess, all(0))), scale)),
    done: logicalNot(isNumber),
    steps: scalar(0, 'int32'),
  }
}

const middleOf = (low: number, high: number, scale: number): number => {
  if (low === -Infinity) return high - scale
  return high === Infinity ? low + scale : low / 2 + high / 2
}

/** Narrows the bracket by f at the guess, and makes the next guess. */
const stepped = ({ y, logDeriv }: Sloped, { x, low, high, last, done, steps }: State, target: Tensor, ends: Ends, scale: number): State => {
  const slope = exp(logDeriv)
  const error = sub(target, y)
  const newton = div(error, slope)
  const isBelow = greater(error, 0)
  const [from, to] = [where(isBelow, x, low), where(isBelow, high, x)]

  const aim = add(x, newton)
  const isInside = logicalAnd(greater(aim, from), less(aim, to))
  const isFast = lessEqual(abs(newton), mul(0.5, last))
  const end = where(isBelow, to, from)
  const halved = add(mul(0.5, x), mul(0.5, end))
  const farther = add(x, mul(where(isBelow, last, neg(last)), 2))
  const next = where(logicalAnd(isInside, isFast), aim, where(isFinite(end), halved, farther))

  // an error of a few roundings, of y and of x; Newton's step makes it still less. Where the value has overflowed so may what is allowed
  const isClose = logicalAnd(
    logicalAnd(isFinite(slope), isFinite(error)),
    lessEqual(abs(error), add(mul(8 * epsilon, abs(target)), mul(mul(8 * epsilon, slope), add(abs(x), scale)))),
  )
  const isTight = lessEqual(sub(to, from), mul(2 * epsilon, abs(x)))
  const isSeen = logicalAnd(greater(from, ends[0]), less(to, ends[1]))
  const isFound = logicalOr(isClose, logicalAnd(isTight, isSeen))
  const isStuck = logicalOr(logicalOr(equal(next, x), isTight), logicalNot(isFinite(next)))

  const settled = where(logicalAnd(isClose, isInside), aim, x)
  const moved = where(isFound, settled, where(isStuck, fill(x.shape, Infinity), next))
  return {
    x: where(done, x, where(isNaN(y), y, moved)),
    low: from,
    high: to,
    last: abs(sub(next, x)),
    done: logicalOr(logicalOr(done, isNaN(y)), logicalOr(isFound, isStuck)),
    steps: add(steps, scalar(1, 'int32')),
  }
}

/** With u = g / f'(x): u for y, and minus what u pulls back through f at x for `given`. */
const implicit = (f: Sloping, cotangent: Tensor, x: Tensor, { given }: Consts): Consts => {
  const u = mul(cotangent, exp(neg(f(x, given).logDeriv)))
  // handles: u must not depend on what the pullback is by, and a tensor that stands twice in the tree has a gradient at each place
  const own = mapTree(handle, given)
  const gradients = pullback(() => [f(x, own).y], [neg(u)], leaves<Tensor>(own))
  return { y: u, given: unflatten<Tensor, Tensor>(given, gradients) }
}

const refuseLost = (isLost: Tensor, y: Tensor): void => {
  const lost = isLost.dataSync()
  const width = y.size / (y.shape[0] ?? 1)
  const at = [...lost.keys()].filter(i => lost[i] === 1)
  if (at.length === 0) return
  const rows = [...new Set(at.map(i => Math.floor(i / width)))]
  const named = `${rows.slice(0, 8).join(', ')}${rows.length > 8 ? `, ... (${rows.length} rows)` : ''}`
  throw new RangeError(
    `monotoneRoot: expected values that the function takes, got ${y.dataSync()[at[0]!]} in row ${rows[0]}; without a root: rows ${named}`,
  )
}
