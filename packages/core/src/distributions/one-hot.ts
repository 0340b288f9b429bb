import { add, equal, onesLike, slice, tensor2d, where, zerosLike } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { joined, tidy, zeroUnlessNaN } from '../tensor.ts'

/** Column `at` of codes [N, C] as [N, count]: 1 at the code, 0 elsewhere; zeros for what is no code, NaN for NaN. */
export const oneHot = (codes: Tensor, at: number, count: number): Tensor =>
  tidy(() => {
    const code = slice(codes, [0, at], [-1, 1])
    const spread = add(tensor2d(new Float32Array(count), [1, count]), code)
    const range = tensor2d(
      Float32Array.from({ length: count }, (_, k) => k),
      [1, count],
    )
    return add(where(equal(spread, range), onesLike(spread), zerosLike(spread)), zeroUnlessNaN(code))
  })

/** Every column of codes [N, C] one-hot, side by side: [N, sum of counts]. */
export const oneHots = (codes: Tensor, counts: ReadonlyArray<number>): Tensor =>
  tidy(() =>
    joined(
      counts.map((count, i) => oneHot(codes, i, count)),
      1,
    ),
  )
