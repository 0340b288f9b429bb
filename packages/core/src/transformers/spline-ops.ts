import { zerosLike } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { defineOp } from '../ops/define-op.ts'
import type { OpFunction } from '../ops/define-op.ts'
import { gradientsOfOp } from '../ops/gradient.ts'
import { isTracing } from '../ops/tracer.ts'
import type { CompositeOp } from '../ops/op.ts'
import type { KnotMap, RationalQuadraticSpec } from '../specs.ts'
import { knotsOf } from './knots.ts'
import { splineForward, splineInverse } from './spline.ts'

/** What of a spline is no tensor. */
type Attributes = { readonly bins: number; readonly bound: number; readonly knots: KnotMap }

type Composite = CompositeOp<Attributes>['composite']

const forwardOf: Composite = ([theta, x], { knots, bins, bound }) => {
  const { y, logDeriv } = splineForward(knotsOf(knots, theta!, bins, bound), x!, bound)
  return [y, logDeriv]
}

const inverseOf: Composite = ([theta, y], { knots, bins, bound }) => {
  const { x, logDeriv } = splineInverse(knotsOf(knots, theta!, bins, bound), y!, bound)
  return [x, logDeriv]
}

/**
 * A spline as an op: (theta, x) to the value and the log-derivative. Its gradient is an op too, (theta, x, gValue, gLogDeriv) to the gradients by theta and x,
 * whose composite is the autodiff of the spline's: so that a compiler may have one kernel for each, and second derivatives follow from the composite.
 */
const splineOp = (name: string, composite: Composite): OpFunction<Attributes> => {
  const vjp = defineOp<Attributes>({
    name: `${name}Vjp`,
    composite: ([theta, x, ...cotangents], attrs) => {
      const inputs = [theta!, x!]
      // its attributes are its own
      return gradientsOfOp({ name, composite: composite as CompositeOp['composite'] }, cotangents, inputs, attrs).map(
        (gradient, i) => gradient ?? zerosLike(inputs[i]!),
      )
    },
  })
  return defineOp<Attributes>({ name, composite, vjp: (cotangents, inputs, attrs) => vjp([...inputs, ...cotangents], attrs) })
}

const rationalQuadraticForward = splineOp('rationalQuadraticForward', forwardOf)
const rationalQuadraticInverse = splineOp('rationalQuadraticInverse', inverseOf)

/** The two ways through a spline whose theta is given, each in tfjs ops; in a trace one op, where theta has a row for every x. */
export const splineOps = ({
  bins,
  bound,
  knots,
}: RationalQuadraticSpec): {
  readonly forward: (theta: Tensor, x: Tensor) => { readonly y: Tensor; readonly logDeriv: Tensor }
  readonly inverse: (theta: Tensor, y: Tensor) => { readonly x: Tensor; readonly logDeriv: Tensor }
} => {
  const attrs = { bins, bound, knots }
  const isRowwise = (theta: Tensor, x: Tensor): boolean => isTracing() && theta.shape.slice(0, -1).join() === x.shape.join()
  return {
    forward: (theta, x) => {
      if (!isRowwise(theta, x)) return splineForward(knotsOf(knots, theta, bins, bound), x, bound)
      const [y, logDeriv] = rationalQuadraticForward([theta, x], attrs)
      return { y: y!, logDeriv: logDeriv! }
    },
    inverse: (theta, y) => {
      if (!isRowwise(theta, y)) return splineInverse(knotsOf(knots, theta, bins, bound), y, bound)
      const [x, logDeriv] = rationalQuadraticInverse([theta, y], attrs)
      return { x: x!, logDeriv: logDeriv! }
    },
  }
}
