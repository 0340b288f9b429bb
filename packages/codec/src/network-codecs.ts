import type { Activation, EmbeddingSpec, GatedResidualSpec, LipschitzMlpSpec } from '@diffeo/core'
import * as t from 'io-ts'
import { fields, finite, integer, where, word } from './fields.ts'
import type { Codec } from './fields.ts'
import { networkSpec } from './spec-kind.ts'
import { byteBudget } from './tensor-data.ts'
import type { SpecCodecs } from './spec-kind.ts'

/** The name of an activation. */
export const activation: Codec<Activation> = word('relu', 'elu', 'tanh', 'silu', 'softplus', 'leakyRelu')

/** The width of a layer. */
export const width: Codec<number> = integer(1, 65_536)

const tooLarge = (a: number, b: number): boolean => 4 * a * b > byteBudget

/** A width whose square matrices a file can hold. */
export const squareWidth: Codec<number> = where(width, w =>
  tooLarge(w, w) ? `a width whose weights take at most ${byteBudget} bytes` : undefined,
)

/** Widths of hidden layers. */
export const hidden: Codec<ReadonlyArray<number>> = where(t.readonlyArray(width, 'a list of widths'), widths => {
  if (widths.length < 1 || widths.length > 1000) return '1 to 1000 hidden layers'
  return widths.some((w, i) => i > 0 && tooLarge(widths[i - 1]!, w)) ? `widths whose weights take at most ${byteBudget} bytes` : undefined
})

const gatedResidual: Codec<GatedResidualSpec> = fields<GatedResidualSpec>('gatedResidual', {
  _tag: word('gatedResidual'),
  width: squareWidth,
  blocks: integer(0, 1000),
  activation,
})
const lipschitzMlp: Codec<LipschitzMlpSpec> = fields<LipschitzMlpSpec>('lipschitzMlp', {
  _tag: word('lipschitzMlp'),
  hidden,
  activation,
  constant: finite('a number > 0 in the range of float32', x => Math.fround(x) > 0 && Number.isFinite(Math.fround(x))),
})
const embedding: Codec<EmbeddingSpec> = fields<EmbeddingSpec>('embedding', {
  _tag: word('embedding'),
  categories: where(t.readonlyArray(integer(0, 10_000), 'a list of numbers of categories'), counts =>
    counts.length > 0 && !counts.includes(1) && counts.reduce((n, count) => n + count, 0) <= 10_000
      ? undefined
      : '0 or at least 2 for each column, 10000 in all at most',
  ),
  network: networkSpec,
})

/** The codecs of the networks beside those that every flow needs. */
export const networkCodecs: Pick<SpecCodecs, 'network'> = { network: { embedding, gatedResidual, lipschitzMlp } }
