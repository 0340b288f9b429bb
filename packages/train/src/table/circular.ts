import { chain, circularSpline, each, periodic } from '@diffeo/core'
import type {
  AutoregressiveSpec,
  BijectorSpec,
  ChainSpec,
  CouplingMask,
  CouplingSpec,
  FlowSpec,
  InvertSpec,
  PermuteSpec,
  RationalQuadraticSpec,
  RepeatSpec,
  TransformerSpec,
} from '@diffeo/core'

/** For each dimension on one side of a bijector whether it is an angle. */
type Layout = ReadonlyArray<boolean>

/** A bijector that treats angles as such, and where they are on its other side. */
export interface Turned {
  readonly spec: BijectorSpec
  readonly layout: Layout
}

/**
 * A flow's layers with angles among their dimensions: splines of the circle for these, the layers' own splines for the others, and conditioners
 * that read an angle by its cosine and sine. Undefined where the layers are not all couplings or autoregressive layers of rational-quadratic
 * splines, which nothing stands for on a circle.
 *
 * @param angles for each dimension of the data whether it is an angle
 */
export const withAngles = (bijector: BijectorSpec, angles: Layout): Turned | undefined => turned(bijector, angles, 'data')

/** Whether a flow of real vectors can be one of vectors with angles. */
export const takesAngles = ({ base, bijector }: FlowSpec, dim: number): boolean =>
  base._tag === 'standardNormal' &&
  withAngles(
    bijector,
    Array.from({ length: dim }, (_, i) => i === 0),
  ) !== undefined

/** The layout is that of `side`; the result's is that of the other one. */
const turned = (spec: BijectorSpec, layout: Layout, side: 'base' | 'data'): Turned | undefined => {
  const other = side === 'data' ? 'base' : 'data'
  switch (spec._tag) {
    case 'reverse':
      return { spec, layout: [...layout].reverse() }
    case 'permute': {
      const permuted = spec as PermuteSpec
      if (!('order' in permuted) || permuted.order.length !== layout.length) return undefined
      const { order } = permuted
      // y[i] = x[order[i]]
      return { spec, layout: layout.map((_, i) => layout[side === 'base' ? order[i]! : order.indexOf(i)]!) }
    }
    case 'invert': {
      const inner = turned((spec as InvertSpec).bijector, layout, other)
      return inner && { spec: { ...spec, bijector: inner.spec } as InvertSpec, layout: inner.layout }
    }
    case 'repeat': {
      const { times, bijector } = spec as RepeatSpec
      return turned(chain(...Array.from({ length: times }, () => bijector)), layout, side)
    }
    case 'chain':
      return turnedChain((spec as ChainSpec).bijectors, layout, side)
    case 'coupling':
    case 'autoregressive': {
      const layer = spec as CouplingSpec | AutoregressiveSpec
      if (layer.transformer._tag !== 'rationalQuadratic') return undefined
      if (!layout.includes(true)) return { spec, layout }
      const transformer = each(layout.map(isAngle => (isAngle ? onCircle(layer.transformer) : layer.transformer)))
      const read = layer._tag === 'coupling' ? layout.filter((_, i) => passes(layer.mask, layout.length, i)) : layout
      const conditioner = read.includes(true) && layout.length > 1 ? periodic(layer.conditioner) : layer.conditioner
      const changed: CouplingSpec | AutoregressiveSpec = { ...layer, conditioner, transformer }
      return { spec: changed, layout }
    }
    default:
      return undefined
  }
}

/** Whether a coupling's dimension i passes, and is read. */
const passes = (mask: CouplingMask, dim: number, i: number): boolean => {
  if (mask === 'even' || mask === 'odd') return (i % 2 === 0) === (mask === 'even')
  if (mask === 'half') return i < Math.floor(dim / 2)
  return 'split' in mask ? i < mask.split : mask[i] === true
}

const onCircle = (transformer: TransformerSpec): TransformerSpec => circularSpline({ bins: (transformer as RationalQuadraticSpec).bins })

const turnedChain = (bijectors: ReadonlyArray<BijectorSpec>, layout: Layout, side: 'base' | 'data'): Turned | undefined => {
  const order = side === 'base' ? bijectors : [...bijectors].reverse()
  const specs: BijectorSpec[] = []
  let at = layout
  for (const bijector of order) {
    const inner = turned(bijector, at, side)
    if (inner === undefined) return undefined
    specs.push(inner.spec)
    at = inner.layout
  }
  return { spec: chain(...(side === 'base' ? specs : specs.reverse())), layout: at }
}
