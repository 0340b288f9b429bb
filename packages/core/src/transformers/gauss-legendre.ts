/** Points in (0, 1) and their weights, which sum to 1. */
export interface Quadrature {
  readonly nodes: ReadonlyArray<number>
  readonly weights: ReadonlyArray<number>
}

/** P_n(x) and its derivative by the recurrence (k + 1) P_{k+1} = (2k + 1) x P_k - k P_{k-1}. */
const legendre = (n: number, x: number): { readonly value: number; readonly slope: number } => {
  let [before, value] = [1, x]
  for (let k = 1; k < n; k++) [before, value] = [value, ((2 * k + 1) * x * value - k * before) / (k + 1)]
  return { value, slope: (n * (x * value - before)) / (x * x - 1) }
}

/**
 * Gauss-Legendre quadrature on [0, 1]: exact for polynomials of degree 2n - 1.
 *
 * @param n at least 1
 */
export const gaussLegendre = (n: number): Quadrature => {
  const points = Array.from({ length: n }, (_, i) => {
    let x = Math.cos((Math.PI * (i + 0.75)) / (n + 0.5))
    for (let step = 0; step < 20; step++) {
      const { value, slope } = legendre(n, x)
      x -= value / slope
    }
    const { slope } = legendre(n, x)
    return { node: (1 - x) / 2, weight: 1 / ((1 - x * x) * slope * slope) }
  })
  return { nodes: points.map(p => p.node), weights: points.map(p => p.weight) }
}
