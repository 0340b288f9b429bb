import { abs, add, expandDims, greater, log, mul, reshape, sign, slice, sub, sum, tensor1d, where } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Sloped } from '../control/monotone-root.ts'
import { zeroUnlessNaN } from '../tensor.ts'
import { gaussLegendre } from './gauss-legendre.ts'

/** x within [-bound, bound], and how far beyond it is. */
export const within = (x: Tensor, bound: number): { readonly at: Tensor; readonly beyond: Tensor } => {
  const at = where(greater(abs(x), bound), mul(bound, sign(x)), x)
  return { at, beyond: sub(x, at) }
}

/**
 * The integral of a positive function from 0 to x, by Gauss-Legendre quadrature with n points; beyond +-bound it goes on as a straight line, so that the
 * real line is mapped onto itself.
 *
 * @param density values at [..., n + 1] points between 0 and x, the last of which are x
 */
export const integralTo = (x: Tensor, n: number, bound: number, density: (u: Tensor) => Tensor): Sloped => {
  const { nodes, weights } = gaussLegendre(n)
  const { at, beyond } = within(x, bound)
  const g = density(mul(expandDims(at, -1), tensor1d([...nodes, 1])))
  const area = mul(at, sum(mul(g, tensor1d([...weights, 0])), -1))
  const slope = lastOf(g)
  return { y: add(area, mul(slope, beyond)), logDeriv: add(log(slope), zeroUnlessNaN(beyond)) }
}

const lastOf = (g: Tensor): Tensor => {
  const lead = g.shape.slice(0, -1)
  return reshape(slice(g, [...lead.map(() => 0), g.shape.at(-1)! - 1], [...lead, 1]), lead)
}
