import { autoregressive } from '../bijectors/autoregressive.ts'
import { chain } from '../bijectors/chain.ts'
import { cylinder } from '../bijectors/constrained/cylinder.ts'
import { exponentialMap } from '../bijectors/constrained/exponential-map.ts'
import { sphereMoebius } from '../bijectors/constrained/sphere-moebius.ts'
import { invert } from '../bijectors/invert.ts'
import { orthogonal } from '../bijectors/linear/orthogonal.ts'
import { reverse } from '../bijectors/permute.ts'
import { uniformSphere } from '../distributions/sphere.ts'
import { uniformCircle } from '../distributions/uniform-circle.ts'
import { made } from '../networks/made.ts'
import { periodic } from '../networks/periodic.ts'
import type { BijectorSpec, NetworkSpec, TransformerSpec } from '../spec.ts'
import type { FlowSpec } from '../specs.ts'
import { circularSpline } from '../transformers/circular-spline.ts'
import { each } from '../transformers/each.ts'
import { intervalSpline } from '../transformers/interval-spline.ts'
import { flow } from './flow.ts'
import type { NetworkOptions } from './recipes.ts'

interface SphereOptions extends Pick<NetworkOptions, 'layers' | 'hidden' | 'activation'> {
  /** Of the sphere: 2 unless given, unit vectors in R^3. */
  readonly dimension?: number
  /** splines: autoregressive splines of heights and an angle; moebius: Moebius maps; exponential: exponential maps. */
  readonly map?: 'splines' | 'moebius' | 'exponential'
  /** Of every spline; 8 unless given. */
  readonly bins?: number
  /** Of every exponential map; 8 unless given. */
  readonly components?: number
  /** Of exponential maps: what is one pass. The other direction is a Newton iteration in every layer. */
  readonly cheap?: 'score' | 'sample'
  /** Of Moebius and exponential maps: a network that moves their parameters by the context; without one they take none. */
  readonly conditioner?: NetworkSpec
}

/**
 * A flow of unit vectors, the sphere (Rezende et al. 2020): layers of one kind of map, with a learned rotation between them, on the uniform
 * distribution. Densities are by the surface.
 *
 * @param dimension  of the sphere, at least 2
 * @param layers     3 of splines, 8 of the others, unless given
 * @throws RangeError when a number is out of range
 * @example sphereFlow({ layers: 4, hidden: [32, 32] })
 * @example sphereFlow({ map: 'exponential', layers: 6, components: 5 })
 * @see https://arxiv.org/abs/2002.02428
 */
export const sphereFlow = (options: SphereOptions = {}): FlowSpec => {
  const { dimension = 2, map = 'splines', cheap = 'score', layers = map === 'splines' ? 3 : 8 } = options
  checkCount('sphereFlow', 'dimensions', dimension, 2)
  checkCount('sphereFlow', 'layers', layers, 1)
  const layer = layerOf(map, dimension, options)
  const rotated = Array.from({ length: layers }, (_, i) => (i === 0 ? [layer] : [orthogonal(), layer])).flat()
  const bijector = chain(...rotated)
  const turns = map === 'splines' || (map === 'exponential' && cheap === 'score')
  return flow({ base: uniformSphere(), bijector: turns ? invert(bijector) : bijector })
}

const layerOf = (
  map: 'splines' | 'moebius' | 'exponential',
  dimension: number,
  { bins = 8, components = 8, hidden = [64, 64], activation = 'relu', conditioner }: SphereOptions,
): BijectorSpec => {
  const conditioned = conditioner === undefined ? {} : { conditioner }
  switch (map) {
    case 'moebius':
      return sphereMoebius(conditioned)
    case 'exponential':
      return exponentialMap({ components, ...conditioned })
    case 'splines': {
      const heights = Array.from({ length: dimension - 1 }, (): TransformerSpec => intervalSpline({ bins }))
      const splines = autoregressive(periodic(made({ hidden, activation })), each([...heights, circularSpline({ bins })]))
      return chain(invert(cylinder()), splines, cylinder())
    }
    default:
      throw new RangeError(`sphereFlow: expected splines, moebius or exponential, got ${String(map satisfies never)}`)
  }
}

/**
 * Circular neural spline flow (Rezende et al. 2020; zuko's NCSF) of angles in [-pi, pi): masked autoregressive layers of circular splines, their order
 * reversed in between, on the uniform distribution of the torus. Every network reads the angles as cosines and sines.
 *
 * @param layers 3 unless given
 * @param bins   of every spline
 * @see https://arxiv.org/abs/2002.02428
 */
export const circularNsf = ({
  layers = 3,
  hidden = [64, 64],
  activation = 'relu',
  bins = 8,
}: Pick<NetworkOptions, 'layers' | 'hidden' | 'activation'> & { readonly bins?: number } = {}): FlowSpec => {
  checkCount('circularNsf', 'layers', layers, 1)
  const layer = autoregressive(periodic(made({ hidden, activation })), circularSpline({ bins }))
  const parts = Array.from({ length: layers }, (_, i): ReadonlyArray<BijectorSpec> => (i === 0 ? [layer] : [reverse(), layer])).flat()
  return flow({ base: uniformCircle(), bijector: invert(chain(...parts)) })
}

const checkCount = (name: string, what: string, count: number, least: number): void => {
  if (!Number.isSafeInteger(count) || count < least || count > 1000)
    throw new RangeError(`${name}: expected ${least} to 1000 ${what}, got ${count}`)
}
