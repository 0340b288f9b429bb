import { share } from '../asm/control.ts'
import { f32x4, v128 } from '../asm/simd.ts'
import type { Vec } from '../asm/simd.ts'
import type { Arithmetic } from './arithmetic.ts'
import { cosh, erf, exp, expm1, sigmoid, sinh, tanh } from './exponential.ts'
import { acos, asin, atan, atan2 } from './inverse-trigonometric.ts'
import { acosh, asinh, atanh, log, log1p, softplus } from './logarithm.ts'
import { mod } from './modulo.ts'
import { pow } from './power.ts'
import { cos, sin, tan } from './trigonometric.ts'

/** float32 functions of one argument. */
export type UnaryMath =
  | 'neg'
  | 'abs'
  | 'sign'
  | 'exp'
  | 'expm1'
  | 'log'
  | 'log1p'
  | 'sqrt'
  | 'rsqrt'
  | 'square'
  | 'reciprocal'
  | 'sin'
  | 'cos'
  | 'tan'
  | 'asin'
  | 'acos'
  | 'atan'
  | 'sinh'
  | 'cosh'
  | 'tanh'
  | 'asinh'
  | 'acosh'
  | 'atanh'
  | 'sigmoid'
  | 'softplus'
  | 'erf'
  | 'floor'
  | 'ceil'
  | 'round'
  | 'relu'

/** float32 functions of two arguments. */
export type BinaryMath = 'add' | 'sub' | 'mul' | 'div' | 'pow' | 'max' | 'min' | 'atan2' | 'mod' | 'floorDiv'

const c = f32x4.const
const exact =
  (f: (x: Vec) => Vec) =>
  (_: Arithmetic, x: Vec): Vec =>
    f(x)
const sharing =
  (f: (x: Vec) => Vec) =>
  (_: Arithmetic, x: Vec): Vec =>
    f(share(x))

/** -1, 0 or 1; 0 for NaN, as tfjs has it. */
const sign = (x: Vec): Vec => v128.or(v128.and(f32x4.gt(x, c(0)), c(1)), v128.and(f32x4.lt(x, c(0)), c(-1)))

/** float32 functions on four lanes. Each but sign propagates NaN. Their errors stand in ERRORS.md. */
export const unaryMath: Readonly<Record<UnaryMath, (ar: Arithmetic, x: Vec) => Vec>> = {
  neg: exact(f32x4.neg),
  abs: exact(f32x4.abs),
  sign: sharing(sign),
  exp,
  expm1,
  log,
  log1p,
  sqrt: exact(f32x4.sqrt),
  rsqrt: exact(x => f32x4.div(c(1), f32x4.sqrt(x))),
  square: sharing(x => f32x4.mul(x, x)),
  reciprocal: exact(x => f32x4.div(c(1), x)),
  sin,
  cos,
  tan,
  asin,
  acos,
  atan,
  sinh,
  cosh,
  tanh,
  asinh,
  acosh,
  atanh,
  sigmoid,
  softplus,
  erf,
  floor: exact(f32x4.floor),
  ceil: exact(f32x4.ceil),
  round: exact(f32x4.nearest),
  relu: exact(x => f32x4.pmax(x, c(0))),
}

/** NaN where either is NaN; of two zeros either one. */
const extremum =
  (better: (a: Vec, b: Vec) => Vec) =>
  (_: Arithmetic, first: Vec, second: Vec): Vec => {
    const [a, b] = [share(first), share(second)]
    return v128.or(better(a, b), f32x4.ne(b, b)) // pmin and pmax give a where a is NaN
  }

/** float32 functions of two arguments on four lanes. Each propagates NaN, but for x^0. */
export const binaryMath: Readonly<Record<BinaryMath, (ar: Arithmetic, a: Vec, b: Vec) => Vec>> = {
  add: (_, a, b) => f32x4.add(a, b),
  sub: (_, a, b) => f32x4.sub(a, b),
  mul: (_, a, b) => f32x4.mul(a, b),
  div: (_, a, b) => f32x4.div(a, b),
  pow: (_, a, b) => pow(a, b),
  max: extremum((a, b) => f32x4.pmax(a, b)),
  min: extremum((a, b) => f32x4.pmin(a, b)),
  atan2,
  mod: (_, a, b) => mod(a, b),
  floorDiv: (_, a, b) => f32x4.floor(f32x4.div(a, b)),
}
