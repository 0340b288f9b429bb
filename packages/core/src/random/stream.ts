import { threefry2x32 } from './threefry.ts'

/** Random numbers in float64, one after another, as many as are asked for: what rejection takes. */
export interface Stream {
  /** Uniform on (0, 1), 32 bits. */
  uniform(): number
  /** Standard normal (Box and Muller 1958). */
  normal(): number
}

/** The stream of element i of a draw: the words of `foldIn(key, i)`, in the order of their blocks. */
export const streamOf = (key: Uint32Array, i: number): Stream => {
  const own = threefry2x32(key, i, 1)
  const state: { words: Uint32Array; block: number; at: number } = { words: new Uint32Array(0), block: 0, at: 0 }
  const uniform = (): number => {
    if (state.at === state.words.length) {
      state.words = threefry2x32(own, state.block, 2)
      state.block += 2
      state.at = 0
    }
    return (state.words[state.at++]! + 0.5) / 2 ** 32
  }
  const normal = (): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
  return { uniform, normal }
}
