import { add, broadcastTo, broadcast_util, div, expandDims, mul, square, sum, tensor1d } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { defineOp } from '../ops/define-op.ts'
import type { OpFunction } from '../ops/define-op.ts'
import type { Json } from '../ops/json.ts'
import { joined } from '../tensor.ts'
import { columns } from './theta.ts'

/** x^e for each of some whole numbers e along a last axis, from the squares of squares of x [..., 1]. */
const powers = (x: Tensor, exponents: ReadonlyArray<number>): Tensor => {
  const bits = Math.max(1, Math.ceil(Math.log2(Math.max(...exponents) + 1)))
  const squares = Array.from({ length: bits - 1 }).reduce<ReadonlyArray<Tensor>>(all => [...all, square(all.at(-1)!)], [x])
  const [first, ...rest] = squares.map((power, bit) => {
    const isIn = exponents.map(e => (e >> bit) & 1)
    return add(mul(power, tensor1d(isIn, 'float32')), tensor1d(isIn.map(yes => 1 - yes), 'float32')) // prettier-ignore
  })
  return rest.reduce<Tensor>((product, factor) => mul(product, factor), first!)
}

/** Bernstein's polynomials of a degree, binom(degree, i) t^i rest^(degree - i), along a last axis. */
const basis = (degree: number, t: Tensor, rest: Tensor): Tensor => {
  const at = Array.from({ length: degree + 1 }, (_, i) => i)
  const binomials = at.slice(1).reduce<ReadonlyArray<number>>((row, i) => [...row, (row.at(-1)! * (degree + 1 - i)) / i], [1])
  return mul(
    tensor1d([...binomials]),
    mul(
      powers(expandDims(t, -1), at),
      powers(
        expandDims(rest, -1),
        at.map(i => degree - i),
      ),
    ),
  )
}

const op: OpFunction<Json> = defineOp<Json>({
  name: 'bernsteinForm',
  composite: ([coefficients, t, rest]) => {
    const b = basis(coefficients!.shape.at(-1)! - 1, t!, rest!)
    return [div(sum(mul(b, coefficients!), -1), sum(b, -1))]
  },
  // with b of one degree less: the polynomial is sum_i b_i (rest c_i + t c_(i+1))
  vjp: ([dy], [coefficients, t, rest]) => {
    const degree = coefficients!.shape.at(-1)! - 1
    const b = basis(degree - 1, t!, rest!)
    const along = (from: 0 | 1): Tensor => mul(mul(dy!, degree), sum(mul(b, columns(coefficients!, from, degree)), -1))
    const shared = (x: Tensor): Tensor => mul(b, expandDims(mul(dy!, x), -1))
    const none = mul(0, columns(coefficients!, 0, 1))
    return [add(joined([shared(rest!), none], -1), joined([none, shared(t!)], -1)), along(1), along(0)]
  },
})

/**
 * A polynomial in Bernstein's form, sum_i c_i binom(n, i) t^i rest^(n - i): a mean of the coefficients with positive weights, so that nothing cancels, and
 * divided by the sum of the weights, so that what t + rest is off 1 by rounding does not count n times over. Its derivatives are told by the
 * polynomials of one degree less.
 *
 * @param coefficients [..., n + 1], n at least 1
 * @param t            one for each row of coefficients, or where either has axes of one they are repeated
 * @param rest         1 - t, told for itself
 */
export const bernsteinForm = (coefficients: Tensor, t: Tensor, rest: Tensor): Tensor => {
  const shape = broadcast_util.assertAndGetBroadcastShape(coefficients.shape.slice(0, -1), t.shape)
  const spread = (x: Tensor, to: ReadonlyArray<number>): Tensor => (x.shape.join() === to.join() ? x : broadcastTo(x, [...to]))
  return op([spread(coefficients, [...shape, coefficients.shape.at(-1)!]), spread(t, shape), spread(rest, shape)], null)[0]!
}
