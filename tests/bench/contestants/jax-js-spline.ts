import { nn, numpy as np } from '@jax-js/jax'

const [bins, bound, size] = [8, 5, 23]
const logSlope = -Math.log(1e-3)

const softclip = (x: np.Array, limit: number): np.Array => x.ref.div(np.abs(x).div(limit).add(1))

/** The last axis from..to. */
const cut = (x: np.Array, from: number, to: number): np.Array => x.slice([], [], [from, to])

/** The bounds of the bins from their unconstrained widths: lower and upper, each [N, D, bins]. */
const edges = (free: np.Array): readonly [np.Array, np.Array] => {
  const ends = np.cumsum(nn.softmax(softclip(free, logSlope / 2), -1), 2)
  const inner = cut(ends, 0, bins - 1).mul(2 * bound).sub(bound) // prettier-ignore
  const end = [inner.shape[0]!, inner.shape[1]!, 1]
  return [np.concatenate([np.full(end, -bound), inner.ref], 2), np.concatenate([inner, np.full(end, bound)], 2)]
}

/**
 * The rational-quadratic spline on [-5, 5] with 8 bins, the identity outside: core's formulas. theta [N, 23 D], x [N, D].
 */
export const splineForward = (theta: np.Array, x: np.Array): { readonly y: np.Array; readonly logDet: np.Array } => {
  const [rows, dim] = x.shape as [number, number]
  const t = theta.reshape([rows, dim, size])
  const [x0s, x1s] = edges(cut(t.ref, 0, bins))
  const [y0s, y1s] = edges(cut(t.ref, bins, 2 * bins))
  const slopes = np.exp(softclip(cut(t, 2 * bins, size), logSlope))
  const one = (): np.Array => np.ones([rows, dim, 1])
  const d0s = np.concatenate([one(), slopes.ref], 2)
  const d1s = np.concatenate([slopes, one()], 2)

  const inside = np.lessEqual(np.abs(x.ref), bound)
  const xIn = np.where(inside.ref, x.ref, 0)
  const v = xIn.ref.reshape([rows, dim, 1])
  const above = np.where(np.greaterEqual(v, cut(x0s.ref, 1, bins)), 1, 0)
  const hot = np.concatenate([one(), above.ref], 2).sub(np.concatenate([above, np.zeros([rows, dim, 1])], 2))
  const at = (table: np.Array): np.Array => np.sum(table.mul(hot.ref), 2)
  const [x0, x1, y0, y1, d0, d1] = [x0s, x1s, y0s, y1s, d0s, d1s].map(at) as [np.Array, np.Array, np.Array, np.Array, np.Array, np.Array]
  hot.dispose()

  const width = x1.ref.sub(x0.ref)
  const height = y1.sub(y0.ref)
  const s = height.ref.div(width.ref)
  const xi = xIn.ref.sub(x0).div(width.ref)
  const rest = x1.sub(xIn).div(width)
  const mixed = xi.ref.mul(rest.ref)
  const denominator = s.ref.add(d0.ref.add(d1.ref).sub(s.ref.mul(2)).mul(mixed.ref))
  const numerator = s.ref.mul(np.square(xi.ref)).add(d0.ref.mul(mixed.ref))
  const y = y0.add(height.mul(numerator).div(denominator.ref))
  const slope = d1.mul(np.square(xi)).add(s.ref.mul(2).mul(mixed)).add(d0.mul(np.square(rest))) // prettier-ignore
  const logDeriv = np.log(s.div(denominator)).mul(2).add(np.log(slope))
  return { y: np.where(inside.ref, y, x), logDet: np.sum(np.where(inside, logDeriv, 0), 1, { keepdims: true }) }
}
