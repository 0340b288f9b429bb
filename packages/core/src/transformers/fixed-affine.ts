import { add, div, mul, sub } from '@tensorflow/tfjs-core'
import type { Transformer } from '../contracts.ts'
import type { TransformerEntry } from '../registry.ts'
import type { TransformerSpec } from '../spec.ts'
import { real } from '../support.ts'
import { tidy, zeroUnlessNaN } from '../tensor.ts'
import { showPath } from '../tree.ts'

/** What `fixedAffine` returns. */
export type FixedAffineSpec = TransformerSpec & { readonly _tag: 'fixedAffine'; readonly shift: number; readonly scale: number }

/**
 * y = shift + scale x, both numbers of the spec that no training changes: preprocessing as a part of a flow.
 *
 * @param scale above 0
 * @example chain(layers, elementwise(fixedAffine({ shift: 3.2, scale: 0.7 })), elementwise(exp()))
 */
export const fixedAffine = ({ shift = 0, scale = 1 }: { readonly shift?: number; readonly scale?: number } = {}): FixedAffineSpec => ({
  _tag: 'fixedAffine',
  shift,
  scale,
})

export const fixedAffineTransformer = (spec: FixedAffineSpec): Transformer<Record<string, never>> => {
  const { shift, scale } = spec
  const logScale = Math.log(scale)
  return {
    spec,
    size: 0,
    domain: real,
    range: real,
    trainable: {},
    init: () => ({}),
    forward: (_, __, x) => tidy(() => ({ y: add(mul(x, scale), shift), logDeriv: add(zeroUnlessNaN(x), logScale) })),
    inverse: (_, __, y) => tidy(() => ({ x: div(sub(y, shift), scale), logDeriv: sub(zeroUnlessNaN(y), logScale) })),
  }
}

export const fixedAffineEntry: TransformerEntry<FixedAffineSpec> = {
  tag: 'fixedAffine',
  build: (spec, { path }) => {
    if (!Number.isFinite(Math.fround(spec.shift)) || !(Math.fround(spec.scale) > 0 && Number.isFinite(Math.fround(spec.scale))))
      throw new RangeError(`build: expected a finite shift and a scale above 0, got ${spec.shift} and ${spec.scale} at ${showPath(path)}`)
    return fixedAffineTransformer(spec)
  },
}
