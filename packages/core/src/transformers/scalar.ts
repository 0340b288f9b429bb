import type { Transformer } from '../contracts.ts'
import type { AdditiveSpec, AffineSpec, RationalQuadraticSpec, ScaleSpec } from '../specs.ts'
import { additiveTransformer } from './additive.ts'
import { affineTransformer } from './affine.ts'
import { rationalQuadraticTransformer } from './rational-quadratic.ts'
import { scaleTransformer } from './scale.ts'

/** The specs of diffeo's own transformers, none of which has parameters. */
export type ScalarSpec = AdditiveSpec | AffineSpec | RationalQuadraticSpec | ScaleSpec

/** The transformer of a spec, made anew. */
export const scalarTransformer = (spec: ScalarSpec): Transformer<Record<string, never>> => {
  switch (spec._tag) {
    case 'additive':
      return additiveTransformer(spec)
    case 'affine':
      return affineTransformer(spec)
    case 'rationalQuadratic':
      return rationalQuadraticTransformer(spec)
    case 'scale':
      return scaleTransformer(spec)
    default:
      return spec satisfies never
  }
}
