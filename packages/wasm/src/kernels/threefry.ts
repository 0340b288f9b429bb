import type { Local, Stmt } from '../asm/code.ts'
import { get, local, seq, set, share } from '../asm/control.ts'
import { countUp } from '../asm/loops.ts'
import { i32 } from '../asm/scalar.ts'
import { f32x4, f64x2, i32x4, shuffle32, v128 } from '../asm/simd.ts'
import type { Vec } from '../asm/simd.ts'
import type { Arithmetic } from '../math/arithmetic.ts'
import { erfInv } from '../math/erf-inv.ts'
import type { Kernel } from '../runtime/runtime.ts'
import { kernelOf } from './kernel.ts'
import { at, storeLanes } from './parts.ts'

const rotations = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
] as const

/**
 * Four blocks of Threefry-2x32, 20 rounds (Salmon et al. 2011): of the counters (0, c) for the four lanes c, under the key whose words are
 * all lanes of k0 and k1. Leaves the two words of each block in x0 and x1.
 */
const blocks = (key: ReturnType<typeof keyWords>, counters: Vec, x0: Word, x1: Word): Stmt => {
  const add = i32x4.add
  const words = [key.k1, key.k2, key.k0]
  const round = (bits: number): Stmt =>
    seq(set(x0, add(get(x0), get(x1))), set(x1, v128.xor(v128.or(i32x4.shl(get(x1), bits), i32x4.shrU(get(x1), 32 - bits)), get(x0))))
  const group = (g: number): Stmt =>
    seq(
      ...rotations[g % 2]!.map(round),
      set(x0, add(get(x0), get(words[g % 3]!))),
      set(x1, add(add(get(x1), get(words[(g + 1) % 3]!)), i32x4.const(g + 1))),
    )
  return seq(set(x0, get(key.k0)), set(x1, add(counters, get(key.k1))), group(0), group(1), group(2), group(3), group(4))
}
type Word = ReturnType<typeof local<'v128'>>

const keyWords = (): { readonly k0: Word; readonly k1: Word; readonly k2: Word } => ({
  k0: local('v128', 'k0'),
  k1: local('v128', 'k1'),
  k2: local('v128', 'k2'),
})
const loadKey = ({ k0, k1, k2 }: ReturnType<typeof keyWords>, address: ReturnType<typeof get<'i32'>>): Stmt =>
  seq(
    set(k0, v128.load32Splat(address)),
    set(k1, v128.load32Splat(address, 4)),
    set(k2, v128.xor(v128.xor(get(k0), get(k1)), i32x4.const(0x1bd11bda))),
  )

/**
 * `threefryBlocks(key, to, first, count)`: the blocks of the counters first, first + 1, ... as int32 [count, 2]: with first 0 the
 * keys of `split`, with count 1 that of `foldIn`.
 */
export const threefryBlocksKernel: Kernel = kernelOf('threefryBlocks', ['key', 'to', 'first', 'count'], ({ key, to, first, count }) => {
  const [words, x0, x1, i] = [keyWords(), local('v128', 'x0'), local('v128', 'x1'), local('i32', 'i')]
  const counters = i32x4.add(i32x4.splat(i32.add(get(first), get(i))), i32x4.const(0, 1, 2, 3))
  const left = i32.shl(i32.sub(get(count), get(i)), 1)
  const target = at(get(to), i32.shl(get(i), 3))
  const step = seq(
    blocks(words, counters, x0, x1),
    storeLanes(target, shuffle32(get(x0), get(x1), [0, 4, 1, 5]), left),
    storeLanes(at(target, 16), shuffle32(get(x0), get(x1), [2, 6, 3, 7]), i32.mul(i32.sub(left, 4), i32.gtS(left, 4))),
  )
  return seq(loadKey(words, get(key)), set(i, 0), countUp(i, get(count), 4, step))
})

interface Draw {
  readonly key: Local<'i32'>
  readonly to: Local<'i32'>
  readonly count: Local<'i32'>
}

/** Stores `value(word)` of each random word: the two words of block i, xor-ed. */
const draw = ({ key, to, count }: Draw, value: (word: Vec) => Vec): Stmt => {
  const [words, x0, x1, i] = [keyWords(), local('v128', 'x0'), local('v128', 'x1'), local('i32', 'i')]
  const counters = i32x4.add(i32x4.splat(get(i)), i32x4.const(0, 1, 2, 3))
  const step = seq(
    blocks(words, counters, x0, x1),
    storeLanes(at(get(to), i32.shl(get(i), 2)), value(v128.xor(get(x0), get(x1))), i32.sub(get(count), get(i))),
  )
  return seq(loadKey(words, get(key)), set(i, 0), countUp(i, get(count), 4, step))
}

/** `bits(key, to, count)`: random words, int32 [count], equal to core's `bits`. */
export const bitsKernel: Kernel = kernelOf('bits', ['key', 'to', 'count'], locals => draw(locals, word => word))

/** low + 2^-23 width b of the top 23 bits b, in float64 and rounded once. */
const between = (word: Vec, low: Vec, scale: Vec): Vec => {
  const b = share(i32x4.shrU(word, 9))
  const half = (pair: Vec): Vec => f32x4.demoteF64x2Zero(f64x2.add(f64x2.mul(f64x2.convertLowI32x4S(pair), scale), low))
  return shuffle32(half(b), half(shuffle32(b, b, [2, 3, 2, 3])), [0, 1, 4, 5])
}

/**
 * `uniform(key, to, count, low, width)`: float32 [count], equal to core's `uniformArray`: low + 2^-23 b width of the top 23 bits b. `low`
 * and `width` are addresses of float32 numbers.
 */
export const uniformKernel: Kernel = kernelOf('uniform', ['key', 'to', 'count', 'low', 'width'], locals => {
  const [from, scale] = [local('v128', 'from'), local('v128', 'scale')]
  const wide = (address: Local<'i32'>): Vec => f64x2.promoteLowF32x4(v128.load32Splat(get(address)))
  return seq(
    set(from, wide(locals.low)),
    set(scale, f64x2.mul(wide(locals.width), f64x2.const(2 ** -23))),
    draw(locals, word => between(word, get(from), get(scale))),
  )
})

/** `normal(key, to, count)`: standard normal float32 [count], core's `normalArray` within 1e-6. */
export const normalKernel = (ar: Arithmetic): Kernel =>
  kernelOf(`normal ${ar.name}`, ['key', 'to', 'count'], locals =>
    draw(locals, word => {
      // as `between` does it: both terms are float32 numbers, so that their sum is rounded once
      const u = f32x4.add(f32x4.mul(f32x4.convertI32x4S(i32x4.shrU(word, 9)), f32x4.const(2 ** -22)), f32x4.const(-1 + 2 ** -24))
      return f32x4.mul(f32x4.const(Math.SQRT2), erfInv(ar, u))
    }),
  )
