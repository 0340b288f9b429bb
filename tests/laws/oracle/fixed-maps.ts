import { upperIncompleteGamma } from '../../../packages/train/src/statistics/incomplete-gamma.ts'
import type { ScalarMap } from './maps.ts'

/** Float64 formulas of the maps without parameters, and of the sinh-arcsinh transform. */
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))
const logCosh = (x: number): number => Math.abs(x) + Math.log1p(Math.exp(-2 * Math.abs(x))) - Math.LN2

export const expMap: ScalarMap = { value: Math.exp, logDeriv: x => x, inverse: Math.log }
export const expm1Map: ScalarMap = { value: Math.expm1, logDeriv: x => x, inverse: Math.log1p }
export const softplusMap: ScalarMap = {
  value: softplus,
  logDeriv: x => -softplus(-x),
  inverse: y => y + Math.log(-Math.expm1(-y)),
}
export const sigmoidMap = (low: number, high: number): ScalarMap => ({
  value: x => (x < 0 ? low + (high - low) / (1 + Math.exp(-x)) : high - (high - low) / (1 + Math.exp(x))),
  logDeriv: x => Math.log(high - low) - softplus(x) - softplus(-x),
  inverse: y => Math.log(y - low) - Math.log(high - y),
})
export const tanhMap: ScalarMap = { value: Math.tanh, logDeriv: x => -2 * logCosh(x), inverse: Math.atanh }

/** A map of |x| made odd. */
const odd = (map: ScalarMap): ScalarMap => ({
  value: x => Math.sign(x) * map.value(Math.abs(x)),
  logDeriv: x => map.logDeriv(Math.abs(x)),
  inverse: y => Math.sign(y) * map.inverse(Math.abs(y)),
})

export const leakyTanhMap = (bound: number): ScalarMap => {
  const [edge, slope] = [Math.tanh(bound), 1 / Math.cosh(bound) ** 2]
  return odd({
    value: x => (x <= bound ? Math.tanh(x) : edge + slope * (x - bound)),
    logDeriv: x => -2 * logCosh(Math.min(x, bound)),
    inverse: y => (y <= edge ? Math.atanh(y) : bound + (y - edge) / slope),
  })
}
export const logTanhMap = (cut: number): ScalarMap => {
  const [edge, alpha] = [Math.tanh(cut), cut / Math.cosh(cut) ** 2]
  return odd({
    value: x => (x <= cut ? Math.tanh(x) : edge + alpha * Math.log(x / cut)),
    logDeriv: x => (x <= cut ? -2 * logCosh(x) : Math.log(alpha / x)),
    inverse: y => (y <= edge ? Math.atanh(y) : cut * Math.exp((y - edge) / alpha)),
  })
}
export const leakyReluMap = (slope: number): ScalarMap => ({
  value: x => (x < 0 ? slope * x : x),
  logDeriv: x => (x < 0 ? Math.log(slope) : 0),
  inverse: y => (y < 0 ? y / slope : y),
})
export const powerMap = (exponent: number): ScalarMap =>
  odd({
    value: x => x ** exponent,
    logDeriv: x => Math.log(exponent) + (exponent - 1) * Math.log(x),
    inverse: y => y ** (1 / exponent),
  })
export const sinhMap: ScalarMap = { value: Math.sinh, logDeriv: logCosh, inverse: Math.asinh }

const softclip = (x: number, limit: number): number => x / (1 + Math.abs(x) / limit)

export const sinhArcsinhMap = (theta: ReadonlyArray<number>): ScalarMap => {
  const [epsilon, delta] = [softclip(theta[0]!, 4), Math.exp(softclip(theta[1]!, Math.log(4)))]
  const inside = (x: number): number => delta * (Math.asinh(x) + epsilon)
  return {
    value: x => Math.sinh(inside(x)),
    logDeriv: x => Math.log(delta) + logCosh(inside(x)) - 0.5 * Math.log1p(x * x),
    inverse: y => Math.sinh(Math.asinh(y) / delta - epsilon),
  }
}

/** Phi(x) = Q(1/2, x^2 / 2) / 2 below 0. */
const normalCdf = (x: number): number => {
  const tail = 0.5 * upperIncompleteGamma(0.5, (x * x) / 2)
  return x < 0 ? tail : 1 - tail
}
export const normalCdfMap: ScalarMap = {
  value: normalCdf,
  logDeriv: x => (-x * x) / 2 - 0.5 * Math.log(2 * Math.PI),
  inverse: y => {
    let [low, high] = [-40, 9]
    for (let i = 0; i < 100; i++) {
      const middle = (low + high) / 2
      if (normalCdf(middle) < y) low = middle
      else high = middle
    }
    return (low + high) / 2
  },
}
export const cauchyCdfMap: ScalarMap = {
  value: x => (x < 0 ? Math.atan(-1 / x) / Math.PI : 0.5 + Math.atan(x) / Math.PI),
  logDeriv: x => -Math.log(Math.PI) - Math.log1p(x * x),
  inverse: y => (y < 0.25 ? -1 / Math.tan(Math.PI * y) : Math.tan(Math.PI * (y - 0.5))),
}
export const gumbelCdfMap: ScalarMap = {
  value: x => Math.exp(-Math.exp(-x)),
  logDeriv: x => -x - Math.exp(-x),
  inverse: y => -Math.log(-Math.log(y)),
}

/** The inverse of a map, as a map. */
export const inverseMap = (map: ScalarMap): ScalarMap => ({
  value: map.inverse,
  logDeriv: y => -map.logDeriv(map.inverse(y)),
  inverse: map.value,
})
