import { threefry2x32 } from './threefry.ts'

/** A Threefry key: two uint32 words. A value: nothing here writes to one, and neither should its owner. */
export type Key = Uint32Array

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
export const split = (parent: Key, count = 2): ReadonlyArray<Key> => {
  expectDraw('split', parent, count)
  const words = threefry2x32(parent, 0, count)
  return Array.from({ length: count }, (_, i) => words.slice(2 * i, 2 * i + 2))
}

/**
 * The key of `parent` and a number, such as a step or a row: the Threefry block of the counter `data` (`jax.random.fold_in`).
 *
 * Since key i of a split is the block of i, `foldIn(k, i)` is `split(k, i + 1)[i]`.
 *
 * @param data  an integer in [0, 2^32)
 * @throws RangeError when `data` is out of that range
 * @throws TypeError when `parent` is no key
 */
export const foldIn = (parent: Key, data: number): Key => {
  expectDraw('foldIn', parent, 1)
  if (!Number.isInteger(data) || data < 0 || data >= 2 ** 32) throw new RangeError(`foldIn: expected an integer in [0, 2^32), got ${data}`)
  return threefry2x32(parent, data, 1)
}

/**
 * `count` random words: the two halves of block i, xor-ed (`jax.random.bits`, 32 bits, partitionable layout). Word i
 * depends on the key and i alone.
 *
 * @throws RangeError when `count` is not an integer in [0, 2^31)
 * @throws TypeError when `source` is no key
 */
export const bits = (source: Key, count: number): Uint32Array => {
  expectDraw('bits', source, count)
  const words = threefry2x32(source, 0, count)
  for (let i = 0; i < count; i++) words[i] = words[2 * i]! ^ words[2 * i + 1]!
  return words.slice(0, count)
}

/**
 * Checks what every draw is given; `name` is the caller's.
 *
 * @throws RangeError when `count` is not an integer in [0, 2^31)
 * @throws TypeError when `source` is no key
 */
export const expectDraw = (name: string, source: Key, count: number): void => {
  if (!(source instanceof Uint32Array) || source.length !== 2)
    throw new TypeError(`${name}: expected a key (Uint32Array of 2 words), got ${described(source)}; make one with key(seed)`)
  if (!Number.isInteger(count) || count < 0 || count >= 2 ** 31)
    throw new RangeError(`${name}: expected a count in [0, 2^31), got ${count}`)
}

const described = (x: unknown): string =>
  x instanceof Uint32Array ? `${x.length} words` : typeof x === 'number' ? `the number ${x}` : typeof x
