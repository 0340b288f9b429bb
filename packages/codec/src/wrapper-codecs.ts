import type {
  BatchNormSpec,
  Block,
  BlockwiseSpec,
  ConcatenateSpec,
  ConjugateSpec,
  EmbedSpec,
  FreezeSpec,
  IndexedSpec,
  PadSpec,
  Reparameterization,
  ReparameterizeSpec,
  ReshapeSpec,
  StackSpec,
  TransposeSpec,
} from '@diffeo/core'
import * as t from 'io-ts'
import { fields, finite, integer, orderCodec, where, word } from './fields.ts'
import type { Codec } from './fields.ts'
import { eventCodec } from './sizes-codec.ts'
import { bijectorSpec, networkSpec } from './spec-kind.ts'
import type { SpecCodecs } from './spec-kind.ts'

const width = integer(1, 65_536)
const some = <A>(codec: Codec<ReadonlyArray<A>>, what: string): Codec<ReadonlyArray<A>> =>
  where(codec, list => (list.length > 0 && list.length <= 10_000 ? undefined : `1 to 10000 ${what}`))

const batchNorm: Codec<BatchNormSpec> = fields('batchNorm', {
  _tag: word('batchNorm'),
  momentum: finite('a momentum in (0, 1]', momentum => momentum > 0 && momentum <= 1),
})
const block: Codec<Block> = fields<Block>('a block', { size: width, bijector: bijectorSpec })
const blockwise: Codec<BlockwiseSpec> = fields('blockwise', { _tag: word('blockwise'), size: width, bijector: bijectorSpec })
const concatenate: Codec<ConcatenateSpec> = fields<ConcatenateSpec>('concatenate', {
  _tag: word('concatenate'),
  blocks: some(t.readonlyArray(block, 'a list of blocks'), 'blocks'),
})
const conjugate: Codec<ConjugateSpec> = fields('conjugate', { _tag: word('conjugate'), outer: bijectorSpec, inner: bijectorSpec })
const embed: Codec<EmbedSpec> = fields('embed', { _tag: word('embed'), network: networkSpec, features: width, bijector: bijectorSpec })
const freeze: Codec<FreezeSpec> = fields('freeze', { _tag: word('freeze'), bijector: bijectorSpec })
const indexed: Codec<IndexedSpec> = fields<IndexedSpec>('indexed', {
  _tag: word('indexed'),
  indices: where(t.readonlyArray(integer(0), 'a list of indices'), indices =>
    indices.length > 0 && new Set(indices).size === indices.length ? undefined : 'different indices, at least one',
  ),
  bijector: bijectorSpec,
})
const places = integer(0, 65_536)
const pad: Codec<PadSpec> = where(
  fields<PadSpec>('pad', { _tag: word('pad'), before: places, after: places, value: finite('a float32', x => Math.fround(x) === x) }),
  ({ before, after }) => (before + after > 0 ? undefined : 'at least one place'),
)
const reparameterization: Codec<Reparameterization> = word('weightNorm', 'unitNorm', 'zeroMean', 'tanh')
const reparameterize: Codec<ReparameterizeSpec> = fields<ReparameterizeSpec>('reparameterize', {
  _tag: word('reparameterize'),
  bijector: bijectorSpec,
  by: t.record(t.string, reparameterization, 'a record of functions'),
})
const reshape: Codec<ReshapeSpec> = fields('reshape', { _tag: word('reshape'), base: eventCodec, data: eventCodec })
const stack: Codec<StackSpec> = fields<StackSpec>('stack', {
  _tag: word('stack'),
  bijectors: some(t.readonlyArray(bijectorSpec, 'a list of bijectors'), 'bijectors'),
})
const transpose: Codec<TransposeSpec> = fields('transpose', { _tag: word('transpose'), axes: orderCodec })

/** The codecs of bijectors around others, and of those that move axes. */
export const wrapperCodecs: SpecCodecs['bijector'] = {
  batchNorm,
  blockwise,
  concatenate,
  conjugate,
  embed,
  freeze,
  indexed,
  pad,
  reparameterize,
  reshape,
  stack,
  transpose,
}
