import type { Program } from '../../program.ts'
import { rewrite } from '../rewrite.ts'
import type { Rule } from '../rewrite.ts'
import { arithmetic } from './arithmetic.ts'
import { indexingRules } from './indexing.ts'
import { layout } from './layout.ts'
import { logic } from './logic.ts'
import { productRules } from './products.ts'
import { reductionRules } from './reductions.ts'
import { together } from './rules.ts'
import { tiling } from './tiling.ts'
import { transposes } from './transposes.ts'
import { trivialAxes } from './trivial-axes.ts'

/** Every algebraic rule, as one. */
export const algebraic: Rule = together(
  arithmetic,
  logic,
  productRules,
  layout,
  tiling,
  reductionRules,
  indexingRules,
  transposes,
  trivialAxes,
)

/**
 * The program with what algebra makes simpler: transposes inside products, x 1, x + 0, -(-x), log exp x, merged reshapes, broadcasts
 * and slices, gathers and scatters at constant places. Rounding may differ in the last bits, and the sign of a zero.
 */
export const algebra = (program: Program): Program => rewrite(program, algebraic)
