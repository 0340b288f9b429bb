import {
  abs,
  add,
  atan,
  clipByValue,
  div,
  equal,
  exp,
  greater,
  less,
  log,
  log1p as tfLog1p,
  maximum,
  minimum,
  mul,
  neg,
  onesLike,
  sigmoid,
  softplus as tfSoftplus,
  sqrt,
  square,
  sub,
  tan,
  tanh,
  where,
} from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { activeBackend } from '../ops/active-backend.ts'
import { defineOp } from '../ops/define-op.ts'
import { isTracing } from '../ops/tracer.ts'
import { zeroUnlessNaN } from '../tensor.ts'

/** A function of every value by itself whose derivative is written by hand: autodiff of its formula would lose digits or take the wrong side of a kink. */
export const scalarOp = (name: string, value: (x: Tensor) => Tensor, derivative: (x: Tensor) => Tensor): ((x: Tensor) => Tensor) => {
  const op = defineOp({ name, composite: ([x]) => [value(x!)], vjp: ([d], [x]) => [mul(d!, derivative(x!))] })
  return x => op([x], {})[0]!
}

/** x between two bounds; NaN stays, where tfjs' WASM kernel loses it. */
export const clipped = (x: Tensor, low: number, high: number): Tensor => add(clipByValue(x, low, high), zeroUnlessNaN(x))

/** A size with the sign of x; tfjs' WASM kernel of sign calls small numbers 0. */
export const withSign = (x: Tensor, size: Tensor): Tensor => where(less(x, 0), neg(size), size)

/** Whether the kernels round every step to float32 and are no better than their formula. */
const isPlainWasm = (): boolean => !isTracing() && activeBackend() === 'wasm'

/** log(1 + x) for x > -1. On tfjs' WASM backend by Kahan's correction: its kernel is log(1 + x), 19 % off at 1e-7. */
export const log1p: (x: Tensor) => Tensor = scalarOp(
  'accurateLog1p',
  x => {
    if (!isPlainWasm()) return tfLog1p(x)
    const u = add(1, x)
    const same = equal(u, 1)
    const corrected = mul(log(u), div(x, where(same, onesLike(u), sub(u, 1))))
    return add(where(same, x, corrected), zeroUnlessNaN(x))
  },
  x => div(1, add(1, x)),
)

/** log(1 + e^x), exact to a few units of the last place in either tail. */
export const softplus: (x: Tensor) => Tensor = scalarOp(
  'accurateSoftplus',
  x => (isTracing() ? tfSoftplus(x) : add(add(maximum(x, 0), log1p(exp(neg(abs(x))))), zeroUnlessNaN(x))),
  sigmoid,
)

/** log cosh x. */
export const logCosh: (x: Tensor) => Tensor = scalarOp('logCosh', x => sub(add(abs(x), softplus(mul(-2, abs(x)))), Math.LN2), tanh)

/** Where x^2 is so large that 1 + x^2 is x^2, and still far from overflow. */
const large = 1e9

/** asinh x, without the overflow of x^2. */
export const asinh: (x: Tensor) => Tensor = scalarOp(
  'accurateAsinh',
  x => {
    const a = abs(x)
    const s = square(minimum(a, large))
    const near = log1p(add(minimum(a, large), div(s, add(1, sqrt(add(1, s))))))
    const far = add(log(maximum(a, 1)), Math.LN2)
    return add(withSign(x, where(greater(a, large), far, near)), zeroUnlessNaN(x))
  },
  x => div(1, maximum(abs(x), sqrt(add(1, square(clipped(x, -large, large)))))),
)

/** 1/2 log(1 + x^2), without the overflow of x^2. */
export const logHypot: (x: Tensor) => Tensor = scalarOp(
  'logHypot',
  x => {
    const a = abs(x)
    const near = mul(0.5, log1p(square(minimum(a, large))))
    return add(where(greater(a, large), log(maximum(a, 1)), near), zeroUnlessNaN(x))
  },
  x => {
    const a = abs(x)
    const near = clipped(x, -large, large)
    const far = greater(a, large)
    return where(far, div(1, where(far, x, onesLike(x))), div(near, add(1, square(near))))
  },
)

/** 1/2 (log(1 + y) - log(1 - y)), y in (-1, 1). */
export const atanh = (y: Tensor): Tensor => mul(0.5, sub(log1p(y), log1p(neg(y))))

/** log(1 - y^2), y in (-1, 1). */
export const logOneMinusSquare = (y: Tensor): Tensor => add(log1p(y), log1p(neg(y)))

/** 1/2 + atan(x) / pi: the left tail to a few units of the last place. */
export const cauchyCdfOf: (x: Tensor) => Tensor = scalarOp(
  'cauchyCdf',
  x => {
    const tail = div(atan(div(1, maximum(abs(x), 1e-30))), Math.PI)
    return add(where(less(x, 0), tail, sub(1, tail)), zeroUnlessNaN(x))
  },
  x => div(exp(mul(-2, logHypot(x))), Math.PI),
)

/** -1 / tan(pi y). */
export const cauchyQuantile: (y: Tensor) => Tensor = scalarOp(
  'cauchyQuantile',
  y => {
    const lower = less(y, 0.5)
    const size = div(1, tan(mul(Math.PI, where(lower, y, sub(1, y)))))
    return where(lower, neg(size), size)
  },
  y => mul(Math.PI, add(1, square(cauchyQuantile(y)))),
)
