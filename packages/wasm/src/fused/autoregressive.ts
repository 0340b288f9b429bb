import type { Expr, Func, Local, Stmt } from '../asm/code.ts'
import { func, get, invoke, local, seq, set, share } from '../asm/control.ts'
import { countUp } from '../asm/loops.ts'
import { f32, i32 } from '../asm/scalar.ts'
import { f32x4, v128 } from '../asm/simd.ts'
import type { Vec } from '../asm/simd.ts'
import { kernelOf } from '../kernels/kernel.ts'
import { at, least as smaller } from '../kernels/parts.ts'
import type { Arithmetic } from '../math/arithmetic.ts'
import type { Kernel } from '../runtime/runtime.ts'
import { activations } from './activation.ts'
import { layoutOf, tabulate } from './autoregressive-layout.ts'
import { layersOf, levelsOf, unitsUpTo } from './made-structure.ts'
import type { LayerStructure, MadeStructure } from './made-structure.ts'
import type { ScalarTransformer } from './scalar-transformer.ts'
import type { Direction } from './spline.ts'
import { activateTile, columnBytes, denseTile, eachVector, loadTile, packedBytes, packWeights, storeTile, tileRows } from './tile.ts'

type L = Local<'i32'>

/** The results and the log-determinant made NaN in the lanes where a column of x but the last, on which nothing depends, is NaN or infinite. */
const stainTile: Func = func(
  'stain tile',
  [
    ['x', 'i32'],
    ['results', 'i32'],
    ['columns', 'i32'],
    ['logDet', 'i32'],
  ],
  (x, results, columns, logDet) => {
    const [j, stain] = [local('i32', 'j'), local('v128', 'stain')]
    return eachVector(offset => {
      const entry = (tile: L): Expr<'i32'> => at(get(tile), i32.mul(get(j), columnBytes), offset)
      const over = (end: Expr<'i32'>, body: Stmt): Stmt => seq(set(j, 0), countUp(j, end, 1, body))
      return seq(
        set(stain, f32x4.const(0)),
        over(i32.sub(get(columns), 1), set(stain, f32x4.add(get(stain), f32x4.mul(v128.load(entry(x)), f32x4.const(0))))),
        over(get(columns), v128.store(entry(results), f32x4.add(v128.load(entry(results)), get(stain)))),
        v128.store(at(get(logDet), offset), f32x4.add(v128.load(at(get(logDet), offset)), get(stain))),
      )
    })
  },
)

const named = (
  direction: Direction,
  { dim, hidden, degrees, activation, residual, context }: MadeStructure,
  scalar: ScalarTransformer,
  ar: Arithmetic,
): string =>
  `autoregressive ${direction} ${dim} ${hidden.join('-')} ${degrees} ${activation}${residual ? ' residual' : ''} ${scalar.name} context ${context} ${ar.name}`

/** A kernel and the bytes of scratch memory that it needs. */
export interface AutoregressivePlan {
  readonly kernel: Kernel
  readonly scratch: number
}

/**
 * `autoregressive(from, [context,] w, b, ..., to, logDet, scratch, rows)`: core's autoregressive layer with a masked network in a direction, from and to
 * [rows, dim], logDet [rows]; w and b of each layer in order; the context's contribution to the first layer [rows, width] or [1, width].
 *
 * A masked network is causal: once x_i is known, the units of degree i + 1 can be computed, each from units of lower or equal degree. So every unit is
 * computed once, which is about half the work of one dense pass, where the inverse by a pass for each dimension computes all of them each time. Sixteen rows
 * at a time, units in the order of their degrees; the weights are packed in that order first. Where x is known, as forward, the same order keeps
 * all of a tile in the cache.
 */
export const autoregressivePlan = (
  ar: Arithmetic,
  made: MadeStructure,
  scalar: ScalarTransformer,
  direction: Direction,
): AutoregressivePlan => {
  const { dim, hidden, residual, context } = made
  const layers = layersOf(made, scalar.size)
  const places = layoutOf(made, layers, scalar.size)
  const isOrdered = made.degrees === 'cyclic'
  const hasContext = context !== 'none'
  const names = [
    'from',
    ...(hasContext ? ['context'] : []),
    ...layers.flatMap((_, i) => [`w${i}`, `b${i}`]),
    ...['to', 'logDet', 'scratch', 'rows'],
  ]
  const name = named(direction, made, scalar, ar)
  const [given, results] = direction === 'forward' ? [places.x, places.y] : [places.y, places.x]

  const body = (locals: Readonly<Record<string, L>>): Stmt => {
    const [base, row, left, i, count] = [
      local('i32', 'base'),
      local('i32', 'row'),
      local('i32', 'left'),
      local('i32', 'i'),
      local('i32', 'count'),
    ]
    const inScratch = (bytes: number): Expr<'i32'> => at(get(base), bytes)
    const tableOf = (width: number, table: 'order' | 'place'): Expr<'i32'> => inScratch(places.orders.get(width)![table])
    const hiddenLayers = layers.slice(0, -1)

    const prepareBias = (layer: LayerStructure, l: number): Stmt => {
      const u = local('i32', 'u')
      const entry = (pointer: Expr<'i32'>, index: Expr<'i32'>): Expr<'i32'> => at(pointer, i32.shl(index, 2))
      const own = f32.load(entry(get(locals[`b${l}`]!), get(u)))
      const value = l === 0 && context === 'one row' ? f32.add(own, f32.load(entry(get(locals['context']!), get(u)))) : own
      const target = entry(inScratch(places.biases[l]!), i32.load(entry(tableOf(layer.output, 'place'), get(u))))
      return seq(set(u, 0), countUp(u, layer.output, 1, f32.store(target, value)))
    }
    const packs = new Map<string, Func>()
    const pack = (input: boolean, output: boolean): Func => {
      const key = `${input} ${output}`
      const known = packs.get(key) ?? packWeights(input, output)
      packs.set(key, known)
      return known
    }
    const prepare = seq(
      set(base, i32.and(at(get(locals['scratch']!), 63), -64)),
      ...[...places.orders.keys()].map(width => tabulate(made, width, tableOf(width, 'order'), tableOf(width, 'place'))),
      ...layers.map((layer, l) =>
        invoke(
          pack(isOrdered && layer.inputIsHidden, isOrdered && layer.outputIsHidden),
          get(locals[`w${l}`]!),
          inScratch(places.weights[l]!),
          layer.input,
          layer.output,
          layer.inputIsHidden ? tableOf(layer.input, 'order') : 0,
          layer.outputIsHidden ? tableOf(layer.output, 'place') : 0,
        ),
      ),
      ...hiddenLayers.map(prepareBias),
    )

    const activation = (x: Vec): Vec => activations[made.activation]!(ar, x)
    const dense = { fresh: denseTile(ar, false), onTop: denseTile(ar, true) }
    const activated = { fresh: denseTile(ar, false, activation), onTop: denseTile(ar, true, activation) }
    const activate = activateTile(activation)
    const known = new Map([...places.orders.keys()].map(width => [width, { from: local('i32', 'from'), to: local('i32', 'to') }]))
    const layerStep = (layer: LayerStructure, l: number): Stmt => {
      const { from, to } = known.get(layer.output)!
      const isStream = residual && l % 2 === 0
      const start = l === 0 ? (context === 'rows' ? places.context : undefined) : isStream ? places.stream : undefined
      const target = isStream ? places.stream : places.activated[l]!
      const tiles = isStream ? dense : activated
      return seq(
        invoke(
          start === undefined ? tiles.fresh : tiles.onTop,
          inScratch(l === 0 ? places.x : places.activated[l - 1]!),
          l === 0 ? get(i) : get(known.get(layer.input)!.to),
          inScratch(places.weights[l]!),
          packedBytes(layer.input),
          inScratch(places.biases[l]!),
          inScratch(target),
          get(from),
          get(to),
          start === undefined ? 0 : inScratch(start),
        ),
        ...(isStream ? [invoke(activate, inScratch(target), inScratch(places.activated[l]!), get(from), get(to))] : []),
      )
    }
    const last = layers.length - 1
    const outputs = invoke(
      dense.fresh,
      inScratch(places.activated.at(-1)!),
      get(known.get(hidden.at(-1)!)!.to),
      inScratch(places.weights[last]!),
      packedBytes(layers[last]!.input),
      get(locals[`b${last}`]!),
      i32.sub(inScratch(places.theta), i32.mul(get(i), scalar.size * columnBytes)),
      i32.mul(get(i), scalar.size),
      i32.mul(i32.add(get(i), 1), scalar.size),
      0,
    )
    const transform = eachVector(offset => {
      const [value, argument] = [local('v128', 'value'), local('v128', 'argument')]
      const thetas = Array.from({ length: scalar.size }, (_, j) => share(v128.load(at(get(base), offset), places.theta + columnBytes * j)))
      const column = share(at(get(base), i32.mul(get(i), columnBytes), offset))
      const image = scalar[direction](ar, j => thetas[j]!, get(argument))
      const total: Vec = v128.load(at(get(base), offset), places.logDet)
      return seq(
        set(argument, v128.load(column, given)),
        set(value, image.value),
        v128.store(column, get(value), results),
        v128.store(at(get(base), offset), f32x4.add(total, image.logDeriv), places.logDet),
      )
    })
    const { least } = levelsOf(made)
    const step = seq(
      set(count, i32.add(get(i), 1 - least)),
      ...[...known].map(([width, { to }]) => set(to, unitsUpTo(made, width, get(count)))),
      ...hiddenLayers.map(layerStep),
      ...[...known.values()].map(({ from, to }) => set(from, get(to))),
      outputs,
      transform,
    )
    const load = loadTile(false)
    const loadPlaced = loadTile(true)
    const rowsAt = (pointer: L, width: number): Expr<'i32'> => at(get(pointer), i32.shl(i32.mul(get(row), width), 2))
    const tile = seq(
      set(left, i32.sub(get(locals['rows']!), get(row))),
      invoke(load, rowsAt(locals['from']!, dim), inScratch(given), 4 * dim, dim, get(left), 0),
      ...(context === 'rows'
        ? [
            invoke(
              loadPlaced,
              rowsAt(locals['context']!, hidden[0]!),
              inScratch(places.context),
              4 * hidden[0]!,
              hidden[0]!,
              get(left),
              tableOf(hidden[0]!, 'place'),
            ),
          ]
        : []),
      eachVector(offset => v128.store(at(get(base), offset), f32x4.const(0), places.logDet)),
      ...[...known.values()].map(({ from }) => set(from, 0)),
      set(i, 0),
      countUp(i, dim, 1, step),
      invoke(stainTile, inScratch(places.x), inScratch(results), dim, inScratch(places.logDet)),
      invoke(storeTile, inScratch(results), rowsAt(locals['to']!, dim), dim, smaller(get(left), tileRows)),
      invoke(storeTile, inScratch(places.logDet), rowsAt(locals['logDet']!, 1), 1, smaller(get(left), tileRows)),
    )
    return seq(prepare, set(row, 0), countUp(row, get(locals['rows']!), tileRows, tile))
  }
  return { kernel: kernelOf(name, names, body), scratch: places.bytes + 64 }
}
