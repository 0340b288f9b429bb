import {
  beta,
  box,
  cauchy,
  conditionalDistribution,
  conditionalNormal,
  diagonalNormal,
  exponential,
  gamma,
  gumbel,
  laplace,
  logistic,
  logNormal,
  lowRankNormal,
  made,
  mafMog,
  mixture,
  mixtureMade,
  multivariateNormal,
  studentT,
  truncated,
  uniformSphere,
  vonMises,
  vonMisesFisher,
} from '@diffeo/core'
import type { DistributionSpec } from '@diffeo/core'
import { masked, net, none, one } from './row.ts'
import type { Row } from './row.ts'

const fixed = { dims: one, contexts: none }

/** Distributions beside those that every flow needs. */
export const moreDistributionRows: ReadonlyArray<Row<DistributionSpec>> = [
  { name: 'beta', spec: beta({ a: 2, b: 0.7 }), dims: [[2, 2]], contexts: none },
  { name: 'box', spec: box({ low: [0, -1, 3], high: [1, 1, 7] }), ...fixed },
  { name: 'cauchy', spec: cauchy({ location: 1, scale: 2 }), ...fixed },
  { name: 'exponential', spec: exponential({ rate: 2 }), ...fixed },
  { name: 'gamma', spec: gamma({ concentration: 0.8, rate: 2 }), ...fixed },
  { name: 'gamma of small and large concentrations', spec: gamma({ concentration: 30 }), ...fixed, dims: [[1]] },
  { name: 'gumbel', spec: gumbel(), ...fixed },
  { name: 'laplace', spec: laplace(), ...fixed },
  { name: 'laplace, not trained', spec: laplace({ location: 1, scale: 2, trained: false }), ...fixed },
  { name: 'logistic', spec: logistic(), ...fixed },
  { name: 'logNormal', spec: logNormal({ location: 0.3, scale: 0.5 }), ...fixed },
  { name: 'lowRankNormal', spec: lowRankNormal({ rank: 2 }), ...fixed },
  { name: 'mixture', spec: mixture([diagonalNormal(), multivariateNormal(), laplace({ location: 2 })]), ...fixed },
  // a network of weights ten times as far gives scales whose squares leave float32
  { name: 'mixture given a context', spec: mixture([conditionalNormal(net), studentT()]), dims: one, contexts: [[2]] },
  { name: 'mixture of angles', spec: mixture([vonMises({ location: 1 }), vonMises()]), dims: [[1]], contexts: none },
  { name: 'mixtureMade', spec: mixtureMade({ components: 3, conditioner: masked }), dims: [[1], [3]] },
  {
    name: 'mixtureMade of a residual made',
    spec: mixtureMade({ components: 2, conditioner: made({ hidden: [7, 7], residual: true, activation: 'tanh' }) }),
    dims: one,
    contexts: [[2]],
  },
  { name: 'mafMog', spec: mafMog({ layers: 2, components: 3, hidden: [7], activation: 'tanh' }), dims: one },
  { name: 'multivariateNormal', spec: multivariateNormal(), dims: [[2], [5]], contexts: none },
  { name: 'studentT', spec: studentT({ degrees: 3 }), ...fixed },
  { name: 'truncated normal', spec: truncated(diagonalNormal(), { low: -0.5, high: 2 }), ...fixed },
  { name: 'truncated normal far from the mean', spec: truncated(diagonalNormal(), { low: 6, high: 9 }), ...fixed },
  { name: 'truncated laplace', spec: truncated(laplace(), { low: -1, high: 4 }), ...fixed },
  { name: 'uniformSphere', spec: uniformSphere(), dims: [[2], [4]], contexts: none },
  { name: 'vonMises', spec: vonMises({ location: 2, concentration: 3 }), ...fixed },
  { name: 'vonMisesFisher', spec: vonMisesFisher({ concentration: 5 }), dims: [[2], [4]], contexts: none },
  { name: 'conditionalNormal', spec: conditionalNormal(net), dims: one, contexts: [[2]] },
  { name: 'conditional gamma', spec: conditionalDistribution(net, gamma()), dims: one, contexts: [[2]] },
]
