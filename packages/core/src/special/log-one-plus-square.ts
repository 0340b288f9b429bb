import { abs, add, greater, less, log, minimum, mul, onesLike, square, sub, where } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'

/** log(1 + x^2), to full relative accuracy where x is small and without overflow where it is large. */
export const logOnePlusSquare = (x: Tensor): Tensor => {
  const size = abs(x)
  const [isSmall, isLarge] = [less(size, 0.1), greater(size, 1e6)]
  const y = square(minimum(size, 0.1))
  // y - y^2/2 + y^3/3 - y^4/4 + y^5/5: tfjs' log1p has lost what is small on wasm
  const series = mul(y, sub(1, mul(y, sub(0.5, mul(y, sub(1 / 3, mul(y, sub(0.25, mul(y, 0.2)))))))))
  const middle = where(isLarge, onesLike(size), size)
  const beyond = where(isLarge, size, onesLike(size))
  return where(isSmall, series, where(isLarge, mul(2, log(beyond)), log(add(1, square(middle)))))
}
