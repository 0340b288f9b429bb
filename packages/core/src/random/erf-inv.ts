/** Coefficients for w < 5, a polynomial in w - 5/2, the highest power first. */
const central = Float32Array.of(
  2.81022636e-8,
  3.43273939e-7,
  -3.5233877e-6,
  -4.39150654e-6,
  0.00021858087,
  -0.00125372503,
  -0.00417768164,
  0.246640727,
  1.50140941,
)

/** Coefficients for w >= 5, a polynomial in sqrt(w) - 3. */
const tail = Float32Array.of(
  -0.000200214257,
  0.000100950558,
  0.00134934322,
  -0.00367342844,
  0.00573950773,
  -0.0076224613,
  0.00943887047,
  1.00167406,
  2.83297682,
)

/**
 * The inverse error function in float32, for float32 x in (-1, 1): erfinv(x) = x P(w), w = -log(1 - x^2), with the two
 * polynomials of Giles 2010, "Approximating the erfinv function".
 *
 * Every step is rounded to float32 as XLA rounds it on a processor with a fused multiply-add: in the tails the rounding
 * of x^2 moves the result by up to 2e-5, and JAX's numbers have that in them. Equal to JAX's within one unit in the last place.
 *
 * @see https://people.maths.ox.ac.uk/gilesm/files/gems_erfinv.pdf
 */
export const erfInv = (x: number): number => {
  const w = Math.fround(-Math.log1p(-Math.fround(x * x)))
  const polynomial = w < 5 ? horner(central, w - 2.5) : horner(tail, Math.fround(Math.sqrt(w)) - 3)
  return Math.fround(polynomial * x)
}

const horner = (coefficients: Float32Array, t: number): number => {
  const w = Math.fround(t)
  let p = coefficients[0]!
  for (let i = 1; i < coefficients.length; i++) p = Math.fround(p * w + coefficients[i]!)
  return p
}
