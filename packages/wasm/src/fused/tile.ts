import type { Expr, Func, I32, Local, Stmt } from '../asm/code.ts'
import { func, get, local, seq, set, share, when } from '../asm/control.ts'
import { bump, countUp, whileTrue } from '../asm/loops.ts'
import { i32 } from '../asm/scalar.ts'
import { f32x4, v128 } from '../asm/simd.ts'
import type { Vec } from '../asm/simd.ts'
import { at, least, storeLanes, transpose4 } from '../kernels/parts.ts'
import type { Arithmetic } from '../math/arithmetic.ts'

/** Rows of a tile, which are the lanes of four vectors. */
export const tileRows = 16
/** Bytes of one column of a tile. */
export const columnBytes: number = 4 * tileRows

type L = Local<'i32'>
type Four = readonly [Vec, Vec, Vec, Vec]
const four = <A>(f: (i: number) => A): readonly [A, A, A, A] => [f(0), f(1), f(2), f(3)]

const params = <const N extends ReadonlyArray<string>>(...names: N): { readonly [I in keyof N]: readonly [N[I], 'i32'] } =>
  names.map(name => [name, 'i32']) as unknown as { readonly [I in keyof N]: readonly [N[I], 'i32'] } // one for each name

/** Where column j of the source goes: `place[j]` of a table of int32, or j itself. */
const placed = (table: L | undefined, j: Expr<'i32'>): Expr<'i32'> => (table === undefined ? j : i32.load(at(get(table), i32.shl(j, 2))))

/**
 * `transposeTile(from, to, ld, columns, rows, place)`: the first `rows` rows of a matrix whose rows lie `ld` bytes apart as a tile [columns][16]; lanes
 * beyond the last row repeat it. With `isOrdered` column j becomes column place[j].
 */
export const loadTile = (isOrdered: boolean): Func =>
  func('load tile', params('from', 'to', 'ld', 'columns', 'rows', 'place'), (from, to, ld, columns, rows, place) => {
    const [j, group] = [local('i32', 'j'), local('i32', 'group')]
    const sources = four(() => local('i32', 'source'))
    const results = four(() => local('v128', 'result'))
    const stores = results.map((result, k) => {
      const column = share(i32.add(get(j), k))
      const target = at(get(to), i32.mul(placed(isOrdered ? place : undefined, column), columnBytes), i32.shl(get(group), 2))
      return { column, store: v128.store(target, get(result)) }
    })
    const block = seq(
      ...transpose4(four(l => v128.load(at(get(sources[l]!), i32.shl(get(j), 2)))) as Four).map((column, k) => set(results[k]!, column)),
      when(
        i32.leU(i32.add(get(j), 4), get(columns)),
        seq(...stores.map(({ store }) => store)),
        seq(...stores.map(({ column, store }) => when(i32.ltU(column, get(columns)), store))),
      ),
    )
    const overColumns = seq(
      ...sources.map((p, l) => set(p, at(get(from), i32.mul(least(i32.add(get(group), l), i32.sub(get(rows), 1)), get(ld))))),
      set(j, 0),
      countUp(j, get(columns), 4, block),
    )
    return seq(set(group, 0), countUp(group, tileRows, 4, overColumns))
  })

/** `storeTile(from, to, columns, rows)`: a tile [columns][16] as `rows` rows of `columns` numbers, at most 16. */
export const storeTile: Func = func('store tile', params('from', 'to', 'columns', 'rows'), (from, to, columns, rows) => {
  const [j, group] = [local('i32', 'j'), local('i32', 'group')]
  const results = four(() => local('v128', 'result'))
  const source = at(get(from), i32.mul(get(j), columnBytes), i32.shl(get(group), 2))
  const stores = results.map((result, l) => {
    const row = share(i32.add(get(group), l))
    const target = share(at(get(to), i32.shl(i32.add(i32.mul(row, get(columns)), get(j)), 2)))
    const part = when(i32.ltU(row, get(rows)), storeLanes(target, get(result), i32.sub(get(columns), get(j))))
    return { part, whole: v128.store(target, get(result)) }
  })
  const isWhole = i32.and(i32.leU(i32.add(get(j), 4), get(columns)), i32.leU(i32.add(get(group), 4), get(rows)))
  const block = seq(
    ...transpose4(four(k => v128.load(source, columnBytes * k)) as Four).map((row, l) => set(results[l]!, row)),
    when(isWhole, seq(...stores.map(({ whole }) => whole)), seq(...stores.map(({ part }) => part))),
  )
  return seq(set(group, 0), countUp(group, tileRows, 4, seq(set(j, 0), countUp(j, get(columns), 4, block))))
})

/** Bytes of a column of `input` weights as `packWeights` leaves it: whole vectors. */
export const packedBytes = (input: number): number => 16 * Math.ceil(input / 4)

/**
 * `packWeights(from, to, input, output, order, place)`: weights [input, output] as [output][input], rows `packedBytes(input)` apart. With ordered inputs,
 * number s of a row is that of input order[s]; with ordered outputs, column u becomes row place[u].
 */
export const packWeights = (inputIsOrdered: boolean, outputIsOrdered: boolean): Func =>
  func('pack weights', params('from', 'to', 'input', 'output', 'order', 'place'), (from, to, input, output, order, place) => {
    const [s, u, ld] = [local('i32', 's'), local('i32', 'u'), local('i32', 'ld')]
    const sources = four(() => local('i32', 'source'))
    const results = four(() => local('v128', 'result'))
    const row = (l: number): Expr<'i32'> =>
      placed(inputIsOrdered ? order : undefined, share(least(i32.add(get(s), l), i32.sub(get(input), 1))))
    const block = seq(
      ...transpose4(four(l => v128.load(at(get(sources[l]!), i32.shl(get(u), 2)))) as Four).map((column, k) => set(results[k]!, column)),
      ...results.map((result, k) => {
        const column = share(i32.add(get(u), k))
        const target = at(get(to), i32.mul(placed(outputIsOrdered ? place : undefined, column), get(ld)), i32.shl(get(s), 2))
        return when(i32.ltU(column, get(output)), v128.store(target, get(result)))
      }),
    )
    const overOutputs = seq(
      ...sources.map((p, l) => set(p, at(get(from), i32.shl(i32.mul(row(l), get(output)), 2)))),
      set(u, 0),
      countUp(u, get(output), 4, block),
    )
    return seq(set(ld, i32.and(i32.add(i32.shl(get(input), 2), 12), -16)), set(s, 0), countUp(s, get(input), 4, overOutputs))
  })

/** Sums of one or two units over all rows of a tile. */
const dotProducts = (
  ar: Arithmetic,
  units: 1 | 2,
  x: {
    readonly from: L
    readonly depth: L
    readonly weights: I32
    readonly ld: L
    readonly bias: I32
    readonly start: I32 | undefined
    readonly to: I32
    readonly activation: (sum: Vec) => Vec
  },
): Stmt => {
  const sums = Array.from({ length: units }, () => four(() => local('v128', 'sum')))
  const weights = sums.map(() => local('i32', 'weights'))
  const [a, end] = [local('i32', 'a'), local('i32', 'end')]
  const columns = four(v => share(v128.load(get(a), 16 * v)))
  const products = sums.map((row, u) => {
    const weight = share(v128.load32Splat(get(weights[u]!)))
    return seq(...row.map((sum, v) => set(sum, ar.madd(weight, columns[v]!, get(sum)))))
  })
  const begin = sums.map((row, u) => {
    const bias = share(v128.load32Splat(x.bias, 4 * u))
    const first = (v: number): Vec => (x.start === undefined ? bias : f32x4.add(bias, v128.load(x.start, columnBytes * u + 16 * v)))
    return seq(...row.map((sum, v) => set(sum, first(v))))
  })
  return seq(
    ...begin,
    ...weights.map((p, u) => set(p, u === 0 ? x.weights : at(x.weights, get(x.ld)))),
    set(a, get(x.from)),
    set(end, at(get(x.from), i32.mul(get(x.depth), columnBytes))),
    whileTrue(() => i32.ne(get(a), get(end)), seq(...products, bump(a, columnBytes), ...weights.map(p => bump(p, 4)))),
    ...sums.flatMap((row, u) => row.map((sum, v) => v128.store(x.to, x.activation(get(sum)), columnBytes * u + 16 * v))),
  )
}

/**
 * `denseTile(from, depth, weights, ld, bias, to, first, end, start)`: columns first .. end - 1 of a tile `to`: bias, plus the first `depth` columns of the
 * tile `from` times those of the units' packed weights, plus the column of the tile `start` where `hasStart`; then the activation.
 */
export const denseTile = (ar: Arithmetic, hasStart: boolean, activation: (sum: Vec) => Vec = sum => sum): Func =>
  func(
    'dense tile',
    params('from', 'depth', 'weights', 'ld', 'bias', 'to', 'first', 'end', 'start'),
    (from, depth, weights, ld, bias, to, first, end, start) => {
      const unit = local('i32', 'unit')
      const place = i32.mul(get(unit), columnBytes)
      const some = (units: 1 | 2): Stmt =>
        dotProducts(ar, units, {
          from,
          depth,
          ld,
          weights: at(get(weights), i32.mul(get(unit), get(ld))),
          bias: at(get(bias), i32.shl(get(unit), 2)),
          start: hasStart ? at(get(start), place) : undefined,
          to: at(get(to), place),
          activation,
        })
      return seq(
        set(unit, get(first)),
        whileTrue(() => i32.ltU(i32.add(get(unit), 1), get(end)), seq(some(2), bump(unit, 2))),
        when(i32.ltU(get(unit), get(end)), some(1)),
      )
    },
  )

/** `activateTile(from, to, first, end)`: a function of every number in columns first .. end - 1. */
export const activateTile = (f: (x: Vec) => Vec): Func =>
  func('activate tile', params('from', 'to', 'first', 'end'), (from, to, first, end) => {
    const [p, x] = [local('i32', 'p'), local('v128', 'x')]
    const step = seq(set(x, v128.load(at(get(from), get(p)))), v128.store(at(get(to), get(p)), f(get(x))))
    return seq(set(p, i32.mul(get(first), columnBytes)), countUp(p, i32.mul(get(end), columnBytes), 16, step))
  })

/** Runs `body` for each of the four vectors of a column, given its place in bytes. */
export const eachVector = (body: (offset: Expr<'i32'>) => Stmt): Stmt => {
  const offset = local('i32', 'offset')
  return seq(set(offset, 0), countUp(offset, columnBytes, 16, body(get(offset))))
}
