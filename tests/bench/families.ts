import type { PythonPeer } from './field.ts'
import type { Work } from './work.ts'

/** A family of maps in the extended table: a training step at D = 6, batch 512, of a model that the peers named have as well. */
interface Shape {
  readonly title: string
  readonly layers: number
  readonly hidden: ReadonlyArray<number>
  readonly peers: ReadonlyArray<PythonPeer>
}

/** Three masked autoregressive layers, MADE 64, 64: zuko's defaults. */
const masked = (title: string, ...peers: ReadonlyArray<PythonPeer>): Shape => ({ title, layers: 3, hidden: [64, 64], peers })
/** Four couplings of alternating halves, MLP 64, 64. */
const coupled = (title: string, ...peers: ReadonlyArray<PythonPeer>): Shape => ({ title, layers: 4, hidden: [64, 64], peers })
/** Eight layers without networks. */
const plain = (title: string, ...peers: ReadonlyArray<PythonPeer>): Shape => ({ title, layers: 8, hidden: [], peers })

/** By name, in the order of the table. */
export const families = {
  affine: masked('affine, autoregressive', 'zuko', 'nflows', 'flowjax'),
  'rational-quadratic': masked('rational-quadratic spline, 8 bins, autoregressive', 'zuko', 'nflows', 'flowjax'),
  'circular-spline': masked('circular spline, 8 bins, autoregressive', 'zuko'),
  'quadratic-spline': masked('quadratic spline, 8 bins, autoregressive', 'nflows'),
  'linear-spline': masked('linear spline, 8 bins, autoregressive'),
  'linear-rational-spline': masked('linear-rational spline, 8 bins, autoregressive'),
  naf: masked('monotone perceptron 64, 64 (NAF), autoregressive', 'zuko'),
  'deep-sigmoid': masked('deep sigmoid, 16 units, autoregressive'),
  unaf: masked('unconstrained monotone 64, 64, 32 points, autoregressive', 'zuko'),
  'sum-of-squares': masked('sum of 3 squared polynomials of degree 4, autoregressive', 'zuko'),
  bernstein: masked('Bernstein polynomial, 17 coefficients, autoregressive', 'zuko'),
  'heavy-tails': masked('learned tails, autoregressive'),
  additive: coupled('additive (NICE), couplings', 'zuko', 'nflows', 'flowjax'),
  'logistic-mixture': coupled('mixture of 8 logistics (Flow++), couplings'),
  gaussianization: { ...plain('Gaussianization, 8 components, rotations between', 'zuko'), layers: 3 },
  'block-autoregressive': { ...plain('block autoregressive (BNAF), 8 units, 1 hidden layer', 'flowjax'), layers: 3 },
  'triangular-spline': plain('spline of 9 bins behind tanh, triangular matrix', 'flowjax'),
  planar: plain('planar', 'flowjax'),
  radial: plain('radial'),
  sylvester: plain('Sylvester, orthogonal'),
  orthogonal: plain('rotation by a matrix exponential', 'zuko'),
  plu: plain('triangular factors (LU)', 'zuko', 'nflows'),
  qr: plain('triangular and 6 reflections (QR)', 'nflows'),
  svd: plain('singular values and 12 reflections (SVD)', 'nflows'),
  householder: plain('6 reflections (Householder)', 'nflows'),
  triangular: plain('triangular matrix', 'flowjax'),
  dense: plain('dense matrix'),
  'low-rank': plain('diagonal and rank 2'),
} as const satisfies { readonly [name: string]: Shape }

export type FamilyName = keyof typeof families

export const familyNames: ReadonlyArray<FamilyName> = Object.keys(families).filter((name): name is FamilyName => name in families)

/** The id of a family among the sections. */
export const familyId = (name: FamilyName): string => `X-${name}`

export const familyWork = (name: FamilyName): Work => ({
  job: 'step',
  model: name,
  dim: 6,
  layers: families[name].layers,
  hidden: families[name].hidden,
  rows: 512,
  chunk: 10_000,
  ...(name === 'circular-spline' && { angles: true }),
})
