import type { Bijector } from '../contracts.ts'
import type { BijectorEntry } from '../registry.ts'
import type { BijectorSpec, NetworkSpec, TransformerSpec } from '../spec.ts'
import type { CouplingMask } from '../specs.ts'
import { chainBijector } from './chain.ts'
import { coupling, couplingEntry, passesOf } from './coupling.ts'
import { vectorLength } from './vector.ts'

/** What `twoSidedCoupling` returns. */
export type TwoSidedCouplingSpec = BijectorSpec & {
  readonly _tag: 'twoSidedCoupling'
  readonly conditioner: NetworkSpec
  readonly transformer: TransformerSpec
  readonly mask: CouplingMask
}

/**
 * A coupling layer that moves both halves in one block (Dinh et al. 2017, figure 2; FrEIA's blocks): a coupling, then one in which what was moved
 * conditions what was not.
 *
 *   y_b = transformer(x_b; conditioner_1(x_a, context)),   y_a = transformer(x_a; conditioner_2(y_b, context))
 *
 * Both directions take one pass of each network.
 *
 * @param mask the dimensions x_a, as in `coupling`
 * @example repeat(4, chain(twoSidedCoupling(mlp(), affine()), plu({ seed: 0 })))
 */
export const twoSidedCoupling = (
  conditioner: NetworkSpec,
  transformer: TransformerSpec,
  { mask = 'half' }: { readonly mask?: CouplingMask } = {},
): TwoSidedCouplingSpec => ({ _tag: 'twoSidedCoupling', conditioner, transformer, mask })

export const twoSidedCouplingEntry: BijectorEntry<TwoSidedCouplingSpec> = {
  tag: 'twoSidedCoupling',
  build: (spec, site) => {
    const dim = vectorLength('twoSidedCoupling', site)
    const sideOf = (mask: CouplingMask): Bijector => couplingEntry.build(coupling(spec.conditioner, spec.transformer, { mask }), site)
    if (dim === 1) return { ...sideOf(spec.mask), spec }
    const passes = passesOf(spec.mask, dim, site)
    return { ...chainBijector([sideOf(passes), sideOf(passes.map(pass => !pass))]), spec }
  },
}
