import type { BijectorSpec, DistributionSpec, NetworkSpec, TransformerSpec } from './spec.ts'

export type ChainSpec = BijectorSpec & { readonly _tag: 'chain'; readonly bijectors: ReadonlyArray<BijectorSpec> }
export type InvertSpec = BijectorSpec & { readonly _tag: 'invert'; readonly bijector: BijectorSpec }
export type RepeatSpec = BijectorSpec & { readonly _tag: 'repeat'; readonly times: number; readonly bijector: BijectorSpec }
export type PermuteSpec = BijectorSpec & { readonly _tag: 'permute' } & (
    { readonly order: ReadonlyArray<number> } | { readonly seed: number }
  )
export type ReverseSpec = BijectorSpec & { readonly _tag: 'reverse' }
export type ElementwiseSpec = BijectorSpec & { readonly _tag: 'elementwise'; readonly transformer: TransformerSpec }
export type ConditionalSpec = BijectorSpec & {
  readonly _tag: 'conditional'
  readonly conditioner: NetworkSpec
  readonly transformer: TransformerSpec
}
/** Which dimensions pass unchanged and condition the others: the first half, every other one, the first `split`, or those that are true. */
export type CouplingMask = 'half' | 'even' | 'odd' | { readonly split: number } | ReadonlyArray<boolean>
export type CouplingSpec = BijectorSpec & {
  readonly _tag: 'coupling'
  readonly conditioner: NetworkSpec
  readonly transformer: TransformerSpec
  readonly mask: CouplingMask
}
export type AutoregressiveSpec = BijectorSpec & {
  readonly _tag: 'autoregressive'
  readonly conditioner: NetworkSpec
  readonly transformer: TransformerSpec
}
export type ActNormSpec = BijectorSpec & { readonly _tag: 'actNorm' }

/** How an unconstrained number becomes a positive scale; 0 becomes 1. */
export type ScaleMap = 'softclip' | 'exp' | 'softplus' | 'sigmoid' | 'tanh'
export type AdditiveSpec = TransformerSpec & { readonly _tag: 'additive' }
export type AffineSpec = TransformerSpec & { readonly _tag: 'affine'; readonly scale: ScaleMap }
export type ScaleSpec = TransformerSpec & { readonly _tag: 'scale'; readonly scale: ScaleMap }
/** How unconstrained numbers become the knots of a spline: zuko's, nflows' or distrax's way. */
export type KnotMap = 'softclip' | 'softmax' | 'distrax'
export type RationalQuadraticSpec = TransformerSpec & {
  readonly _tag: 'rationalQuadratic'
  readonly bins: number
  readonly bound: number
  readonly knots: KnotMap
}

export type Activation = 'relu' | 'elu' | 'tanh' | 'silu' | 'softplus' | 'leakyRelu'
export type MlpSpec = NetworkSpec & { readonly _tag: 'mlp'; readonly hidden: ReadonlyArray<number>; readonly activation: Activation }
export type ResidualMlpSpec = NetworkSpec & {
  readonly _tag: 'residualMlp'
  readonly width: number
  readonly blocks: number
  readonly activation: Activation
}
export type MadeSpec = NetworkSpec & {
  readonly _tag: 'made'
  readonly hidden: ReadonlyArray<number>
  readonly activation: Activation
  readonly residual: boolean
  readonly degrees: 'sorted' | 'cyclic'
}

export type StandardNormalSpec = DistributionSpec & { readonly _tag: 'standardNormal' }
export type DiagonalNormalSpec = DistributionSpec & { readonly _tag: 'diagonalNormal' }
export type UniformSpec = DistributionSpec & { readonly _tag: 'uniform'; readonly low: number; readonly high: number }
export type FlowSpec = DistributionSpec & { readonly _tag: 'flow'; readonly base: DistributionSpec; readonly bijector: BijectorSpec }
