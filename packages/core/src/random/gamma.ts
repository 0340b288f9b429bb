import { add, broadcastTo, mul, Tensor, tensor1d, zeros } from '@tensorflow/tfjs-core'
import type { Shape } from '../contracts.ts'
import { defineOp } from '../ops/define-op.ts'
import type { OpFunction } from '../ops/define-op.ts'
import type { Json } from '../ops/json.ts'
import { expectDraw, type Key } from './key.ts'
import { streamOf, type Stream } from './stream.ts'
import { typed, wordsOf } from './traced-keys.ts'

/**
 * Logarithms of gamma variates of rate 1, a float32 tensor of any shape: in the logarithm, small concentrations underflow nowhere.
 *
 * By Marsaglia and Tsang's rejection (2000) in float64; a concentration below 1 is raised by 1 and the variate multiplied by u^{1/a}. Element
 * i depends on the key, i and its own concentration alone. The words are the same everywhere; the values agree as far as Math.log does, to the last
 * bit or two.
 *
 * The gradient in the concentration is implicit, d log x / da = -dF/da / (x p) (Figurnov et al. 2018), and has no gradient itself.
 *
 * @param concentration > 0, of a shape that broadcasts to `shape`; NaN gives NaN
 * @throws TypeError when `source` is no key
 * @see https://doi.org/10.1145/358407.358414
 */
export const logGammaVariates = (source: Key | Tensor, concentration: Tensor, shape: Shape): Tensor => {
  expectDraw(
    'logGammaVariates',
    source,
    shape.reduce((n, size) => n * size, 1),
  )
  const each = concentration.rank === shape.length ? broadcastTo(concentration, [...shape]) : add(concentration, zeros([...shape]))
  return logGammaDraw([keyTensor(source), each], null)[0]!
}

/** A key as an op takes it. */
export const keyTensor = (source: Key | Tensor): Tensor =>
  source instanceof Tensor ? source : tensor1d(Int32Array.from(source as Uint32Array), 'int32')

const logGammaDraw: OpFunction<Json> = defineOp<Json>({
  name: 'logGammaDraw',
  host: ([source, concentrations]) => {
    const words = wordsOf(source)
    return [Float32Array.from(concentrations!, (a, i) => logGammaVariate(streamOf(words, i), a))]
  },
  shape: ([, concentration]) => typed('float32')(concentration!.shape),
  vjp: ([dy], [source, concentration]) => {
    const logX = logGammaDraw([source!, concentration!], null)[0]!
    return [null, mul(dy!, logGammaSlope([concentration!, logX], null)[0]!)]
  },
})

const logGammaSlope = defineOp<Json>({
  name: 'logGammaSlope',
  host: ([concentrations, logX]) => [Float32Array.from(concentrations!, (a, i) => implicitSlope(a, logX![i]!))],
  shape: ([concentration]) => typed('float32')(concentration!.shape),
})

/** log of one gamma variate, from as many random words as it takes. */
export const logGammaVariate = (stream: Stream, a: number): number => {
  if (!(a > 0)) return NaN
  if (a === Infinity) return Infinity
  if (a < 1) return logGammaVariate(stream, a + 1) + Math.log(stream.uniform()) / a
  const d = a - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const z = stream.normal()
    const v = (1 + c * z) ** 3
    if (v > 0 && Math.log(stream.uniform()) < 0.5 * z * z + d - d * v + d * Math.log(v)) return Math.log(d) + Math.log(v)
  }
}

/**
 * d log x / da at a fixed probability. With r_n = x^n / ((a+1) ... (a+n)), the series of the incomplete gamma function (DLMF 8.7.1) gives
 *
 *   d log x / da = -1/a sum_n r_n (log x - digamma(a + n + 1))
 *
 * Above a = 1e4 the first terms of x = a + sqrt(a) z + (z^2 - 1) / 3.
 */
export const implicitSlope = (a: number, logX: number): number => {
  const x = Math.exp(logX)
  if (a > 1e4) return (1 + (x - a) / (2 * a)) / x
  let [r, psi, sum, largest] = [1, digammaOf(a + 1), 0, 0]
  for (let n = 0; n < 1e5; n++) {
    const term = r * (logX - psi)
    sum += term
    largest = Math.max(largest, Math.abs(term))
    if (n > x - a && Math.abs(term) <= 1e-17 * largest) break
    psi += 1 / (a + n + 1)
    r *= x / (a + n + 1)
  }
  return -sum / a
}

/** digamma in float64, for x > 0. */
const digammaOf = (x: number): number => {
  let [shifted, below] = [x, 0]
  for (; shifted < 10; shifted++) below += 1 / shifted
  const w = 1 / (shifted * shifted)
  const series = w * (1 / 12 - w * (1 / 120 - w * (1 / 252 - w * (1 / 240 - w * (1 / 132)))))
  return Math.log(shifted) - 0.5 / shifted - series - below
}
