import { isNaN as isNaNTensor } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { select } from './select.ts'

/** `y`, but NaN where `x` is: tfjs' WASM kernels turn NaN into a number in sign, clip, maximum and minimum. */
export const keepNaN = (x: Tensor, y: Tensor): Tensor => select(isNaNTensor(x), x, y)
