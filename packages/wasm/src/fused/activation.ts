import { share } from '../asm/control.ts'
import { f32x4 } from '../asm/simd.ts'
import type { Vec } from '../asm/simd.ts'
import { pick } from '../math/arithmetic.ts'
import type { Arithmetic } from '../math/arithmetic.ts'
import { expm1, sigmoid, tanh } from '../math/exponential.ts'
import { softplus } from '../math/logarithm.ts'

const c = f32x4.const

/** Core's activations on four lanes; each keeps NaN. The argument is met more than once: share it. */
export const activations: Readonly<Record<string, (ar: Arithmetic, x: Vec) => Vec>> = {
  relu: (_, x) => f32x4.pmax(x, c(0)),
  elu: (ar, x) => pick(f32x4.gt(x, c(0)), x, expm1(ar, share(f32x4.pmin(x, c(0))))),
  tanh,
  silu: (ar, x) => f32x4.mul(x, sigmoid(ar, x)),
  softplus,
  leakyRelu: (_, x) => pick(f32x4.gt(x, c(0)), x, f32x4.mul(x, c(0.01))),
}
