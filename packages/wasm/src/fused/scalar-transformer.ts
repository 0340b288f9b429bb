import { share } from '../asm/control.ts'
import { f32x4 } from '../asm/simd.ts'
import type { Vec } from '../asm/simd.ts'
import type { Arithmetic } from '../math/arithmetic.ts'
import { exp, sigmoid, tanh } from '../math/exponential.ts'
import { log, softplus } from '../math/logarithm.ts'
import { splineOf } from './spline-emitter.ts'
import type { Theta } from './spline-knots.ts'
import { splineForward, splineInverse } from './spline-lanes.ts'
import type { Image } from './spline-lanes.ts'

/** One of core's transformers on four lanes. */
export interface ScalarTransformer {
  /** Distinct for distinct code. */
  readonly name: string
  /** How many numbers theta drive it. */
  readonly size: number
  /** `theta(j)` and the argument are met more than once: share them. */
  readonly forward: (ar: Arithmetic, theta: Theta, x: Vec) => Image
  readonly inverse: (ar: Arithmetic, theta: Theta, y: Vec) => Image
}

const c = f32x4.const
const { add, sub, mul, div } = f32x4
/** Core's `logScale`: an unconstrained number to the logarithm of a scale, of which `smallest` is the least. */
const logScales = (smallest: number, limit: number): Readonly<Record<string, (ar: Arithmetic, x: Vec) => Vec>> => ({
  softclip: (_, x) => div(x, add(c(1), mul(f32x4.abs(x), c(1 / limit)))),
  exp: (_, x) => add(f32x4.pmin(f32x4.pmax(x, c(-limit)), c(limit)), mul(x, c(0))),
  softplus: (ar, x) => log(ar, add(softplus(ar, add(x, c(Math.log(Math.expm1(1 - smallest))))), c(smallest))),
  sigmoid: (ar, x) => log(ar, add(mul(sigmoid(ar, x), c(2 - 2 * smallest)), c(smallest))),
  tanh: (ar, x) => mul(c(limit), tanh(ar, mul(x, c(1 / limit)))),
})

/** Undefined where core has no such map. */
const logScaleOf = (map: unknown, smallest: unknown): ((ar: Arithmetic, x: Vec) => Vec) | undefined => {
  if (typeof map !== 'string' || typeof smallest !== 'number') return undefined
  const maps = logScales(smallest, -Math.log(smallest))
  return Object.hasOwn(maps, map) ? maps[map] : undefined
}

const mostShift = 1e6

/** Core's `boundedShift`; NaN stays. */
const boundedShift = (x: Vec): Vec => f32x4.pmin(f32x4.pmax(x, c(-mostShift)), c(mostShift))

const zeroUnlessNaN = (x: Vec): Vec => mul(x, c(0))

/** The transformer of a spec; undefined where it is none of those that have code. */
export const scalarTransformerOf = (spec: unknown): ScalarTransformer | undefined => {
  const { _tag, scale, minScale = 1e-3 } = spec as { readonly _tag?: unknown; readonly scale?: unknown; readonly minScale?: unknown }
  const logScale = logScaleOf(scale, minScale)
  switch (_tag) {
    case 'additive':
      return {
        name: 'additive',
        size: 1,
        forward: (_, theta, x) => {
          const value = share(add(x, theta(0)))
          return { value, logDeriv: zeroUnlessNaN(value) }
        },
        inverse: (_, theta, y) => {
          const value = share(sub(y, theta(0)))
          return { value, logDeriv: zeroUnlessNaN(value) }
        },
      }
    case 'affine':
    case 'scale': {
      if (logScale === undefined) return undefined
      const at = _tag === 'affine' ? 1 : 0
      return {
        name: `${_tag} ${String(scale)} ${String(minScale)}`,
        size: at + 1,
        forward: (ar, theta, x) => {
          const s = share(logScale(ar, theta(at)))
          const scaled = mul(x, exp(ar, s))
          return { value: _tag === 'affine' ? add(scaled, boundedShift(theta(0))) : scaled, logDeriv: add(s, zeroUnlessNaN(x)) }
        },
        inverse: (ar, theta, y) => {
          const s = share(logScale(ar, theta(at)))
          const moved = _tag === 'affine' ? sub(y, boundedShift(theta(0))) : y
          return { value: mul(moved, exp(ar, f32x4.neg(s))), logDeriv: sub(zeroUnlessNaN(y), s) }
        },
      }
    }
    case 'rationalQuadratic': {
      const spline = splineOf(spec)
      return (
        spline && {
          name: `spline ${spline.knots} ${spline.bins} ${spline.bound}`,
          size: 3 * spline.bins - 1,
          forward: (ar, theta, x) => splineForward(ar, spline, theta, x),
          inverse: (ar, theta, y) => splineInverse(ar, spline, theta, y),
        }
      )
    }
    default:
      return undefined
  }
}
