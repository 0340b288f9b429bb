import { mixtureMade } from '../distributions/mixture-made.ts'
import { made } from '../networks/made.ts'
import type { Activation, FlowSpec, ScaleMap } from '../specs.ts'
import { flow } from './flow.ts'
import { maf } from './recipes.ts'

/**
 * MAF MoG (Papamakarios et al. 2017, section 4.2): a masked autoregressive flow whose base is a MADE with mixtures of normals as its conditionals. One
 * pass scores, 2 D passes sample.
 *
 * @param layers     of the flow
 * @param components of each conditional of the base; 10 in the paper
 * @see https://arxiv.org/abs/1705.07057
 */
export const mafMog = ({
  components = 10,
  ...options
}: {
  readonly components?: number
  readonly layers?: number
  readonly hidden?: ReadonlyArray<number>
  readonly activation?: Activation
  readonly scale?: ScaleMap
  readonly seed?: number
  readonly scan?: boolean
} = {}): FlowSpec => {
  const { hidden = [64, 64], activation = 'relu' } = options
  return flow({ base: mixtureMade({ components, conditioner: made({ hidden, activation }) }), bijector: maf(options).bijector })
}
