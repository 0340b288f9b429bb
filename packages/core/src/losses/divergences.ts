import { sub } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Context, Distribution, Params } from '../contracts.ts'
import type { Key } from '../random/key.ts'
import { tidy } from '../tensor.ts'

/** A Monte Carlo estimate in nats, and its standard error. */
export interface Estimate {
  readonly value: number
  readonly standardError: number
}

/** A distribution with its parameters, and a context where it takes one. */
export interface Bound<P extends Params = Params> {
  readonly distribution: Distribution<P>
  readonly params: P
  readonly context?: Context
}

interface Draws {
  readonly samples?: number
}

/** KL(p || q) = E_p[log p(x) - log q(x)], estimated on samples of p. */
export const klDivergence = (p: Bound, q: Bound, key: Key, { samples = 4096 }: Draws = {}): Estimate =>
  estimate(() => {
    const { x, logProb } = drawn(p, key, samples)
    return sub(logProb, scored(q, x))
  })

/** H(p, q) = E_p[-log q(x)], estimated on samples of p. */
export const crossEntropy = (p: Bound, q: Bound, key: Key, { samples = 4096 }: Draws = {}): Estimate =>
  negative(estimate(() => scored(q, drawn(p, key, samples).x)))

/** H(p) = E_p[-log p(x)], estimated on samples of p. */
export const entropy = (p: Bound, key: Key, { samples = 4096 }: Draws = {}): Estimate =>
  negative(estimate(() => drawn(p, key, samples).logProb))

const drawn = ({ distribution, params, context }: Bound, key: Key, n: number): { readonly x: Tensor; readonly logProb: Tensor } =>
  distribution.sampleAndLogProb(params, key, n, context)

const scored = ({ distribution, params, context }: Bound, x: Tensor): Tensor => distribution.logProb(params, x, context)

const negative = ({ value, standardError }: Estimate): Estimate => ({ value: -value, standardError })

/** Mean and standard error in float64 of a tensor [N] of terms. */
const estimate = (terms: () => Tensor): Estimate => {
  const values = valuesOf(terms)
  const n = values.length
  const value = values.reduce((sum, v) => sum + v, 0) / n
  const variance = values.reduce((sum, v) => sum + (v - value) ** 2, 0) / Math.max(1, n - 1)
  return { value, standardError: Math.sqrt(variance / n) }
}

const valuesOf = (terms: () => Tensor): Float32Array => {
  const tensor = tidy(terms)
  try {
    return tensor.dataSync<'float32'>()
  } finally {
    tensor.dispose()
  }
}
