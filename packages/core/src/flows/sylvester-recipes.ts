import { chain } from '../bijectors/chain.ts'
import { invert } from '../bijectors/invert.ts'
import { reverse } from '../bijectors/permute.ts'
import { planar } from '../bijectors/planar.ts'
import { radial } from '../bijectors/radial.ts'
import { repeat } from '../bijectors/repeat.ts'
import { sylvester } from '../bijectors/sylvester.ts'
import type { SylvesterBasis } from '../bijectors/sylvester.ts'
import { standardNormal } from '../distributions/normal.ts'
import type { BijectorSpec, NetworkSpec } from '../spec.ts'
import type { FlowSpec } from '../specs.ts'
import { flow } from './flow.ts'

interface Options {
  readonly layers?: number
  /** What is one pass: to score rows (default; to fit), or to sample and score the flow's own samples (for variational inference, as in the papers). */
  readonly cheap?: 'score' | 'sample'
  /** A network that moves each layer's parameters by the context; without one the flow takes none. */
  readonly conditioner?: NetworkSpec
  /** Whether the layers, from four on, are one loop where the flow is compiled. */
  readonly scan?: boolean
}

/**
 * Planar flow (Rezende and Mohamed 2015): planar maps one after another.
 *
 * @param layers number of planar maps; 8 unless given (the paper has 2, 8, 32 on densities of the plane)
 * @see https://arxiv.org/abs/1505.05770
 */
export const planarFlow = ({ conditioner, ...options }: Options = {}): FlowSpec =>
  layered('planarFlow', options, 8, planar(conditioner && { conditioner }))

/**
 * Radial flow (Rezende and Mohamed 2015): radial maps one after another. Both directions take one pass.
 *
 * @param layers number of radial maps; 8 unless given
 * @see https://arxiv.org/abs/1505.05770
 */
export const radialFlow = ({ conditioner, ...options }: Options = {}): FlowSpec =>
  layered('radialFlow', options, 8, radial(conditioner && { conditioner }))

/**
 * Sylvester flow (van den Berg et al. 2018): Sylvester maps one after another; those of triangles with the order of the dimensions reversed between
 * them.
 *
 * @param layers      number of maps; 4 unless given (the paper has 4, 8, 16)
 * @param basis       orthogonal (default), householder or triangular
 * @param units       hidden units of each map, at most D; D unless given (the paper has 16 and 32 for D = 64)
 * @param reflections of `householder`; unless given, the largest even number up to D (the paper has 4 and 8)
 * @see https://arxiv.org/abs/1803.05649
 */
export const sylvesterFlow = ({
  basis = 'orthogonal',
  units,
  reflections,
  conditioner,
  ...options
}: Options & { readonly basis?: SylvesterBasis; readonly units?: number; readonly reflections?: number } = {}): FlowSpec => {
  const map = sylvester({
    basis,
    ...(units !== undefined && { units }),
    ...(reflections !== undefined && { reflections }),
    ...(conditioner !== undefined && { conditioner }),
  })
  return layered('sylvesterFlow', options, 4, basis === 'triangular' ? chain(map, reverse()) : map)
}

const layered = (name: string, { layers, cheap = 'score', scan = false }: Options, usual: number, layer: BijectorSpec): FlowSpec => {
  const count = layers ?? usual
  if (!Number.isSafeInteger(count) || count < 1 || count > 1000) throw new RangeError(`${name}: expected 1 to 1000 layers, got ${count}`)
  const bijector = repeat(count, layer, { scan })
  return flow({ base: standardNormal(), bijector: cheap === 'score' ? invert(bijector) : bijector })
}
