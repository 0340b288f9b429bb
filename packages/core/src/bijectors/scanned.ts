import { add, stack, unstack, zeros } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Bijector, Context, Params, Support } from '../contracts.ts'
import { scan } from '../control/scan.ts'
import { adaptationOf } from './adaptation.ts'
import { isTracing } from '../ops/tracer.ts'
import type { Key } from '../random/key.ts'
import { showShape } from '../support.ts'
import { handle, tidy } from '../tensor.ts'
import { leaves, unflatten } from '../tree.ts'

/** Fewer equal groups of layers than this are written out: a loop would cost more than it saves. */
const fewest = 4

/** The first layers of a chain as groups that are equal but for their parameters; the other layers come after them. */
interface Groups {
  readonly size: number
  readonly count: number
}

/**
 * Parameters of a chain that is a loop: one group's, each tensor with those of the other groups along a new first axis, and those of the
 * layers after the last group.
 */
export type ScannedParams = { readonly scanned: ReadonlyArray<Params>; readonly rest: ReadonlyArray<Params> }

/**
 * A chain whose equal groups of layers are one loop while it is traced, so that a compiled program does not grow with its depth, and whose
 * parameters are stacked, so that neither does the tree. Where no group of layers stands there four times or more, it is the chain
 * that it is given.
 *
 * @param chained    the chain
 * @param bijectors  its layers
 */
export const scannedBijector = (chained: Bijector<ReadonlyArray<Params>>, bijectors: ReadonlyArray<Bijector>): Bijector => {
  const groups = groupsOf(bijectors)
  if (groups === undefined) return chained
  const { size, count } = groups
  const group = bijectors.slice(0, size)
  const rest = bijectors.slice(size * count)

  const run = (
    layers: ReadonlyArray<Bijector>,
    direction: Direction,
    params: ReadonlyArray<Params>,
    at: Passing,
    context?: Context,
    key?: Key,
  ): Passing => {
    const order = direction === 'forward' ? [...layers.keys()] : [...layers.keys()].reverse()
    return order.reduce((passed, i) => applied(layers[i]!, direction, params[i]!, passed, context, key), at)
  }
  const loop = (direction: Direction, params: ReadonlyArray<Params>, at: Passing, context?: Context, key?: Key): Passing =>
    scan(
      (passed: Passing, row: ReadonlyArray<Params>) => ({ carry: run(group, direction, row, passed, context, key), y: {} }),
      at,
      params,
      { length: count, reverse: direction === 'inverse' },
    ).carry
  const { adapt: _adapt, follow: _follow, on, ...same } = chained
  const own: Bijector<ScannedParams> = {
    ...same,
    trainable: { scanned: group.map(b => b.trainable), rest: rest.map(b => b.trainable) },
    init: key => tidy(() => stacked(chained.init(key), groups)),
    forward: (params, x, context, key) =>
      tidy(() => {
        if (!isTracing()) return chained.forward(unstacked(params, groups), x, context, key)
        const looped = loop('forward', params.scanned, start(x), context, key)
        const { value, logDet } = run(rest, 'forward', params.rest, looped, context, key)
        return { y: value, logDet }
      }),
    inverse: (params, y, context, key) =>
      tidy(() => {
        if (!isTracing()) return chained.inverse(unstacked(params, groups), y, context, key)
        const undone = run(rest, 'inverse', params.rest, start(y), context, key)
        const { value, logDet } = loop('inverse', params.scanned, undone, context, key)
        return { x: value, logDet }
      }),
    ...adaptationOf<ScannedParams>(
      [chained as unknown as Bijector], // its parameters are a list
      adapt => (params, side, batch, context) =>
        tidy(() => {
          const adapted = adapt(chained as unknown as Bijector, unstacked(params, groups), side, batch, context)
          return stacked(adapted as ReadonlyArray<Params>, groups)
        }),
    ),
    ...(on && {
      on: (side: 'base' | 'data', support: Support): Bijector<ScannedParams> => {
        const { base, data } = on.call(chained, side, support)
        return { ...own, base, data }
      },
    }),
  }
  return own
}

type Direction = 'forward' | 'inverse'
type Passing = { readonly value: Tensor; readonly logDet: Tensor }

const start = (x: Tensor): Passing => ({ value: handle(x), logDet: zeros([x.shape[0]!]) })

const applied = (
  layer: Bijector,
  direction: Direction,
  params: Params,
  { value, logDet }: Passing,
  context?: Context,
  key?: Key,
): Passing => {
  if (direction === 'forward') {
    const step = layer.forward(params, value, context, key)
    return { value: step.y, logDet: add(logDet, step.logDet) }
  }
  const step = layer.inverse(params, value, context, key)
  return { value: step.x, logDet: add(logDet, step.logDet) }
}

/** The groups that leave the fewest layers to be written out: those of one group, and those after the last. */
const groupsOf = (bijectors: ReadonlyArray<Bijector>): Groups | undefined => {
  const kinds = bijectors.map(b => `${JSON.stringify(b.spec)} ${showShape(b.base.shape)}`)
  const written = ({ size, count }: Groups): number => size + kinds.length - size * count
  return Array.from({ length: Math.floor(kinds.length / fewest) }, (_, i): Groups => {
    const size = i + 1
    const differs = kinds.findIndex((kind, at) => kind !== kinds[at % size])
    return { size, count: Math.floor((differs < 0 ? kinds.length : differs) / size) }
  })
    .filter(({ count }) => count >= fewest)
    .reduce<Groups | undefined>((best, groups) => (best === undefined || written(groups) < written(best) ? groups : best), undefined)
}

/** The parameters of one group, each with those of the others along a new first axis, and those of the other layers. */
const stacked = (params: ReadonlyArray<Params>, { size, count }: Groups): ScannedParams => {
  const groups = Array.from({ length: count }, (_, i) => leaves<Tensor>(params.slice(size * i, size * (i + 1))))
  const rows = groups[0]!.map((_, leaf) => stack(groups.map(group => group[leaf]!)))
  return { scanned: unflatten(params.slice(0, size) as Params, rows) as ReadonlyArray<Params>, rest: params.slice(size * count) }
}

/** The parameters of the layers one by one. */
const unstacked = ({ scanned, rest }: ScannedParams, { count }: Groups): ReadonlyArray<Params> => {
  const rows = leaves<Tensor>(scanned as Params).map(leaf => unstack(leaf))
  const groupAt = (i: number): ReadonlyArray<Params> =>
    unflatten(
      scanned as Params,
      rows.map(row => row[i]!),
    ) as ReadonlyArray<Params>
  return [...Array.from({ length: count }, (_, i) => groupAt(i)).flat(), ...rest]
}
