import { Tensor } from '@tensorflow/tfjs-core'
import { defineOp } from '../ops/define-op.ts'
import { bits, expectDraw, split, type Key } from './key.ts'
import { typed, wordsOf } from './traced-keys.ts'

/**
 * A random permutation of 0, ..., count - 1: sorted by fresh random words, as often as `count` needs for ties to be
 * harmless (`jax.random.permutation`, bit for bit). That of a traced key is an int32 tensor.
 *
 * @throws RangeError when `count` is not an integer in [0, 2^31)
 * @throws TypeError when `source` is no key
 */
export const permutation = <K extends Key | Tensor>(source: K, count: number): K extends Tensor ? Tensor : Int32Array => {
  expectDraw('permutation', source, count)
  const order: Tensor | Int32Array = source instanceof Tensor ? tracedPermutation([source], { count })[0]! : shuffled(source, count)
  return order as K extends Tensor ? Tensor : Int32Array
}

const tracedPermutation = defineOp<{ readonly count: number }>({
  name: 'permutation',
  host: ([source], { count }) => [shuffled(wordsOf(source), count)],
  shape: (_, { count }) => typed('int32')([count]),
})

const shuffled = (source: Key, count: number): Int32Array => {
  const rounds = Math.ceil((3 * Math.log(Math.max(1, count))) / Math.log(2 ** 32 - 1))
  let parent = source
  let order: Int32Array = ascending(count)
  for (let round = 0; round < rounds; round++) {
    const [next, child] = split(parent)
    order = sortedBy(bits(child!, count), order)
    parent = next!
  }
  return order
}

const ascending = (count: number): Int32Array => {
  const values = new Int32Array(count)
  for (let i = 0; i < count; i++) values[i] = i
  return values
}

/** `values` in the order of their `words`, stable: a radix sort by one byte after another. */
const sortedBy = (words: Uint32Array, values: Int32Array): Int32Array => {
  let [keys, items] = [words, values]
  for (let shift = 0; shift < 32; shift += 8) {
    const place = starts(keys, shift)
    const [sortedKeys, sortedItems] = [new Uint32Array(keys.length), new Int32Array(keys.length)]
    for (let i = 0; i < keys.length; i++) {
      const word = keys[i]!
      const at = place[(word >>> shift) & 255]!++
      sortedKeys[at] = word
      sortedItems[at] = items[i]!
    }
    ;[keys, items] = [sortedKeys, sortedItems]
  }
  return items
}

/** Where the words with each value of the byte at `shift` begin in the sorted order. */
const starts = (words: Uint32Array, shift: number): Uint32Array => {
  const place = new Uint32Array(257)
  for (let i = 0; i < words.length; i++) place[((words[i]! >>> shift) & 255) + 1]!++
  for (let byte = 0; byte < 256; byte++) place[byte + 1]! += place[byte]!
  return place
}
