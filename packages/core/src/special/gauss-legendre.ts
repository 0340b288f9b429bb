/** Nodes and weights of Gauss-Legendre quadrature on [-1, 1]: the roots of the Legendre polynomial by Newton's method. */
export const gaussLegendre = (count: number): { readonly nodes: ReadonlyArray<number>; readonly weights: ReadonlyArray<number> } => {
  const roots = Array.from({ length: count }, (_, i) => {
    let x = Math.cos((Math.PI * (i + 0.75)) / (count + 0.5))
    for (let step = 0; step < 8; step++) {
      const { value, slope } = legendre(count, x)
      x -= value / slope
    }
    return { x, slope: legendre(count, x).slope }
  })
  return { nodes: roots.map(({ x }) => x), weights: roots.map(({ x, slope }) => 2 / ((1 - x * x) * slope * slope)) }
}

const legendre = (degree: number, x: number): { readonly value: number; readonly slope: number } => {
  let [before, value] = [1, x]
  for (let k = 2; k <= degree; k++) [before, value] = [value, ((2 * k - 1) * x * value - (k - 1) * before) / k]
  return { value, slope: (degree * (x * value - before)) / (x * x - 1) }
}
