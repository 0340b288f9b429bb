import { neg, slice, stack, sum, zeros } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { valueAndGrad } from '../autodiff/value-and-grad.ts'
import type { Bijector, Context, Params, Shape } from '../contracts.ts'
import { newtonRoot } from '../control/newton-root.ts'
import type { Differentiable } from '../control/newton-root.ts'
import { batchInverse } from '../linalg/batch-inverse.ts'
import type { Key } from '../random/key.ts'
import { realSpace } from '../support.ts'
import { handle, tidy } from '../tensor.ts'
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
  const differentiable: Differentiable<Given> = {
    value: of,
    jacobian: (x, given) => jacobian(of, x, given),
    inverse: matrices => batchInverse(matrices).inverse,
  }
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
        const x = newtonRoot('bijectorFromFunction', differentiable, y, given)
        return { x, logDet: neg(batchInverse(jacobian(of, x, given)).logAbsDet) }
      }),
  }
}

type Given = { readonly params: Tree<Tensor>; readonly context: Tree<Tensor> }
type Mapping = (x: Tensor, given: Given) => Tensor

/** [N, D, D]: row i of matrix n is the gradient of output i of row n. */
const jacobian = (f: Mapping, x: Tensor, given: Given): Tensor => {
  const row = (i: number): Tensor => valueAndGrad((at: Tensor) => sum(slice(f(at, given), [0, i], [-1, 1])))(x).grads
  return stack(
    Array.from({ length: x.shape[1]! }, (_, i) => row(i)),
    1,
  )
}
