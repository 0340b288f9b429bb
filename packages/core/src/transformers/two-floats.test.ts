import { near, ok, suite, useTestBackend } from '@diffeo/testing'
import { matMul, tensor1d, tensor2d } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { normal } from '../random/sample.ts'
import { key } from '../random/key.ts'
import { tidy } from '../tensor.ts'
import { sumOf, twoMatMul, twoProduct, twoSum } from './two-floats.ts'
import type { TwoFloats } from './two-floats.ts'

const s = suite('numbers of two floats')
s.before(() => useTestBackend('cpu'))

const total = ({ high, low }: TwoFloats): ReadonlyArray<number> => {
  const [a, b] = [high.dataSync(), low.dataSync()]
  return [...a].map((v, i) => v + b[i]!)
}
const [a, b] = [
  [1, 3.3, -1e5, 123.456, 1e-3],
  [1e-8, -4.7, 0.1, -123.4, 5e4],
].map(v => Float32Array.from(v))

s.test('sums and products are exact', () =>
  tidy(() => {
    near(
      total(twoSum(tensor1d(a!), tensor1d(b!))),
      [...a!].map((v, i) => v + b![i]!),
      { atol: 0 },
    )
    near(
      total(twoProduct(tensor1d(a!), tensor1d(b!))),
      [...a!].map((v, i) => v * b![i]!),
      { atol: 0 },
    )
    const three = [3e7, 1.25, -3e7].map(v => twoSum(tensor1d([v]), tensor1d([0.1])))
    near(total(sumOf(three[0]!, three[1]!, three[2]!)), [1.25 + 3 * Math.fround(0.1)], { atol: 5e-8 })
  }),
)

s.test('a product of matrices has a hundredth of the roundings that float32 has', () =>
  tidy(() => {
    const [rows, inner, columns] = [5, 48, 7]
    const [x, w] = [normal(key(1), [rows, inner]), normal(key(2), [inner, columns])]
    const [xs, ws] = [x.dataSync(), w.dataSync()]
    const low = tensor2d(
      Float32Array.from({ length: xs.length }, (_, i) => 1e-8 * xs[xs.length - 1 - i]!),
      [rows, inner],
    )
    const lows = low.dataSync()
    const expected = Array.from({ length: rows * columns }, (_, i) => {
      const [row, column] = [Math.floor(i / columns), i % columns]
      return Array.from({ length: inner }, (_k, k) => (xs[row * inner + k]! + lows[row * inner + k]!) * ws[k * columns + column]!).reduce(
        (sum, v) => sum + v,
        0,
      )
    })
    const off = (values: ReadonlyArray<number>): number => Math.max(...values.map((v, i) => Math.abs(v - expected[i]!)))
    ok(off(total(twoMatMul({ high: x, low }, w))) < 1e-8, `${off(total(twoMatMul({ high: x, low }, w)))}`)
    ok(off([...(matMul(x, w) as Tensor).dataSync()]) > 2e-7)
  }),
)

s.run()
