import { matMul, ones, tidy } from '@tensorflow/tfjs-core'

const size = 64

/** Whether the active backend multiplies two matrices and hands the numbers over at once, as diffeo reads them: a lost or faulty device gives zeros. */
export const multipliesRightly = (): boolean => {
  try {
    const product = tidy(() => matMul(ones([size, size]), ones([size, size])))
    const values = product.dataSync<'float32'>()
    product.dispose()
    return values.every(value => value === size)
  } catch {
    return false
  }
}
