import { isNaN as isNaNTensor, where } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'

/** `y`, but NaN where `x` is: tfjs' WASM kernels turn NaN into a number in sign, clip, maximum and minimum. */
export const keepNaN = (x: Tensor, y: Tensor): Tensor => (x.size === 0 ? y : where(isNaNTensor(x), x, y))
