import {
  abs,
  add,
  any,
  fill,
  isFinite,
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
  slice,
  sqrt,
  square,
  stack,
  sub,
  sum,
  transpose,
  where,
  zeros,
} from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { valueAndGrad } from '../autodiff/value-and-grad.ts'
import type { Bijector, Context, Params, Shape } from '../contracts.ts'
import { whileLoop } from '../control/while-loop.ts'
import { batchInverse } from '../linalg/batch-inverse.ts'
import { pullback } from '../ops/pullback.ts'
import { isTracing } from '../ops/tracer.ts'
import type { Key } from '../random/key.ts'
import { realSpace } from '../support.ts'
import { handle, tidy } from '../tensor.ts'
import { leaves, mapTree, unflatten } from '../tree.ts'
import type { Tree } from '../tree.ts'

/** What `bijectorFromFunction` cannot know of a function. */
export interface BijectorFunctionOptions<P extends Params> {
  /** How many numbers a row has. */
  readonly dim: number
  /** The tag in its spec: register an entry of that name to write flows that hold it to files. 'function' unless given. */
  readonly name?: string
  /** Its parameters; none unless given. */
  readonly init?: (key: Key) => P
  /** Beside the parameters. */
  readonly trainable?: Tree<boolean>
  readonly contextShape?: Tree<Shape>
}

/**
 * Any smooth invertible function of rows [N, D] as a bijector: its log-determinant is that of the dense Jacobian, D backward passes and an
 * elimination for each row, so D is small; its inverse is found by Newton's method with steps that are halved until they help.
 *
 * f is written in tfjs ops; rows do not see each other; it captures no tensor of a trace. Derivatives of the inverse are those of the implicit
 * function theorem, of any order. A row to which Newton's method finds no way is an error that names it; in a trace it is NaN.
 *
 * @param f the forward map, base to data
 * @throws RangeError naming the rows that were not inverted, outside a trace
 * @example bijectorFromFunction((_, x) => add(x, mul(0.3, tanh(matMul(x, a)))), { dim: 3 })
 */
export const bijectorFromFunction = <P extends Params = Record<string, never>>(
  f: (params: P, x: Tensor, context?: Context) => Tensor,
  { dim, name = 'function', init = () => ({}) as P, trainable = {}, contextShape }: BijectorFunctionOptions<P>,
): Bijector<P> => {
  // an unconditional function's context is an empty tree in the loop
  const of: Mapping = (x, { params, context }) => f(params as P, x, contextShape === undefined ? undefined : (context as Context))
  const givenOf = (params: P, context?: Context): Given => ({ params, context: context ?? {} })
  return {
    spec: { _tag: name },
    contextShape,
    base: realSpace([dim]),
    data: realSpace([dim]),
    cost: { forward: 'parallel', inverse: 'iterative' },
    trainable,
    init,
    forward: (params, x, context) =>
      tidy(() => {
        if (x.size === 0) return { y: handle(x), logDet: zeros([0]) }
        const given = givenOf(params, context)
        return { y: handle(of(x, given)), logDet: batchInverse(jacobian(of, x, given)).logAbsDet }
      }),
    inverse: (params, y, context) =>
      tidy(() => {
        if (y.size === 0) return { x: handle(y), logDet: zeros([0]) }
        const given = givenOf(params, context)
        const x = rootOf(of, y, given)
        return { x, logDet: neg(batchInverse(jacobian(of, x, given)).logAbsDet) }
      }),
  }
}

type Given = { readonly params: Tree<Tensor>; readonly context: Tree<Tensor> }
type Mapping = (x: Tensor, given: Given) => Tensor
type Consts = { readonly y: Tensor; readonly given: Given }

/** [N, D, D]: row i of matrix n is the gradient of output i of row n. */
const jacobian = (f: Mapping, x: Tensor, given: Given): Tensor => {
  const row = (i: number): Tensor => valueAndGrad((at: Tensor) => sum(slice(f(at, given), [0, i], [-1, 1])))(x).grads
  return stack(
    Array.from({ length: x.shape[1]! }, (_, i) => row(i)),
    1,
  )
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

const rootOf = (f: Mapping, y: Tensor, given: Given): Tensor => {
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
  const { x, done, stride } = whileLoop(
    ({ done: isDone, steps }: State) => logicalAnd(any(logicalNot(isDone)), less(steps, scalar(mostSteps, 'int32'))),
    (state: State, consts: Consts) => stepped(f, state, consts),
    start,
    { y, given } as Consts,
    { vjp: ({ cotangent, result, consts }) => ({ consts: implicit(f, cotangent.x, result.x, consts) }) },
  )
  const isLost = logicalAnd(isNumber, logicalOr(logicalNot(done), lessEqual(stride, 0)))
  if (!isTracing()) refuseLost(isLost)
  return where(spread(isLost, x), fill(x.shape, NaN), x)
}

const spread = (flags: Tensor, x: Tensor): Tensor => logicalAnd(flags, fill(x.shape, 1, 'bool'))

const norm = (x: Tensor): Tensor => sqrt(sum(square(x), 1, true))

const stepped = (f: Mapping, { x, direction, stride, error, done, steps }: State, { y, given }: Consts): State => {
  const at = add(x, mul(stride, direction))
  const residual = sub(y, f(at, given))
  const left = norm(residual)
  const j = jacobian(f, at, given)
  const newton = reshape(matMul(batchInverse(j).inverse, reshape(residual, [...residual.shape, 1])), residual.shape)
  const rounding = mul(8 * epsilon, norm(add(abs(y), sum(mul(abs(j), add(1, abs(reshape(at, [at.shape[0]!, 1, at.shape[1]!])))), 2))))
  const isClose = logicalAnd(lessEqual(left, rounding), isFinite(rounding))
  const isBetter = logicalAnd(less(left, mul(error, sub(1, mul(0.1, stride)))), isFinite(left))
  const isStuck = lessEqual(stride, 1e-6)
  const moves = logicalAnd(logicalNot(done), logicalOr(isBetter, isClose))
  const polished = where(spread(isClose, at), add(at, newton), at)
  return {
    x: where(spread(moves, x), polished, x),
    direction: where(spread(moves, x), newton, direction),
    // 0 says that there is no way
    stride: where(done, stride, where(moves, fill(stride.shape, 1), where(isStuck, fill(stride.shape, 0), mul(0.5, stride)))),
    error: where(moves, left, error),
    done: logicalOr(done, logicalOr(isClose, isStuck)),
    steps: add(steps, scalar(1, 'int32')),
  }
}

/** With u = J^-T g: u for y, and minus what u pulls back through f at x for its parameters. */
const implicit = (f: Mapping, cotangent: Tensor, x: Tensor, { given }: Consts): Consts => {
  const transposed = transpose(batchInverse(jacobian(f, x, given)).inverse, [0, 2, 1])
  const u = reshape(matMul(transposed, reshape(cotangent, [...cotangent.shape, 1])), cotangent.shape)
  const plain: Tree<Tensor> = given
  const own = mapTree(handle, plain)
  const gradients = pullback(() => [f(x, own as unknown as Given)], [neg(u)], leaves<Tensor>(own))
  return { y: u, given: unflatten<Tensor, Tensor>(plain, gradients) as unknown as Given }
}

const refuseLost = (isLost: Tensor): void => {
  const lost = isLost.dataSync()
  const rows = [...lost.keys()].filter(i => lost[i] === 1)
  if (rows.length === 0) return
  const named = `${rows.slice(0, 8).join(', ')}${rows.length > 8 ? `, ... (${rows.length} rows)` : ''}`
  throw new RangeError(
    `bijectorFromFunction: expected rows that the function takes, got rows ${named} to which Newton's method finds no way`,
  )
}
