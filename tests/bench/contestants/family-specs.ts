import {
  additive,
  affine,
  autoregressive,
  bernstein,
  bnaf,
  chain,
  circularSpline,
  coupling,
  deepSigmoid,
  dense,
  flow,
  gf,
  heavyTails,
  householder,
  invert,
  linearRationalSpline,
  linearSpline,
  logisticMixture,
  lowRank,
  made,
  mlp,
  monotoneMlp,
  orthogonal,
  planarFlow,
  plu,
  qr,
  quadraticSpline,
  radialFlow,
  rationalQuadratic,
  reverse,
  standardNormal,
  sumOfSquares,
  svd,
  sylvesterFlow,
  triangular,
  triangularSpline,
  unconstrainedMonotone,
  uniformCircle,
} from '@diffeo/core'
import type { BijectorSpec, DistributionSpec, FlowSpec, TransformerSpec } from '@diffeo/core'
import type { FamilyName } from '../families.ts'
import type { Work } from '../work.ts'

type Size = Pick<Work, 'layers' | 'hidden'>

const fitted = (layers: ReadonlyArray<BijectorSpec>, base: DistributionSpec = standardNormal()): FlowSpec =>
  flow({ base, bijector: invert(chain(...layers)) })

const times = (count: number, layer: (i: number) => ReadonlyArray<BijectorSpec>): ReadonlyArray<BijectorSpec> =>
  Array.from({ length: count }, (_, i) => layer(i)).flat()

const masked =
  (transformer: TransformerSpec, base: DistributionSpec = standardNormal()) =>
  ({ layers, hidden }: Size): FlowSpec =>
    fitted(
      times(layers, i => [...(i === 0 ? [] : [reverse()]), autoregressive(made({ hidden }), transformer)]),
      base,
    )

const coupled =
  (transformer: TransformerSpec) =>
  ({ layers, hidden }: Size): FlowSpec =>
    fitted(times(layers, i => [coupling(mlp({ hidden }), transformer, { mask: i % 2 === 0 ? 'even' : 'odd' })]))

const plain =
  (layer: BijectorSpec) =>
  ({ layers }: Size): FlowSpec =>
    fitted(times(layers, () => [layer]))

/** The model of each family of the extended table. */
export const familySpecs: { readonly [name in FamilyName]: (size: Size) => FlowSpec } = {
  affine: masked(affine()),
  'rational-quadratic': masked(rationalQuadratic()),
  'circular-spline': masked(circularSpline(), uniformCircle()),
  'quadratic-spline': masked(quadraticSpline()),
  'linear-spline': masked(linearSpline()),
  'linear-rational-spline': masked(linearRationalSpline()),
  naf: masked(monotoneMlp()),
  'deep-sigmoid': masked(deepSigmoid()),
  unaf: masked(unconstrainedMonotone()),
  'sum-of-squares': masked(sumOfSquares()),
  bernstein: masked(bernstein()),
  'heavy-tails': masked(heavyTails()),
  additive: coupled(additive()),
  'logistic-mixture': coupled(logisticMixture()),
  gaussianization: ({ layers }) => gf({ layers }),
  'block-autoregressive': ({ layers }) => bnaf({ layers }),
  'triangular-spline': ({ layers }) => triangularSpline({ layers }),
  planar: ({ layers }) => planarFlow({ layers }),
  radial: ({ layers }) => radialFlow({ layers }),
  sylvester: ({ layers }) => sylvesterFlow({ layers }),
  orthogonal: plain(orthogonal()),
  plu: plain(plu()),
  qr: plain(qr()),
  svd: plain(svd()),
  householder: plain(householder()),
  triangular: plain(triangular()),
  dense: plain(dense()),
  'low-rank': plain(lowRank({ rank: 2 })),
}
