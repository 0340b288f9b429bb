import { gather, reshape, slice, tensor1d, zeros } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Network } from '../contracts.ts'
import type { NetworkEntry, NetworkSite } from '../registry.ts'
import type { NetworkSpec } from '../spec.ts'
import { isScalar, supportAt } from '../support.ts'
import { columnsAt, joined, tidy } from '../tensor.ts'
import { onCircle } from '../transformers/angles.ts'
import { showPath } from '../tree.ts'

/** What `periodic` returns. */
export type PeriodicSpec = NetworkSpec & {
  readonly _tag: 'periodic'
  readonly network: NetworkSpec
  readonly at?: ReadonlyArray<number>
}

/**
 * A network that reads each angle as its cosine and its sine, so that what it conditions is continuous all round the circle.
 *
 * @param network what reads them; an autoregressive one where one is asked for
 * @param at      the inputs that are angles in radians; those on a circle unless given, which couplings and autoregressive layers know
 * @example coupling(periodic(mlp()), circularSpline())
 */
export const periodic = (network: NetworkSpec, { at }: { readonly at?: ReadonlyArray<number> } = {}): PeriodicSpec => ({
  _tag: 'periodic',
  network,
  ...(at && { at }),
})

/** x [N, D] to its features: a cosine and a sine for each angle, in place of it; `first` says where those of each input begin. */
const featuresOf = (dim: number, angles: ReadonlyArray<number>): { readonly first: ReadonlyArray<number>; of(x: Tensor): Tensor } => {
  const isAngle = Array.from({ length: dim }, (_, i) => angles.includes(i))
  const first = isAngle.map((_, i) => i + isAngle.slice(0, i).filter(Boolean).length)
  const sines = Array.from({ length: angles.length }, (_, k) => dim + k)
  // [cosines or x, sines] to features
  const order = isAngle.flatMap((yes, i) => (yes ? [i, sines[angles.indexOf(i)]!] : [i]))
  return {
    first,
    of: x => {
      const turned = columnsAt(x, angles)
      const others = isAngle.flatMap((yes, i) => (yes ? [] : [i]))
      const [c, s] = onCircle(turned)
      const cosines = others.length === 0 ? c : columnsAt(joined([columnsAt(x, others), c], 1), sorted(others, angles))
      return columnsAt(joined([cosines, s], 1), order)
    },
  }
}

/** Where the columns of [others, angles] come from to stand in order again. */
const sorted = (others: ReadonlyArray<number>, angles: ReadonlyArray<number>): ReadonlyArray<number> => {
  const all = [...others, ...angles]
  return [...all.keys()].sort((a, b) => all[a]! - all[b]!)
}

export const periodicNetwork = (spec: PeriodicSpec, site: NetworkSite): Network => {
  const dim = site.input.reduce((n, size) => n * size, 1)
  const angles = anglesOf(spec, dim, site)
  const features = featuresOf(dim, angles)
  const width = dim + angles.length
  const { support: _, ...rest } = site
  const inner = site.builder.network(spec.network, {
    ...rest,
    path: [...site.path, 'network'],
    input: [width],
    output: site.autoregressive ? [width, ...site.output.slice(1)] : site.output,
  })
  return {
    spec,
    trainable: inner.trainable,
    init: key => inner.init(key),
    apply: (params, x, context, key) =>
      tidy(() => {
        const out = inner.apply(params, features.of(reshape(x, [x.shape[0]!, dim])), context, key)
        return site.autoregressive ? outputsAt(out, features.first) : out
      }),
  }
}

/** Output i of an autoregressive network is that at the first feature of input i, which sees the features of inputs before i. */
const outputsAt = (out: Tensor, first: ReadonlyArray<number>): Tensor => {
  const rest = out.shape.slice(2)
  if (out.size === 0) return zeros([out.shape[0]!, first.length, ...rest])
  if (first.length === 1) return slice(out, [0, 0, ...rest.map(() => 0)], [-1, 1, ...rest])
  return gather(out, tensor1d([...first], 'int32'), 1)
}

const anglesOf = ({ at }: PeriodicSpec, dim: number, site: NetworkSite): ReadonlyArray<number> => {
  if (at !== undefined) {
    const isBad = !Array.isArray(at) || at.length === 0 || new Set(at).size < at.length
    if (isBad || at.some(i => !Number.isInteger(i) || i < 0 || i >= dim))
      throw new RangeError(
        `build: expected different indices of 0..${dim - 1}, got ${JSON.stringify(at)} at ${showPath([...site.path, 'at'])}`,
      )
    return [...at].sort((a, b) => a - b)
  }
  const { support } = site
  const known = support === undefined ? [] : Array.from({ length: dim }, (_, i) => i).filter(i => isCircle(support, i))
  if (known.length === 0)
    throw new RangeError(
      `build: expected inputs of 'periodic' that lie on a circle, got none at ${showPath(site.path)}; say with 'at' which are angles, or take the network alone`,
    )
  return known
}

const isCircle = (support: NonNullable<NetworkSite['support']>, i: number): boolean => {
  const own = supportAt(support, i)
  return isScalar(own) && own._tag === 'circle'
}

export const periodicEntry: NetworkEntry<PeriodicSpec> = { tag: 'periodic', build: periodicNetwork }
