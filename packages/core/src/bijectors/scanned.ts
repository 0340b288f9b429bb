import { add, stack, zeros } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Bijector, Context, Params } from '../contracts.ts'
import { scan } from '../control/scan.ts'
import { isTracing } from '../ops/tracer.ts'
import type { Key } from '../random/key.ts'
import { showShape } from '../support.ts'
import { handle, tidy } from '../tensor.ts'
import { entries, firstDifference, leaves, unflatten } from '../tree.ts'

/** Fewer equal groups of layers than this are written out: a loop would cost more than it saves. */
const fewest = 4

/** The first layers of a chain as groups that are equal but for their parameters; the other layers come after them. */
interface Groups {
  readonly size: number
  readonly count: number
}

/**
 * A chain whose equal groups of layers are one loop while it is traced, so that a compiled program does not grow with its depth. Eagerly, and
 * where no group of layers stands there four times or more, it is the chain that it is given; its parameters are the same.
 *
 * @param chained    the chain
 * @param bijectors  its layers
 */
export const scannedBijector = (
  chained: Bijector<ReadonlyArray<Params>>,
  bijectors: ReadonlyArray<Bijector>,
): Bijector<ReadonlyArray<Params>> => {
  const groups = groupsOf(bijectors)
  if (groups === undefined) return chained
  const { size, count } = groups
  const isLoop = (params: ReadonlyArray<Params>): boolean => isTracing() && areAlike(params, groups)
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
      stacked(params, groups),
      { length: count, reverse: direction === 'inverse' },
    ).carry
  return {
    ...chained,
    forward: (params, x, context, key) => {
      if (!isLoop(params)) return chained.forward(params, x, context, key)
      return tidy(() => {
        const looped = loop('forward', params, start(x), context, key)
        const { value, logDet } = run(rest, 'forward', params.slice(size * count), looped, context, key)
        return { y: value, logDet }
      })
    },
    inverse: (params, y, context, key) => {
      if (!isLoop(params)) return chained.inverse(params, y, context, key)
      return tidy(() => {
        const undone = run(rest, 'inverse', params.slice(size * count), start(y), context, key)
        const { value, logDet } = loop('inverse', params, undone, context, key)
        return { x: value, logDet }
      })
    },
  }
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

/** Whether the parameters of all groups have one structure, and their tensors the same shapes and dtypes. */
const areAlike = (params: ReadonlyArray<Params>, { size, count }: Groups): boolean => {
  const groupAt = (i: number): ReadonlyArray<Params> => params.slice(size * i, size * (i + 1))
  const first = groupAt(0)
  const shapes = shapesOf(first)
  return Array.from({ length: count }, (_, i) => groupAt(i)).every(
    group => firstDifference(first, group) === undefined && shapesOf(group) === shapes,
  )
}

const shapesOf = (params: Params): string =>
  entries<Tensor>(params)
    .map(([, x]) => `${x.dtype}${showShape(x.shape)}`)
    .join(' ')

/** The parameters of one group, each with those of the others along a new first axis. */
const stacked = (params: ReadonlyArray<Params>, { size, count }: Groups): ReadonlyArray<Params> => {
  const groups = Array.from({ length: count }, (_, i) => leaves<Tensor>(params.slice(size * i, size * (i + 1))))
  const rows = groups[0]!.map((_, leaf) => stack(groups.map(group => group[leaf]!)))
  return unflatten(params.slice(0, size) as Params, rows) as ReadonlyArray<Params>
}
