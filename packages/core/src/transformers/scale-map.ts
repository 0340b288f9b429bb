import { abs, add, clipByValue, div, exp, fill, greater, less, log, mul, neg, sigmoid, softplus, tanh, where } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Site } from '../registry.ts'
import type { ScaleMap } from '../specs.ts'
import { zeroUnlessNaN } from '../tensor.ts'
import { showPath } from '../tree.ts'

const scaleMaps: ReadonlyArray<ScaleMap> = ['softclip', 'exp', 'softplus', 'sigmoid', 'tanh']

/** @throws RangeError naming the path when the name is none of a scale map */
export const checkScale = <S extends { readonly scale: ScaleMap }>(spec: S, site: Site): S => {
  if (!scaleMaps.includes(spec.scale))
    throw new RangeError(
      `build: expected one of ${scaleMaps.join(', ')}, got ${String(spec.scale)} at ${showPath([...site.path, 'scale'])}`,
    )
  return spec
}

/** The smallest scale unless a spec says otherwise; the largest is its inverse where the map is symmetric. */
const smallestScale = 1e-3

/** @throws RangeError naming the path when the smallest scale is none that `affine` takes */
export const checkMinScale = <S extends { readonly minScale?: number }>(spec: S, site: Site): S => {
  const { minScale = smallestScale } = spec
  if (!(minScale >= smallestScale && minScale <= 0.9))
    throw new RangeError(`build: expected a minScale from 0.001 to 0.9, got ${String(minScale)} at ${showPath([...site.path, 'minScale'])}`)
  return spec
}

/**
 * x / (1 + |x| / limit): the identity near 0, within (-limit, limit) everywhere, with a gradient that never vanishes (zuko).
 */
export const softclip = (x: Tensor, limit: number): Tensor => div(x, add(1, div(abs(x), limit)))

/**
 * e^softclip(x), to fewer roundings than by its formula where the limit is near: an exponent near it has lost as many digits as e^limit has. There
 * softclip is less than the limit by limit^2 / (limit + |x|), which is small:
 *
 *   e^(+-limit) e^(-+limit^2 / (limit + |x|))
 */
export const expSoftclip = (x: Tensor, limit: number): Tensor => {
  const size = abs(x)
  const isFar = greater(size, limit)
  const isNegative = less(x, 0)
  const [largest, least] = [fill(x.shape, Math.exp(limit)), fill(x.shape, Math.exp(-limit))]
  const rest = div(limit * limit, add(limit, size))
  const exponent = where(isFar, where(isNegative, rest, neg(rest)), softclip(x, limit))
  return mul(exp(exponent), where(isFar, where(isNegative, least, largest), fill(x.shape, 1)))
}

/**
 * An unconstrained number to the logarithm of a scale; 0 gives 0. Every map is bounded, so that no scale under- or overflows:
 *
 *   softclip  within [1e-3, 1e3]  (zuko's, the default)
 *   exp       the identity, clipped so that the scale is within [1e-3, 1e3]
 *   softplus  scale = 1e-3 + softplus(x + c), c such that 0 gives 1 (nflows)
 *   sigmoid   scale = 1e-3 + (2 - 2e-3) sigmoid(x), so between 0 and 2
 *   tanh      bound tanh(x / bound), within [1e-3, 1e3] (RealNVP)
 *
 * @param smallest in place of 1e-3
 */
export const logScale = (map: ScaleMap, x: Tensor, smallest: number = smallestScale): Tensor => {
  const bound = -Math.log(smallest)
  switch (map) {
    case 'softclip':
      return softclip(x, bound)
    case 'exp':
      // tfjs' WASM kernel clips NaN to the lower bound
      return add(clipByValue(x, -bound, bound), zeroUnlessNaN(x))
    case 'softplus':
      return log(add(smallest, softplus(add(x, Math.log(Math.expm1(1 - smallest))))))
    case 'sigmoid':
      return log(add(smallest, mul(2 - 2 * smallest, sigmoid(x))))
    case 'tanh':
      return mul(bound, tanh(div(x, bound)))
  }
}
