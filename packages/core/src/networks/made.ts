import { add, matMul, reshape } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Context, Network } from '../contracts.ts'
import { split } from '../random/key.ts'
import type { Key } from '../random/key.ts'
import type { NetworkEntry, NetworkSite } from '../registry.ts'
import type { Activation, MadeSpec } from '../specs.ts'
import { contextWidth, tidy } from '../tensor.ts'
import { showPath } from '../tree.ts'
import { activate, checkActivation } from './activation.ts'
import { degreesOf, maskOf } from './degrees.ts'
import { graphMadeNetwork } from './graph-made.ts'
import { flattenContext, initFirst, initLinear, linear, zeroLinear } from './linear.ts'
import type { FirstLinear, Linear, Mask } from './linear.ts'
import { mlp, mlpNetwork } from './mlp.ts'
import type { MlpParams } from './mlp.ts'
import { checkHidden } from './sizes.ts'

/** A plain layer is a list of one linear map, a residual block a list of two. */
export type MadeParams = {
  readonly first: FirstLinear
  readonly hidden: ReadonlyArray<ReadonlyArray<Linear>>
  readonly last: Linear
}

/**
 * A masked autoregressive network (MADE, Germain et al. 2015): output i depends on inputs before i and on the context.
 *
 * @param hidden   widths of the hidden layers, each at least as wide as there are inputs to tell apart
 * @param residual each layer after the first becomes a residual block of two masked layers; all widths are then equal (ResMADE,
 *                 Nash and Durkan 2019)
 * @param degrees  sorted: units of one degree stand side by side (default); cyclic: zuko's and FlowJAX's order
 * @example autoregressive(made({ hidden: [128, 128] }), affine())
 * @see https://arxiv.org/abs/1502.03509
 */
export const made = ({
  hidden = [64, 64],
  activation = 'relu',
  residual = false,
  degrees = 'sorted',
}: {
  readonly hidden?: ReadonlyArray<number>
  readonly activation?: Activation
  readonly residual?: boolean
  readonly degrees?: 'sorted' | 'cyclic'
} = {}): MadeSpec => ({ _tag: 'made', hidden, activation, residual, degrees })

/** [N, D] (and a context) to [N, D, size]; D >= 2. */
export const madeNetwork = (spec: MadeSpec, site: NetworkSite): Network<MadeParams> => {
  if (!site.autoregressive)
    throw new RangeError(`build: expected a plain network such as 'mlp', got the autoregressive 'made' at ${showPath(site.path)}`)
  const [dim, size] = [site.input[0]!, site.output.at(-1)!]
  const context = contextWidth(site.context)
  const degrees = degreesOf(spec, dim, context > 0)
  refuseNarrow(spec, degrees.hidden, dim, site)
  const masked = { hidden: spec.hidden, degrees: spec.degrees, activation: spec.activation, residual: spec.residual, context: context > 0 }
  const masks = masksOf(masked, dim, size)
  const depth = spec.residual ? 2 : 1
  const layers = spec.hidden.slice(1)

  const initLayer = (key: Key, i: number): ReadonlyArray<Linear> =>
    split(key, depth).map((k, j) => initLinear(k, spec.hidden[j === 0 ? i : i + 1]!, spec.hidden[i + 1]!))
  const yes = { w: true, b: true }
  const network: Network<MadeParams> = {
    spec,
    trainable: {
      first: context > 0 ? { ...yes, v: true } : yes,
      hidden: layers.map(() => Array.from({ length: depth }, () => yes)),
      last: yes,
    },
    init: key => {
      const [firstKey, restKey] = split(key)
      const keys = split(restKey!, Math.max(1, layers.length))
      return {
        first: initFirst(firstKey!, dim, context, spec.hidden[0]!),
        hidden: layers.map((_, i) => initLayer(keys[i]!, i)),
        last: zeroLinear(spec.hidden.at(-1)!, dim * size),
      }
    },
    apply: (params, x, context) =>
      tidy(() => {
        const y = applyMasked(masked, masks, params, x, contextShare(params, context))
        return reshape(y, [y.shape[0]!, dim, size])
      }),
  }
  structures.set(network, masked)
  return network
}

/** What of a masked network is neither a size of its inputs and outputs nor a parameter: plain JSON. */
export type MaskedStructure = Pick<MadeSpec, 'hidden' | 'degrees' | 'activation' | 'residual'> & { readonly context: boolean }

const structures = new WeakMap<object, MaskedStructure>()

/** The structure of a network that `madeNetwork` made; undefined for every other one. */
export const maskedStructureOf = (network: Network): MaskedStructure | undefined => structures.get(network)

/** The masks of the linear maps in their order: the first, one for each layer of hidden units after it, the last. */
export const masksOf = (masked: MaskedStructure, dim: number, size: number): ReadonlyArray<Mask> => {
  const degrees = degreesOf(masked, dim, masked.context)
  const outputs = degrees.outputs.flatMap(m => Array.from({ length: size }, () => m))
  return [degrees.inputs, ...degrees.hidden].map((from, i) => maskOf(from, degrees.hidden[i] ?? outputs))
}

/** What the context adds to the first layer, [N, width] or [1, width]. */
export const contextShare = ({ first }: MadeParams, context?: Context): Tensor | undefined =>
  first.v === undefined || context === undefined ? undefined : matMul(flattenContext(context), first.v)

/** x [N, dim] through the masked layers: [N, dim size]. */
export const applyMasked = (
  { activation, residual }: MaskedStructure,
  masks: ReadonlyArray<Mask>,
  params: MadeParams,
  x: Tensor,
  share?: Tensor,
): Tensor => {
  const own = linear(params.first, x, masks[0])
  const first = share === undefined ? own : add(own, share)
  const h = params.hidden.reduce((h, block, i) => {
    const out = block.reduce((g, layer) => linear(layer, activate(activation, g), masks[i + 1]), h)
    return residual ? add(h, out) : out
  }, first)
  return linear(params.last, activate(activation, h), masks.at(-1))
}

/** A single output may see nothing of x: an mlp of the context alone. */
const contextNetwork = (spec: MadeSpec, site: NetworkSite): Network<MlpParams> => {
  const input = [contextWidth(site.context)]
  const inner = mlpNetwork(mlp(spec), { ...site, context: undefined, input, autoregressive: false })
  return { ...inner, spec, apply: (params, _, context) => tidy(() => inner.apply(params, flattenContext(context!))) }
}

const refuseUnequal = (spec: MadeSpec, site: NetworkSite): void => {
  if (spec.residual && new Set(spec.hidden).size > 1)
    throw new RangeError(
      `build: expected equal widths in a residual made, got [${spec.hidden.join(', ')}] at ${showPath(site.path)}.hidden`,
    )
}

/** A layer without units of some degree would silently cut what an output depends on. */
const refuseNarrow = (spec: MadeSpec, hidden: ReadonlyArray<ReadonlyArray<number>>, dim: number, site: NetworkSite): void => {
  refuseUnequal(spec, site)
  const needed = dim - (hidden[0]?.[0] ?? 0)
  hidden.forEach((units, i) => {
    if (units.length < needed)
      throw new RangeError(
        `build: expected at least ${needed} hidden units for ${dim} dimensions, got ${units.length} at ${showPath([...site.path, 'hidden', i])}`,
      )
  })
}

export const madeEntry: NetworkEntry<MadeSpec> = {
  tag: 'made',
  build: (spec, site) => {
    checkHidden(spec.hidden, site)
    checkActivation(spec.activation, site)
    if (spec.degrees !== 'sorted' && spec.degrees !== 'cyclic')
      throw new RangeError(`build: expected one of sorted, cyclic, got ${String(spec.degrees)} at ${showPath([...site.path, 'degrees'])}`)
    if (site.adjacency !== undefined) {
      refuseUnequal(spec, site)
      return graphMadeNetwork(spec, site.adjacency, site)
    }
    return site.autoregressive && site.input[0] === 1 ? contextNetwork(spec, site) : madeNetwork(spec, site)
  },
}
