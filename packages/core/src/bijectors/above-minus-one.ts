import { elu, mul } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'

/** 1 + the least value: no map contracts more than a hundredfold. */
const least = 0.99

/** Any number to one above -0.99: itself where it is not negative, 0.99 (exp(a / 0.99) - 1) below. Its slope at 0 is 1 on both sides. */
export const aboveMinusOne = (a: Tensor): Tensor => mul(least, elu(mul(1 / least, a)))
