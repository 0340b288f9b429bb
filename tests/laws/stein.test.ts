import {
  buildDistribution,
  conditionalNormal,
  diagonalNormal,
  grad,
  key,
  lowRankNormal,
  mafMog,
  mixture,
  mixtureMade,
  mlp,
  multivariateNormal,
  studentT,
  tidy,
  vonMisesFisher,
} from '@diffeo/core'
import type { DistributionSpec, VonMisesFisherParams } from '@diffeo/core'
import { near, suite, useTestBackend } from '@diffeo/testing'
import { add, div, exp, matMul, mean, mul, norm, sum, tensor } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { logPolarIntegral } from '../../packages/core/src/special/log-bessel.ts'
import { masked } from './rows/row.ts'
import { perturbed, values } from './draws.ts'

/**
 * Stein's identity: under p, E[x_i d log p / dx_j] is -1 where i = j and 0 elsewhere. It ties samples to the density, scales and correlations alike, on vectors of any
 * size.
 */
const specs: ReadonlyArray<readonly [string, DistributionSpec]> = [
  ['diagonalNormal', diagonalNormal()],
  ['multivariateNormal', multivariateNormal()],
  ['lowRankNormal', lowRankNormal({ rank: 2 })],
  ['mixture', mixture([multivariateNormal(), studentT({ degrees: 6 })])],
  ['mixtureMade', mixtureMade({ components: 3, conditioner: masked })],
  ['mafMog', mafMog({ layers: 1, components: 2, hidden: [7], activation: 'tanh' })],
  ['conditionalNormal', conditionalNormal(mlp({ hidden: [5] }))],
]

const s = suite("samples and densities, by Stein's identity")
s.before(() => useTestBackend('cpu'))

for (const [name, spec] of specs)
  s.test(name, () =>
    tidy(() => {
      const isGiven = name === 'conditionalNormal'
      const d = buildDistribution(spec, isGiven ? { event: [3], context: [2] } : { event: [3] })
      const context = isGiven ? tensor([[0.5, -1]]) : undefined
      const params = perturbed(d.init(key(0)), 3, 0.4)
      const n = 20_000
      const x = d.sample(params, key(5), n, context)
      const score = grad((at: Tensor) => sum(d.logProb(params, at, context)))(x)
      near(values(div(matMul(x, score, true), n)), [-1, 0, 0, 0, -1, 0, 0, 0, -1], { atol: 0.1 })
    }),
  )

s.test('vonMisesFisher: the mean of the cosine is the derivative of the normalizer', () => {
  for (const dim of [2, 3, 6])
    tidy(() => {
      const d = buildDistribution(vonMisesFisher({ concentration: 3 }), { event: [dim] })
      const params = d.init(key(0)) as VonMisesFisherParams
      const axis = div(params.direction, norm(params.direction))
      const cosine = mean(sum(mul(d.sample(params, key(1), 20_000), axis), 1))
      const expected = add(1, grad((k: Tensor) => logPolarIntegral(k, dim))(exp(params.logConcentration)))
      near(values(cosine), values(expected), { atol: 0.01, what: `D = ${dim}` })
    })
})

s.run()
