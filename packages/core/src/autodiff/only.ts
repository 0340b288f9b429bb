import { engine, Select, zerosLike } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'

/** dy where `inside`, a bool of its shape, holds, and 0 elsewhere. The kernel itself: tfjs' `where` runs four ops to broadcast what has one shape. */
export const only = (inside: Tensor, dy: Tensor): Tensor =>
  engine().runKernel(Select, { condition: inside, t: dy, e: zerosLike(dy) }) as Tensor
