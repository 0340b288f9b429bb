const rotateLeft = (x: number, bits: number): number => (x << bits) | (x >>> (32 - bits))

/**
 * Threefry-2x32 with 20 rounds (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"): the blocks of the
 * counters (0, first), ..., (0, first + count - 1) under one key of two words. Word 2i and 2i + 1 are block i: [2 count].
 *
 * @see https://www.thesalmons.org/john/random123/papers/random123sc11.pdf
 * @see https://github.com/jax-ml/jax (threefry2x32, whose words these are)
 */
export const threefry2x32 = (key: Uint32Array, first: number, count: number): Uint32Array => {
  const words = new Uint32Array(2 * count)
  const k0 = key[0]! | 0
  const k1 = key[1]! | 0
  const k2 = k0 ^ k1 ^ 0x1bd11bda
  for (let i = 0; i < count; i++) {
    let [a, b, c] = [k1, k2, k0]
    let x0 = k0
    let x1 = (first + i + k1) | 0
    for (let group = 1; group <= 5; group++) {
      const odd = (group & 1) === 1
      x0 = (x0 + x1) | 0
      x1 = rotateLeft(x1, odd ? 13 : 17) ^ x0
      x0 = (x0 + x1) | 0
      x1 = rotateLeft(x1, odd ? 15 : 29) ^ x0
      x0 = (x0 + x1) | 0
      x1 = rotateLeft(x1, odd ? 26 : 16) ^ x0
      x0 = (x0 + x1) | 0
      x1 = rotateLeft(x1, odd ? 6 : 24) ^ x0
      x0 = (x0 + a) | 0
      x1 = (x1 + b + group) | 0
      ;[a, b, c] = [b, c, a]
    }
    words[2 * i] = x0
    words[2 * i + 1] = x1
  }
  return words
}

/** Random words: the two halves of blocks 0 to count - 1, xor-ed. */
export const threefryWords = (key: Uint32Array, count: number): Uint32Array => {
  const words = threefry2x32(key, 0, count)
  for (let i = 0; i < count; i++) words[i] = words[2 * i]! ^ words[2 * i + 1]!
  return words.slice(0, count)
}
