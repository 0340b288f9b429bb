import type { Binary, Unary } from '../program.ts'

/** erf in float64: a series of positive terms below 3, the continued fraction of erfc above. */
const erf = (x: number): number => {
  const a = Math.abs(x)
  if (Number.isNaN(x) || a === 0) return x
  if (a > 6) return Math.sign(x)
  const scale = Math.exp(-a * a) / Math.sqrt(Math.PI)
  if (a < 3) {
    let term = 2 * a
    let sum = term
    for (let n = 1; term > sum * 1e-17; n++) sum += term *= (2 * a * a) / (2 * n + 1)
    return Math.sign(x) * scale * sum
  }
  let fraction = a
  for (let n = 60; n > 0; n--) fraction = a + n / 2 / fraction
  return Math.sign(x) * (1 - scale / fraction)
}

/** Halves go to the even neighbour. */
const round = (x: number): number => {
  const base = Math.floor(x)
  const rest = x - base
  return rest < 0.5 ? base : rest > 0.5 ? base + 1 : base % 2 === 0 ? base : base + 1
}

/** What each elementwise function of one number is, in float64. The sign of NaN is 0, as tfjs has it. */
export const unaryOf: Readonly<Record<Unary, (x: number) => number>> = {
  neg: x => -x,
  abs: Math.abs,
  sign: x => (x > 0 ? 1 : x < 0 ? -1 : 0),
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  sqrt: Math.sqrt,
  rsqrt: x => 1 / Math.sqrt(x),
  square: x => x * x,
  reciprocal: x => 1 / x,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh: Math.atanh,
  sigmoid: x => 1 / (1 + Math.exp(-x)),
  softplus: x => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  erf,
  floor: Math.floor,
  ceil: Math.ceil,
  round,
  isNan: x => +Number.isNaN(x),
  isFinite: x => +Number.isFinite(x),
  not: x => +(x === 0),
}

/** The remainder with the sign of the divisor, as tfjs has it. */
const mod = (a: number, b: number): number => {
  const rest = a % b
  return (a < 0 && b < 0) || (a >= 0 && b >= 0) ? rest : (rest + b) % b
}

/** What each elementwise function of two numbers is, in float64; max and min of NaN are NaN. */
export const binaryOf: Readonly<Record<Binary, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  pow: Math.pow,
  max: Math.max,
  min: Math.min,
  atan2: Math.atan2,
  mod,
  floorDiv: (a, b) => Math.floor(a / b),
  eq: (a, b) => +(a === b),
  ne: (a, b) => +(a !== b),
  lt: (a, b) => +(a < b),
  le: (a, b) => +(a <= b),
  gt: (a, b) => +(a > b),
  ge: (a, b) => +(a >= b),
  and: (a, b) => a & b,
  or: (a, b) => a | b,
}
