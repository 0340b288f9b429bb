import { add, matMul, mul, neg, reshape, transpose } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { defineOp } from '../ops/define-op.ts'
import type { OpFunction } from '../ops/define-op.ts'
import type { Json } from '../ops/json.ts'

/** By Gauss and Jordan with the largest pivot of each column, in float64; a singular matrix has an inverse of NaN and -Infinity. */
const invert = (a: Float64Array, size: number): { readonly inverse: Float64Array; readonly logAbsDet: number } => {
  const b = Float64Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? 1 : 0))
  const swap = (m: Float64Array, p: number, q: number): void => {
    for (let k = 0; k < size; k++) [m[p * size + k], m[q * size + k]] = [m[q * size + k]!, m[p * size + k]!]
  }
  let logAbsDet = 0
  for (let c = 0; c < size; c++) {
    let p = c
    for (let r = c + 1; r < size; r++) if (Math.abs(a[r * size + c]!) > Math.abs(a[p * size + c]!)) p = r
    swap(a, p, c)
    swap(b, p, c)
    const pivot = a[c * size + c]!
    logAbsDet += Math.log(Math.abs(pivot))
    for (let k = 0; k < size; k++) {
      a[c * size + k]! /= pivot
      b[c * size + k]! /= pivot
    }
    for (let r = 0; r < size; r++) {
      if (r === c) continue
      const factor = a[r * size + c]!
      for (let k = 0; k < size; k++) {
        a[r * size + k]! -= factor * a[c * size + k]!
        b[r * size + k]! -= factor * b[c * size + k]!
      }
    }
  }
  return { inverse: b, logAbsDet }
}

const op: OpFunction<Json> = defineOp<Json>({
  name: 'batchInverse',
  shape: ([a]) => [
    { shape: a!.shape, dtype: 'float32' },
    { shape: a!.shape.slice(0, 1), dtype: 'float32' },
  ],
  host: ([a], _, [type]) => {
    const [count, size] = type!.shape as readonly [number, number]
    const [inverses, logs] = [new Float32Array(a!.length), new Float32Array(count)]
    for (let i = 0; i < count; i++) {
      const { inverse, logAbsDet } = invert(Float64Array.from(a!.subarray(i * size * size, (i + 1) * size * size)), size)
      inverses.set(inverse, i * size * size)
      logs[i] = logAbsDet
    }
    return [inverses, logs]
  },
  vjp: ([gInverse, gLog], [a]) => {
    const b = transpose(op([a!], {})[0]!, [0, 2, 1])
    return [add(neg(matMul(matMul(b, gInverse!), b)), mul(reshape(gLog!, [-1, 1, 1]), b))]
  },
})

/** The inverses of matrices [N, D, D] and the logarithms of their |determinants| [N], with all derivatives. */
export const batchInverse = (a: Tensor): { readonly inverse: Tensor; readonly logAbsDet: Tensor } => {
  const [inverse, logAbsDet] = op([a], {})
  return { inverse: inverse!, logAbsDet: logAbsDet! }
}
