import type {
  ActNormSpec,
  AdditiveSpec,
  AffineSpec,
  ChainSpec,
  ConditionalSpec,
  CouplingSpec,
  DiagonalNormalSpec,
  ElementwiseSpec,
  FlowSpec,
  InvertSpec,
  MadeSpec,
  MlpSpec,
  PermuteSpec,
  RationalQuadraticSpec,
  RepeatSpec,
  ResidualMlpSpec,
  ReverseSpec,
  ScaleMap,
  ScaleSpec,
  StandardNormalSpec,
  UniformSpec,
} from '@diffeo/core'
import * as t from 'io-ts'
import { checked, choice, fields, finite, flag, integer, optional, orderCodec, where, word } from './fields.ts'
import { distributionCodecs } from './distribution-codecs.ts'
import type { Codec } from './fields.ts'
import { linearCodecs } from './linear-codecs.ts'
import { mapCodecs } from './map-codecs.ts'
import { activation, hidden, networkCodecs, squareWidth } from './network-codecs.ts'
import { bijectorSpec, distributionSpec, networkSpec, transformerSpec } from './spec-kind.ts'
import type { SpecCodecs } from './spec-kind.ts'
import { maskCodec, structureCodecs } from './structure-codecs.ts'
import { sylvesterCodecs } from './sylvester-codecs.ts'
import { tableCodecs } from './table-codecs.ts'
import { monotoneCodecs, univariateCodecs } from './univariate-codecs.ts'
import { wrapperCodecs } from './wrapper-codecs.ts'

/** More repetitions than this, alone or nested, are a mistake in a file; `build` refuses them too. */
export const mostLayers = 10_000

const chain: Codec<ChainSpec> = fields<ChainSpec>('chain', {
  _tag: word('chain'),
  bijectors: t.readonlyArray(bijectorSpec, 'a list of bijectors'),
  scan: flag,
})
const invert: Codec<InvertSpec> = fields('invert', { _tag: word('invert'), bijector: bijectorSpec })
const repeat: Codec<RepeatSpec> = fields<RepeatSpec>('repeat', {
  _tag: word('repeat'),
  times: integer(1, mostLayers),
  bijector: bijectorSpec,
  scan: flag,
})
const reverse: Codec<ReverseSpec> = fields('reverse', { _tag: word('reverse') })
const actNorm: Codec<ActNormSpec> = fields('actNorm', { _tag: word('actNorm') })
const elementwise: Codec<ElementwiseSpec> = fields('elementwise', { _tag: word('elementwise'), transformer: transformerSpec })
const conditional: Codec<ConditionalSpec> = fields('conditional', {
  _tag: word('conditional'),
  conditioner: networkSpec,
  transformer: transformerSpec,
})

const orderedPermute: Codec<PermuteSpec & { readonly order: ReadonlyArray<number> }> = fields('permute', {
  _tag: word('permute'),
  order: orderCodec,
})
const seededPermute: Codec<PermuteSpec & { readonly seed: number }> = fields('permute', { _tag: word('permute'), seed: integer(0) })

const permute: Codec<PermuteSpec> = choice<PermuteSpec>('permute', u =>
  typeof u === 'object' && u !== null && Object.hasOwn(u, 'seed') ? seededPermute : orderedPermute,
)

const coupling: Codec<CouplingSpec> = fields('coupling', {
  _tag: word('coupling'),
  conditioner: networkSpec,
  transformer: transformerSpec,
  mask: maskCodec,
})

const scaleMap: Codec<ScaleMap> = word('softclip', 'exp', 'softplus', 'sigmoid', 'tanh')
const additive: Codec<AdditiveSpec> = fields('additive', { _tag: word('additive') })
const affine: Codec<AffineSpec> = fields<AffineSpec>('affine', {
  _tag: word('affine'),
  scale: scaleMap,
  minScale: optional(finite('a number from 0.001 to 0.9', x => x >= 1e-3 && x <= 0.9)),
})
const scale: Codec<ScaleSpec> = fields('scale', { _tag: word('scale'), scale: scaleMap })
const rationalQuadratic: Codec<RationalQuadraticSpec> = fields('rationalQuadratic', {
  _tag: word('rationalQuadratic'),
  bins: integer(1, 999),
  bound: finite('a number > 0 in the range of float32', x => Math.fround(x) > 0 && Number.isFinite(Math.fround(x))),
  knots: word('softclip', 'softmax', 'distrax'),
})

const mlp: Codec<MlpSpec> = fields('mlp', { _tag: word('mlp'), hidden, activation })
const residualMlp: Codec<ResidualMlpSpec> = fields('residualMlp', {
  _tag: word('residualMlp'),
  width: squareWidth,
  blocks: integer(0, 1000),
  activation,
})
const made: Codec<MadeSpec> = where(
  fields<MadeSpec>('made', { _tag: word('made'), hidden, activation, residual: t.boolean, degrees: word('sorted', 'cyclic') }),
  spec => (spec.residual && new Set(spec.hidden).size > 1 ? 'equal widths in a residual made' : undefined),
)

const standardNormal: Codec<StandardNormalSpec> = fields('standardNormal', { _tag: word('standardNormal') })
const diagonalNormal: Codec<DiagonalNormalSpec> = fields('diagonalNormal', { _tag: word('diagonalNormal') })
const float32: Codec<number> = checked('a finite number', u =>
  typeof u === 'number' && Number.isFinite(Math.fround(u)) ? undefined : 'a finite number in the range of float32',
)
const uniform: Codec<UniformSpec> = where(
  fields<UniformSpec>('uniform', { _tag: word('uniform'), low: float32, high: float32 }),
  ({ low, high }) => (Math.fround(low) < Math.fround(high) ? undefined : 'low < high'),
)
const flow: Codec<FlowSpec> = fields('flow', { _tag: word('flow'), base: distributionSpec, bijector: bijectorSpec })

/** The codecs of the tags that diffeo comes with; a registry's entry may bring its own instead. */
export const builtinCodecs: SpecCodecs = {
  bijector: {
    actNorm,
    chain,
    conditional,
    coupling,
    elementwise,
    invert,
    permute,
    repeat,
    reverse,
    ...mapCodecs.bijector,
    ...linearCodecs,
    ...monotoneCodecs,
    ...structureCodecs,
    ...sylvesterCodecs,
    ...tableCodecs.bijector,
    ...wrapperCodecs,
  },
  transformer: { additive, affine, rationalQuadratic, scale, ...mapCodecs.transformer, ...tableCodecs.transformer, ...univariateCodecs },
  network: { made, mlp, residualMlp, ...mapCodecs.network, ...networkCodecs.network },
  distribution: {
    diagonalNormal,
    flow,
    standardNormal,
    uniform,
    ...mapCodecs.distribution,
    ...distributionCodecs.distribution,
    ...tableCodecs.distribution,
  },
}
