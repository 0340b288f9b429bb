import type { ElementwiseSpec } from '../../specs.ts'
import { affine } from '../../transformers/affine.ts'
import { elementwise } from '../elementwise.ts'

/**
 * A diagonal matrix with a positive diagonal, and a shift: `elementwise(affine())`. `actNorm` is the same map, set from the first batch.
 */
export const diagonal = (): ElementwiseSpec => elementwise(affine())
