import { add, matMul, mul, reshape, tensor2d } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Context, Network } from '../contracts.ts'
import { split } from '../random/key.ts'
import type { Adjacency, NetworkSite } from '../registry.ts'
import type { MadeSpec } from '../specs.ts'
import { contextWidth, tidy } from '../tensor.ts'
import { showPath } from '../tree.ts'
import { activate } from './activation.ts'
import { flattenContext, initFirst, initLinear, linear, zeroLinear } from './linear.ts'
import type { Linear, Mask } from './linear.ts'
import type { MadeParams } from './made.ts'

/** What may be seen: for each input, then each number of the context, whether. */
type Sight = ReadonlyArray<boolean>

/** What the units of each layer may see, and what each output may. */
interface Sights {
  readonly hidden: ReadonlyArray<ReadonlyArray<Sight>>
  readonly outputs: ReadonlyArray<Sight>
}

const includes = (whole: Sight, part: Sight): boolean => part.every((sees, i) => !sees || whole[i]!)

const bits = (sight: Sight): string => sight.map(Number).join('')

/** The different sights that see something, in order; a hidden unit has one of them, since what sees less is no use to another. */
const kindsOf = (outputs: ReadonlyArray<Sight>): ReadonlyArray<Sight> =>
  [...new Map(outputs.filter(sight => sight.includes(true)).map(sight => [bits(sight), sight] as const)).entries()]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, sight]) => sight)

const sightsOf = (spec: MadeSpec, outputs: ReadonlyArray<Sight>, site: NetworkSite): Sights => {
  const kinds = kindsOf(outputs)
  if (kinds.length === 0) throw new RangeError(`build: expected an output that depends on something, got none at ${showPath(site.path)}`)
  spec.hidden.forEach((width, i) => {
    if (width < kinds.length)
      throw new RangeError(
        `build: expected at least ${kinds.length} hidden units for outputs of ${kinds.length} kinds, got ${width} at ${showPath([...site.path, 'hidden', i])}`,
      )
  })
  const ofUnit = (unit: number, width: number): Sight =>
    kinds[spec.degrees === 'cyclic' ? unit % kinds.length : Math.floor((unit * kinds.length) / width)]!
  return { hidden: spec.hidden.map(width => Array.from({ length: width }, (_, unit) => ofUnit(unit, width))), outputs }
}

const maskOf = (rows: number, columns: ReadonlyArray<Sight>, sees: (row: number, sight: Sight) => boolean): Mask => ({
  rows,
  columns: columns.length,
  values: Float32Array.from({ length: rows * columns.length }, (_, at) =>
    sees(Math.floor(at / columns.length), columns[at % columns.length]!) ? 1 : 0,
  ),
})

const matrixOf = ({ rows, columns, values }: Mask): Tensor => tensor2d(values, [rows, columns])

const networks = new WeakSet<object>()

/** Whether a network keeps to the adjacency of its site. */
export const keepsAdjacency = (network: Network): boolean => networks.has(network)

/**
 * A masked network whose output i sees the inputs and the numbers of the context that row i of an adjacency says, and no others (zuko's MaskedMLP): a
 * hidden unit sees what some output sees, and feeds the units and outputs that see at least as much.
 *
 * @param adjacency [D, D + C]
 * @throws RangeError when there are fewer hidden units than different outputs, or no output depends on anything
 */
export const graphMadeNetwork = (spec: MadeSpec, adjacency: Adjacency, site: NetworkSite): Network<MadeParams> => {
  const [dim, size, context] = [site.input[0]!, site.output.at(-1)!, contextWidth(site.context)]
  const sights = sightsOf(spec, adjacency, site)
  const [first, ...later] = sights.hidden
  const outputs = sights.outputs.flatMap(sight => Array.from({ length: size }, () => sight))
  const inputMask = maskOf(dim, first!, (i, sight) => sight[i]!)
  const contextMask = maskOf(context, first!, (i, sight) => sight[dim + i]!)
  const between = [...later, outputs].map((to, i) => {
    const from = sights.hidden[i]!
    return maskOf(from.length, to, (row, sight) => includes(sight, from[row]!))
  })
  // within a residual block the second map leads to units of the same kinds
  const within = later.map(units => maskOf(units.length, units, (row, sight) => includes(sight, units[row]!)))
  const depth = spec.residual ? 2 : 1
  const yes = { w: true, b: true }
  const network: Network<MadeParams> = {
    spec,
    trainable: {
      first: context > 0 ? { ...yes, v: true } : yes,
      hidden: later.map(() => Array.from({ length: depth }, () => yes)),
      last: yes,
    },
    init: key => {
      const [firstKey, restKey] = split(key)
      const keys = split(restKey!, Math.max(1, later.length))
      return {
        first: initFirst(firstKey!, dim, context, spec.hidden[0]!),
        hidden: later.map((_, i): ReadonlyArray<Linear> =>
          split(keys[i]!, depth).map((k, j) => initLinear(k, spec.hidden[j === 0 ? i : i + 1]!, spec.hidden[i + 1]!)),
        ),
        last: zeroLinear(spec.hidden.at(-1)!, dim * size),
      }
    },
    apply: (params, x, given?: Context) =>
      tidy(() => {
        const own = linear(params.first, x, inputMask)
        const { v } = params.first
        const start = v === undefined || given === undefined ? own : add(own, matMul(flattenContext(given), mul(v, matrixOf(contextMask))))
        const h = params.hidden.reduce((g, block, i) => {
          const out = block.reduce(
            (inner, layer, j) => linear(layer, activate(spec.activation, inner), j === 0 ? between[i] : within[i]),
            g,
          )
          return spec.residual ? add(g, out) : out
        }, start)
        const y = linear(params.last, activate(spec.activation, h), between.at(-1))
        return reshape(y, [y.shape[0]!, dim, size])
      }),
  }
  networks.add(network)
  return network
}
