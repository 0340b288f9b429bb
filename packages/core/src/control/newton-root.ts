import {
  abs,
  add,
  any,
  fill,
  isFinite,
  isNaN,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  matMul,
  mul,
  neg,
  reshape,
  scalar,
  sqrt,
  square,
  sub,
  sum,
  transpose,
  where,
  zeros,
} from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { pullback } from '../ops/pullback.ts'
import { isTracing } from '../ops/tracer.ts'
import { handle } from '../tensor.ts'
import { leaves, mapTree, unflatten } from '../tree.ts'
import type { Tree } from '../tree.ts'
import { whileLoop } from './while-loop.ts'

/** A smooth function of rows [N, D], its Jacobians [N, D, D] and how such are inverted. */
export interface Differentiable<K extends Tree<Tensor>> {
  readonly value: (x: Tensor, given: K) => Tensor
  readonly jacobian: (x: Tensor, given: K) => Tensor
  readonly inverse: (matrices: Tensor) => Tensor
}

/** Where a row stands, its direction and the length of it that is tried next; the error where it stands. */
type State = {
  readonly x: Tensor
  readonly direction: Tensor
  readonly stride: Tensor
  readonly error: Tensor
  readonly done: Tensor
  readonly steps: Tensor
}

const mostSteps = 500
const epsilon = 2 ** -23

/**
 * The rows at which an invertible function takes the values y [N, D], each row by itself: Newton's method from y on, its steps halved until they
 * help. Derivatives are those of the implicit function theorem, of any order. A row of NaN or infinities is itself, one where f is NaN is NaN; one to which there is no way is
 * an error that names it, and NaN in a trace.
 *
 * @param name of the function that asks, for the error
 * @throws RangeError naming the rows without a root, outside a trace
 */
export const newtonRoot = <K extends Tree<Tensor>>(name: string, f: Differentiable<K>, y: Tensor, given: K): Tensor => {
  // unflatten keeps the structure of given
  const plain = f as unknown as Plain
  const rows = y.shape[0]!
  const all = (value: number): Tensor => fill([rows, 1], value)
  const isNumber = isFinite(sum(y, 1, true))
  const start: State = {
    x: y,
    direction: zeros(y.shape),
    stride: all(1),
    error: all(Infinity),
    done: logicalNot(isNumber),
    steps: scalar(0, 'int32'),
  }
  const consts: Consts = { y, given }
  const { x, done, stride } = whileLoop(
    ({ done: isDone, steps }: State) => logicalAnd(any(logicalNot(isDone)), less(steps, scalar(mostSteps, 'int32'))),
    (state: State, c: Consts) => stepped(plain, state, c),
    start,
    consts,
    { vjp: ({ cotangent, result, consts: c }) => ({ consts: implicit(plain, cotangent.x, result.x, c) }) },
  )
  const isLost = logicalAnd(isNumber, logicalOr(logicalNot(done), lessEqual(stride, 0)))
  if (!isTracing()) refuseLost(name, isLost)
  return where(spread(isLost, x), fill(x.shape, NaN), x)
}

type Plain = Differentiable<Tree<Tensor>>
type Consts = { readonly y: Tensor; readonly given: Tree<Tensor> }

const spread = (flags: Tensor, x: Tensor): Tensor => logicalAnd(flags, fill(x.shape, 1, 'bool'))

const norm = (x: Tensor): Tensor => sqrt(sum(square(x), 1, true))

const stepped = (f: Plain, { x, direction, stride, error, done, steps }: State, { y, given }: Consts): State => {
  const at = add(x, mul(stride, direction))
  const residual = sub(y, f.value(at, given))
  const left = norm(residual)
  const j = f.jacobian(at, given)
  const newton = times(f.inverse(j), residual)
  const rounding = mul(8 * epsilon, norm(add(abs(y), sum(mul(abs(j), add(1, abs(reshape(at, [at.shape[0]!, 1, at.shape[1]!])))), 2))))
  const isClose = logicalAnd(lessEqual(left, rounding), isFinite(rounding))
  const isBetter = logicalAnd(less(left, mul(error, sub(1, mul(0.1, stride)))), isFinite(left))
  const isStuck = lessEqual(stride, 1e-6)
  // of the guess: what is given has a NaN
  const isNone = logicalAnd(isNaN(left), logicalNot(isFinite(error)))
  const moves = logicalAnd(logicalNot(done), logicalOr(isBetter, isClose))
  const polished = where(spread(isClose, at), add(at, newton), at)
  return {
    x: where(spread(logicalAnd(isNone, logicalNot(done)), x), fill(x.shape, NaN), where(spread(moves, x), polished, x)),
    direction: where(spread(moves, x), newton, direction),
    // 0 says that there is no way
    stride: where(done, stride, where(moves, fill(stride.shape, 1), where(isStuck, fill(stride.shape, 0), mul(0.5, stride)))),
    error: where(moves, left, error),
    done: logicalOr(logicalOr(done, isNone), logicalOr(isClose, isStuck)),
    steps: add(steps, scalar(1, 'int32')),
  }
}

/** [N, D, D] times [N, D]. */
const times = (matrices: Tensor, x: Tensor): Tensor => reshape(matMul(matrices, reshape(x, [...x.shape, 1])), x.shape)

/** With u = J^-T g: u for y, and minus what u pulls back through f at x for what is given. */
const implicit = (f: Plain, cotangent: Tensor, x: Tensor, { given }: Consts): Consts => {
  const u = times(transpose(f.inverse(f.jacobian(x, given)), [0, 2, 1]), cotangent)
  const own = mapTree(handle, given)
  const gradients = pullback(() => [f.value(x, own)], [neg(u)], leaves<Tensor>(own))
  return { y: u, given: unflatten<Tensor, Tensor>(given, gradients) }
}

const refuseLost = (name: string, isLost: Tensor): void => {
  const lost = isLost.dataSync()
  const rows = [...lost.keys()].filter(i => lost[i] === 1)
  if (rows.length === 0) return
  const named = `${rows.slice(0, 8).join(', ')}${rows.length > 8 ? `, ... (${rows.length} rows)` : ''}`
  throw new RangeError(`${name}: expected rows that the function takes, got rows ${named} to which Newton's method finds no way`)
}
