import { chain } from '../bijectors/chain.ts'
import { conditional, elementwise } from '../bijectors/elementwise.ts'
import { invert } from '../bijectors/invert.ts'
import { triangular } from '../bijectors/linear/triangular.ts'
import { permute } from '../bijectors/permute.ts'
import { conjugate } from '../bijectors/wrappers/conjugate.ts'
import { standardNormal } from '../distributions/normal.ts'
import type { BijectorSpec, NetworkSpec } from '../spec.ts'
import type { FlowSpec } from '../specs.ts'
import { additive } from '../transformers/additive.ts'
import { leakyTanh } from '../transformers/leaky-tanh.ts'
import { rationalQuadratic } from '../transformers/rational-quadratic.ts'
import { flow } from './flow.ts'

/**
 * Triangular spline flow (FlowJAX): layers of an elementwise rational-quadratic spline on (-1, 1), into which a leaky tanh carries the real line and from
 * which it carries back, a lower triangular matrix, and a random order of the dimensions. Its conditioners are constants: a small, fast flow, both of
 * whose directions take one pass. (FlowJAX normalizes the rows of its matrices and trains the slopes at the ends of its splines; here the diagonal
 * stays within [1e-3, 1e3], and the ends have slope 1.)
 *
 * @param layers      8 unless given
 * @param bins        of every spline: FlowJAX's 8 inner knots make 9
 * @param tanhBound   where the tangents of the tanh begin
 * @param seed        of the orders
 * @param conditioner a network that shifts each layer by the context; without one the flow takes none
 * @see https://danielward27.github.io/flowjax/
 */
export const triangularSpline = ({
  layers = 8,
  bins = 9,
  tanhBound = 3,
  seed = 0,
  conditioner,
}: {
  readonly layers?: number
  readonly bins?: number
  readonly tanhBound?: number
  readonly seed?: number
  readonly conditioner?: NetworkSpec
} = {}): FlowSpec => {
  if (!Number.isSafeInteger(layers) || layers < 1 || layers > 1000)
    throw new RangeError(`triangularSpline: expected 1 to 1000 layers, got ${layers}`)
  const splines = conjugate(invert(elementwise(leakyTanh({ bound: tanhBound }))), elementwise(rationalQuadratic({ bins, bound: 1 })))
  const shift: ReadonlyArray<BijectorSpec> = conditioner === undefined ? [] : [conditional(conditioner, additive())]
  const parts = Array.from({ length: layers }, (_, i) => [
    splines,
    triangular(),
    ...shift,
    ...(i < layers - 1 ? [permute({ seed: seed + i })] : []),
  ])
  return flow({ base: standardNormal(), bijector: invert(chain(...parts.flat())) })
}
