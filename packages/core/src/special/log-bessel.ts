import {
  abs,
  add,
  div,
  exp,
  less,
  log,
  minimum,
  mul,
  onesLike,
  reshape,
  sign,
  square,
  sub,
  sum,
  tensor1d,
  where,
} from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { defineOp } from '../ops/define-op.ts'
import type { Json } from '../ops/json.ts'
import { gaussLegendre } from './gauss-legendre.ts'

/** Where one polynomial ends and the other begins. */
const edge = 3.75

/**
 * log e^-|x| I0(x), I0 the modified Bessel function of the first kind and order 0, by the polynomials of Abramowitz and Stegun 9.8.1 and 9.8.2.
 *
 * Within 1e-6 (1 + |value|) for |x| up to 1e30. Its derivative is `besselRatio` less the sign of x.
 *
 * @see https://dlmf.nist.gov/10.25
 */
export const logScaledBesselI0 = (x: Tensor): Tensor => logScaledBesselI0Op([x], null)[0]!

/** I1(x) / I0(x), between -1 and 1: the mean resultant length of the von Mises distribution; within 1e-6 (A&S 9.8.1 to 9.8.4). */
export const besselRatio = (x: Tensor): Tensor => {
  const { isSmall, t, u, low } = pieces(x)
  const small = mul(low, div(horner(t, [0.5, 0.87890594, 0.51498869, 0.15084934, 0.02658733, 0.00301532, 0.00032411]), smallI0(t)))
  const numerator = horner(
    u,
    [0.39894228, -0.03988024, -0.00362018, 0.00163801, -0.01031555, 0.02282967, -0.02895312, 0.01787654, -0.00420059],
  )
  return mul(where(isSmall, small, div(numerator, largeI0(u))), sign(x))
}

const smallI0 = (t: Tensor): Tensor => horner(t, [1, 3.5156229, 3.0899424, 1.2067492, 0.2659732, 0.0360768, 0.0045813])

/** sqrt(x) e^-x I0(x), u = 3.75 / x. */
const largeI0 = (u: Tensor): Tensor =>
  horner(u, [0.39894228, 0.01328592, 0.00225319, -0.00157565, 0.00916281, -0.02057706, 0.02635537, -0.01647633, 0.00392377])

const pieces = (
  x: Tensor,
): { readonly isSmall: Tensor; readonly low: Tensor; readonly high: Tensor; readonly t: Tensor; readonly u: Tensor } => {
  const size = abs(x)
  const isSmall = less(size, edge)
  const [low, high] = [minimum(size, edge), where(isSmall, mul(onesLike(size), edge), size)]
  return { isSmall, low, high, t: square(div(low, edge)), u: div(edge, high) }
}

const logScaledBesselI0Op = defineOp({
  name: 'logScaledBesselI0',
  composite: ([x], _: Json) => {
    const { isSmall, low, high, t, u } = pieces(x!)
    return [where(isSmall, sub(log(smallI0(t)), low), sub(log(largeI0(u)), mul(0.5, log(high))))]
  },
  vjp: ([dy], [x]) => [mul(dy!, sub(besselRatio(x!), sign(x!)))],
})

/** A polynomial, its coefficients from the constant upwards. */
const horner = (x: Tensor, coefficients: ReadonlyArray<number>): Tensor =>
  coefficients.slice(0, -1).reduceRight<Tensor>((sum, c) => add(mul(sum, x), c), mul(onesLike(x), coefficients.at(-1)!))

/**
 * log of the integral of e^{kappa (cos t - 1)} sin^{dim - 2} t over t from 0 to pi, for kappa >= 0: what normalizes the von Mises-Fisher
 * distribution but for the area of the sphere one dimension lower.
 *
 * By 128 Gauss-Legendre nodes where kappa is at most `far`, by the expansion of Bessel functions for large arguments above it.
 */
export const logPolarIntegral = (kappa: Tensor, dim: number): Tensor => {
  const far = 1000 + dim * dim
  const near = minimum(kappa, far)
  const { nodes, weights } = gaussLegendre(128)
  const angles = nodes.map(node => (Math.PI / 2) * (node + 1))
  // cos t - 1 without cancellation
  const drops = tensor1d(angles.map(t => -2 * Math.sin(t / 2) ** 2))
  const shares = tensor1d(angles.map((t, i) => (Math.PI / 2) * weights[i]! * Math.sin(t) ** (dim - 2)))
  const byNodes = log(sum(mul(exp(mul(reshape(near, [...near.shape, 1]), drops)), shares), -1))
  return where(less(kappa, far), byNodes, asymptotic(where(less(kappa, far), mul(onesLike(kappa), far), kappa), dim))
}

/** The same for large kappa: e^-kappa I_nu(kappa) (2 / kappa)^nu sqrt(pi) Gamma(nu + 1/2), nu = dim / 2 - 1 (DLMF 10.40.1, 10.32.2). */
const asymptotic = (kappa: Tensor, dim: number): Tensor => {
  const nu = dim / 2 - 1
  const series = [1, 2, 3, 4, 5].reduceRight<Tensor>(
    (sum, k) => sub(1, mul(div((4 * nu * nu - (2 * k - 1) ** 2) / (8 * k), kappa), sum)),
    onesLike(kappa),
  )
  const constant = nu * Math.LN2 + 0.5 * Math.log(Math.PI) + logGammaOfHalf(dim - 1) - 0.5 * Math.log(2 * Math.PI)
  return add(sub(constant, mul(nu + 0.5, log(kappa))), log(series))
}

/** log Gamma(n / 2) for a whole n >= 1, in float64. */
export const logGammaOfHalf = (n: number): number => {
  const start = n % 2 === 0 ? 1 : 0.5
  const steps = Array.from({ length: Math.round(n / 2 - start) }, (_, i) => Math.log(start + i))
  return steps.reduce((a, b) => a + b, n % 2 === 0 ? 0 : 0.5 * Math.log(Math.PI))
}
