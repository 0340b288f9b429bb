import { add, lessEqual, log, maximum, mul, pow, sub, where } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Transformer } from '../contracts.ts'
import type { Site, TransformerEntry } from '../registry.ts'
import type { TransformerSpec } from '../spec.ts'
import { positive } from '../support.ts'
import { zeroUnlessNaN } from '../tensor.ts'
import { showPath } from '../tree.ts'
import { exponents, fixed } from './fixed.ts'
import { withSign } from './scalar-functions.ts'

/** What `power` returns. */
export type PowerSpec = TransformerSpec & { readonly _tag: 'power'; readonly exponent: number }
/** What `signedPower` returns. */
export type SignedPowerSpec = TransformerSpec & { readonly _tag: 'signedPower'; readonly exponent: number }

/**
 * y = x^exponent of positive numbers.
 *
 * @param exponent from 1e-2 to 1e2
 */
export const power = ({ exponent = 2 }: { readonly exponent?: number } = {}): PowerSpec => ({ _tag: 'power', exponent })

/**
 * y = sign(x) |x|^exponent, whose slope at 0 is 0 or infinite unless the exponent is 1: the line through 0 where |x|
 * and |y| are below 1e-12.
 *
 * @param exponent from 0.1 to 10
 */
export const signedPower = ({ exponent = 2 }: { readonly exponent?: number } = {}): SignedPowerSpec => ({ _tag: 'signedPower', exponent })

/** The positive numbers whose power is a float32 number. */
const bases = (exponent: number): readonly [number, number] => {
  const [low, high] = exponents
  return [Math.exp(Math.max(low, low / exponent)), Math.exp(Math.min(high, high / exponent))]
}

const logSlope = (exponent: number, x: Tensor): Tensor => add(Math.log(exponent), mul(exponent - 1, log(x)))

export const powerTransformer = (spec: PowerSpec): Transformer<Record<string, never>> => {
  const { exponent } = spec
  return fixed(spec, {
    domain: positive,
    range: positive,
    xLimits: bases(exponent),
    yLimits: bases(1 / exponent),
    forward: x => ({ y: pow(x, exponent), logDeriv: logSlope(exponent, x) }),
    inverse: y => ({ x: pow(y, 1 / exponent), logDeriv: logSlope(1 / exponent, y) }),
  })
}

/** Where the larger of |x| and |y| is below this, the map is a line, unless the other one would leave float32. */
const smallest = 1e-12
const leastPower = 1e-36

const signed = (exponent: number, x: Tensor, least: number): { readonly value: Tensor; readonly logDeriv: Tensor } => {
  const a = withSign(x, x)
  const size = add(maximum(a, least), zeroUnlessNaN(x))
  const straight = lessEqual(a, least)
  const value = where(straight, mul(least ** (exponent - 1), x), withSign(x, pow(size, exponent)))
  const curved = logSlope(exponent, size)
  return { value, logDeriv: where(straight, sub(curved, Math.log(exponent)), curved) }
}

export const signedPowerTransformer = (spec: SignedPowerSpec): Transformer<Record<string, never>> => {
  const { exponent } = spec
  const [, xLimit] = bases(exponent)
  const [, yLimit] = bases(1 / exponent)
  const steepest = Math.max(exponent, 1 / exponent)
  const larger = Math.max(smallest, leastPower ** (1 / steepest))
  const [xLeast, yLeast] = exponent >= 1 ? [larger, larger ** exponent] : [larger ** (1 / exponent), larger]
  return fixed(spec, {
    xLimits: [-xLimit, xLimit],
    yLimits: [-yLimit, yLimit],
    forward: x => {
      const { value, logDeriv } = signed(exponent, x, xLeast)
      return { y: value, logDeriv }
    },
    inverse: y => {
      const { value, logDeriv } = signed(1 / exponent, y, yLeast)
      return { x: value, logDeriv }
    },
  })
}

const checkExponent = <S extends { readonly exponent: number }>(spec: S, site: Site, most: number): S => {
  if (!(spec.exponent >= 1 / most && spec.exponent <= most))
    throw new RangeError(
      `build: expected an exponent from ${1 / most} to ${most}, got ${spec.exponent} at ${showPath([...site.path, 'exponent'])}`,
    )
  return spec
}

export const powerEntry: TransformerEntry<PowerSpec> = {
  tag: 'power',
  build: (spec, site) => powerTransformer(checkExponent(spec, site, 100)),
}
export const signedPowerEntry: TransformerEntry<SignedPowerSpec> = {
  tag: 'signedPower',
  build: (spec, site) => signedPowerTransformer(checkExponent(spec, site, 10)),
}
