import type { BijectorSpec, DistributionSpec, NetworkSpec, TransformerSpec } from './spec.ts'

/** What `chain` returns. With `scan`, equal groups of its layers are one loop where it is compiled. */
export type ChainSpec = BijectorSpec & {
  readonly _tag: 'chain'
  readonly bijectors: ReadonlyArray<BijectorSpec>
  readonly scan?: boolean
}
/** What `invert` returns. */
export type InvertSpec = BijectorSpec & { readonly _tag: 'invert'; readonly bijector: BijectorSpec }
/** What `repeat` returns. With `scan`, its layers are one loop where it is compiled. */
export type RepeatSpec = BijectorSpec & {
  readonly _tag: 'repeat'
  readonly times: number
  readonly bijector: BijectorSpec
  readonly scan?: boolean
}
/** What `permute` returns. */
export type PermuteSpec = BijectorSpec & { readonly _tag: 'permute' } & (
    { readonly order: ReadonlyArray<number> } | { readonly seed: number }
  )
/** What `reverse` returns. */
export type ReverseSpec = BijectorSpec & { readonly _tag: 'reverse' }
/** What `elementwise` returns. */
export type ElementwiseSpec = BijectorSpec & { readonly _tag: 'elementwise'; readonly transformer: TransformerSpec }
/** What `conditional` returns. */
export type ConditionalSpec = BijectorSpec & {
  readonly _tag: 'conditional'
  readonly conditioner: NetworkSpec
  readonly transformer: TransformerSpec
}
/** Which dimensions pass unchanged and condition the others: the first half, every other one, the first `split`, or those that are true. */
export type CouplingMask = 'half' | 'even' | 'odd' | { readonly split: number } | ReadonlyArray<boolean>
/** What `coupling` returns. */
export type CouplingSpec = BijectorSpec & {
  readonly _tag: 'coupling'
  readonly conditioner: NetworkSpec
  readonly transformer: TransformerSpec
  readonly mask: CouplingMask
}
/** What `autoregressive` returns. */
export type AutoregressiveSpec = BijectorSpec & {
  readonly _tag: 'autoregressive'
  readonly conditioner: NetworkSpec
  readonly transformer: TransformerSpec
  readonly passes?: number
  readonly adjacency?: ReadonlyArray<ReadonlyArray<boolean>>
}
/** What `actNorm` returns. */
export type ActNormSpec = BijectorSpec & { readonly _tag: 'actNorm' }

/** How an unconstrained number becomes a positive scale; 0 becomes 1. */
export type ScaleMap = 'softclip' | 'exp' | 'softplus' | 'sigmoid' | 'tanh'
/** What `additive` returns. */
export type AdditiveSpec = TransformerSpec & { readonly _tag: 'additive' }
/** What `affine` returns. */
export type AffineSpec = TransformerSpec & { readonly _tag: 'affine'; readonly scale: ScaleMap; readonly minScale?: number }
/** What `scale` returns. */
export type ScaleSpec = TransformerSpec & { readonly _tag: 'scale'; readonly scale: ScaleMap }
/** How unconstrained numbers become the knots of a spline: zuko's, nflows' or distrax's way. */
export type KnotMap = 'softclip' | 'softmax' | 'distrax'
/** What `rationalQuadratic` returns. */
export type RationalQuadraticSpec = TransformerSpec & {
  readonly _tag: 'rationalQuadratic'
  readonly bins: number
  readonly bound: number
  readonly knots: KnotMap
}

/** The nonlinearity between the layers of a network. */
export type Activation = 'relu' | 'elu' | 'tanh' | 'silu' | 'softplus' | 'leakyRelu'
/** What `mlp` returns. */
export type MlpSpec = NetworkSpec & { readonly _tag: 'mlp'; readonly hidden: ReadonlyArray<number>; readonly activation: Activation }
/** What `residualMlp` returns. */
export type ResidualMlpSpec = NetworkSpec & {
  readonly _tag: 'residualMlp'
  readonly width: number
  readonly blocks: number
  readonly activation: Activation
}
/** What `made` returns. */
export type MadeSpec = NetworkSpec & {
  readonly _tag: 'made'
  readonly hidden: ReadonlyArray<number>
  readonly activation: Activation
  readonly residual: boolean
  readonly degrees: 'sorted' | 'cyclic'
}

/** What `standardNormal` returns. */
export type StandardNormalSpec = DistributionSpec & { readonly _tag: 'standardNormal' }
/** What `diagonalNormal` returns. */
export type DiagonalNormalSpec = DistributionSpec & { readonly _tag: 'diagonalNormal' }
/** What `uniform` returns. */
export type UniformSpec = DistributionSpec & { readonly _tag: 'uniform'; readonly low: number; readonly high: number }
/** A flow as plain JSON: what `flow` and the recipes return, and what `build` takes. */
export type FlowSpec = DistributionSpec & { readonly _tag: 'flow'; readonly base: DistributionSpec; readonly bijector: BijectorSpec }
