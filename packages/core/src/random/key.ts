import { Tensor, tidy, unstack } from '@tensorflow/tfjs-core'
import { threefry2x32, threefryWords } from './threefry.ts'
import { threefryBits, threefryFoldIn, threefrySplit } from './traced-keys.ts'

/** A Threefry key: two uint32 words. A value: nothing here writes to one, and neither should its owner. */
export type Key = Uint32Array

/**
 * A key inside a trace: an int32 tensor [2] of the same bits. It has the type of a key as well, so that a function of keys can be traced; but
 * only the functions of random can use it as one.
 */
export type TracedKey = Key & Tensor

/**
 * The key of a seed: the words (0, seed mod 2^32), as `jax.random.key` without x64.
 *
 * JAX keeps the lower 32 bits of a larger seed there, so `key(2 ** 32)` is `key(0)`.
 *
 * @param seed  an integer in [0, 2^53)
 * @throws RangeError when the seed is negative, fractional or 2^53 and more
 */
export const key = (seed: number): Key => {
  if (!Number.isSafeInteger(seed) || seed < 0) throw new RangeError(`key: expected an integer seed in [0, 2^53), got ${seed}`)
  return Uint32Array.of(0, seed)
}

/**
 * `count` keys, independent of each other and of `parent`: key i is the Threefry block of the counter i
 * (`jax.random.split`, partitionable layout). The first keys of a longer split are those of a shorter one.
 *
 * @throws RangeError when `count` is not an integer in [0, 2^31)
 * @throws TypeError when `parent` is no key
 */
export const split = <K extends Key | Tensor>(parent: K, count = 2): ReadonlyArray<K> => {
  expectDraw('split', parent, count)
  // both branches give keys of the kind that they are given
  return (parent instanceof Tensor ? splitTensor(parent, count) : splitWords(parent, count)) as ReadonlyArray<
    Key | Tensor
  > as ReadonlyArray<K>
}

const splitWords = (parent: Key, count: number): ReadonlyArray<Key> => {
  const words = threefry2x32(parent, 0, count)
  return Array.from({ length: count }, (_, i) => words.slice(2 * i, 2 * i + 2))
}

const splitTensor = (parent: Tensor, count: number): ReadonlyArray<Tensor> =>
  count === 0 ? [] : tidy(() => unstack(threefrySplit([parent], { count })[0]!))

/**
 * The key of `parent` and a number, such as a step or a row: the Threefry block of the counter `data` (`jax.random.fold_in`).
 *
 * Since key i of a split is the block of i, `foldIn(k, i)` is `split(k, i + 1)[i]`.
 *
 * @param data  an integer in [0, 2^32)
 * @throws RangeError when `data` is out of that range
 * @throws TypeError when `parent` is no key
 */
export const foldIn = <K extends Key | Tensor>(parent: K, data: number): K => {
  expectDraw('foldIn', parent, 1)
  if (!Number.isInteger(data) || data < 0 || data >= 2 ** 32) throw new RangeError(`foldIn: expected an integer in [0, 2^32), got ${data}`)
  return (parent instanceof Tensor ? threefryFoldIn([parent], { data })[0]! : threefry2x32(parent, data, 1)) as Key | Tensor as K
}

/**
 * `count` random words: the two halves of block i, xor-ed (`jax.random.bits`, 32 bits, partitionable layout). Word i
 * depends on the key and i alone. Those of a traced key are an int32 tensor of the same bits.
 *
 * @throws RangeError when `count` is not an integer in [0, 2^31)
 * @throws TypeError when `source` is no key
 */
export const bits = <K extends Key | Tensor>(source: K, count: number): K extends Tensor ? Tensor : Uint32Array => {
  expectDraw('bits', source, count)
  const drawn: Tensor | Uint32Array = source instanceof Tensor ? threefryBits([source], { count })[0]! : threefryWords(source, count)
  return drawn as K extends Tensor ? Tensor : Uint32Array
}

/**
 * Checks what every draw is given; `name` is the caller's.
 *
 * @throws RangeError when `count` is not an integer in [0, 2^31)
 * @throws TypeError when `source` is no key
 */
export const expectDraw = (name: string, source: Key | Tensor, count: number): void => {
  const fits = source instanceof Tensor ? source.dtype === 'int32' && source.shape.join() === '2' : isWords(source)
  if (!fits)
    throw new TypeError(
      `${name}: expected a key (Uint32Array of 2 words; int32 [2] in a trace), got ${described(source)}; make one with key(seed)`,
    )
  if (!Number.isInteger(count) || count < 0 || count >= 2 ** 31)
    throw new RangeError(`${name}: expected a count in [0, 2^31), got ${count}`)
}

const isWords = (x: unknown): boolean => x instanceof Uint32Array && x.length === 2

const described = (x: unknown): string =>
  x instanceof Tensor
    ? `a ${x.dtype} tensor of shape [${x.shape.join(', ')}]`
    : x instanceof Uint32Array
      ? `${x.length} words`
      : typeof x === 'number'
        ? `the number ${x}`
        : typeof x
