import {
  beta,
  buildDistribution,
  cauchy,
  diagonalNormal,
  exponential,
  gamma,
  grad,
  gumbel,
  key,
  laplace,
  leaves,
  logistic,
  logNormal,
  mapTree,
  mixture,
  studentT,
  tidy,
  truncated,
  vonMises,
} from '@diffeo/core'
import type { Distribution, DistributionSpec, Params } from '@diffeo/core'
import { near, suite, useTestBackend } from '@diffeo/testing'
import { add, atan, mean, scalar, sin, tensor } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { perturbed, values } from './draws.ts'

/** An interval that holds all but little of the mass. */
type Grid = readonly [low: number, high: number]

const specs: ReadonlyArray<readonly [string, DistributionSpec, Grid]> = [
  ['beta', beta({ a: 2, b: 3 }), [0, 1]],
  ['cauchy', cauchy(), [-1000, 1000]],
  ['diagonalNormal', diagonalNormal(), [-8, 8]],
  ['exponential', exponential(), [0, 20]],
  ['gamma', gamma({ concentration: 3 }), [0, 30]],
  ['gamma of a concentration below 1', gamma({ concentration: 0.9, rate: 0.5 }), [0, 30]],
  ['gumbel', gumbel(), [-6, 20]],
  ['laplace', laplace(), [-16, 16]],
  ['logistic', logistic(), [-20, 20]],
  ['logNormal', logNormal({ scale: 0.5 }), [0, 30]],
  ['mixture', mixture([diagonalNormal(), laplace({ location: 2 })]), [-16, 16]],
  ['studentT', studentT({ degrees: 3 }), [-200, 200]],
  ['truncated', truncated(diagonalNormal(), { low: -0.5, high: 1 }), [-0.5, 1]],
  ['vonMises', vonMises({ concentration: 2, location: 0.4 }), [-Math.PI, Math.PI]],
]

const s = suite('reparameterized samples')
s.before(() => useTestBackend('cpu'))

/** What is averaged: bounded, its derivative too, and of the same value at both ends of a circle, where samples jump. */
const functionOf = (d: Distribution): { readonly of: (x: number) => number; readonly ofTensor: (x: Tensor) => Tensor } =>
  d.space.support._tag === 'circle' ? { of: Math.sin, ofTensor: sin } : { of: Math.atan, ofTensor: atan }

/** The mean by the midpoint rule, in float64. */
const expected = (d: Distribution, params: Params, [low, high]: Grid): number => {
  const n = 40_000
  const step = (high - low) / n
  const at = Float32Array.from({ length: n }, (_, i) => low + (i + 0.5) * step)
  const p = tidy(() => values(d.logProb(params, tensor(at, [n, 1]))).slice())
  return p.reduce((sum, logP, i) => sum + Math.exp(logP) * functionOf(d).of(at[i]!) * step, 0)
}

for (const [name, spec, grid] of specs)
  s.test(`${name}: the gradient of a mean over samples is that of the mean`, () =>
    tidy(() => {
      const d = buildDistribution(spec, { event: [1] })
      const params = perturbed(d.init(key(0)), 3, 0.1)
      const n = 10_000
      const slopes = grad((p: Params) => mean(functionOf(d).ofTensor(d.sample(p, key(5), n))))(params)
      const h = 0.02
      leaves(params).forEach((leaf: Tensor, i) => {
        // no gradient goes through the weights of a mixture
        if (name === 'mixture' && i === 0) return
        const moved = (by: number): Params => mapTree((other: Tensor) => (other === leaf ? add(other, scalar(by)) : other), params)
        const exact = (expected(d, moved(h), grid) - expected(d, moved(-h), grid)) / (2 * h)
        near(values(leaves<Tensor>(slopes)[i]!)[0]!, exact, { atol: 0.03, what: `leaf ${i}` })
      })
    }),
  )

s.run()
