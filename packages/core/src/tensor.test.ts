import { allocates, near, ok, suite, throws, useTestBackend } from '@diffeo/testing'
import { tensor, tensor1d } from '@tensorflow/tfjs-core'
import { uniformArray } from './random/arrays.ts'
import { key } from './random/key.ts'
import { valueAndGrad } from './autodiff/value-and-grad.ts'
import { columnsAt, handle, joined, mean, meanOfRows, sumEvent, tidy, total } from './tensor.ts'

const exactSum = (values: Float32Array): number => {
  let [sum, carried] = [0, 0]
  for (const value of values) {
    const next = sum + value
    carried += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum
    sum = next
  }
  return sum + carried
}

for (const backend of ['cpu', 'wasm'] as const) {
  const s = suite(`tensors on ${backend}`)
  s.before(() => useTestBackend(backend))

  const samples: ReadonlyArray<readonly [string, (n: number) => Float32Array]> = [
    ['0.1 throughout', n => new Float32Array(n).fill(0.1)],
    ['1.1 throughout', n => new Float32Array(n).fill(1.1)],
    ['uniform on [0.5, 1.5)', n => uniformArray(key(1), n, { low: 0.5, high: 1.5 })],
    ['uniform on [0, 5)', n => uniformArray(key(2), n, { low: 0, high: 5 })],
  ]
  for (const [name, draw] of samples)
    s.test(`total and mean within 1e-6 of float64, ${name}`, () => {
      for (const n of [1, 2, 16, 17, 255, 256, 257, 1023, 4097, 99_999, 999_999, 1_000_000]) {
        const values = draw(n)
        const exact = exactSum(values)
        const [sum, average] = allocates(0, () =>
          tidy(() => {
            const x = tensor1d(values)
            return [total(x).dataSync<'float32'>()[0]!, mean(x).dataSync<'float32'>()[0]!]
          }),
        ) as [number, number]
        near(sum, exact, { atol: 0, rtol: 1e-6, what: `total of ${n}` })
        near(average, exact / n, { atol: 0, rtol: 1e-6, what: `mean of ${n}` })
      }
    })

  s.test('total and mean of any shape, and their gradient', () => {
    tidy(() => {
      const x = tensor(uniformArray(key(3), 3000), [30, 20, 5])
      near(total(x).dataSync(), [exactSum(x.dataSync<'float32'>())], { atol: 0, rtol: 1e-6 })
      const { grads } = valueAndGrad(mean)(x)
      near(grads.dataSync(), new Float32Array(3000).fill(1 / 3000), { atol: 1e-9 })
      const odd = tensor1d(uniformArray(key(3), 1500))
      near(valueAndGrad(total)(odd).grads.dataSync(), new Float32Array(1500).fill(1), { atol: 1e-6 })
    })
  })

  s.test('the mean of the rows within 1e-6 of float64', () =>
    tidy(() => {
      for (const n of [3, 1024, 1025, 2 ** 14, 50_000]) {
        const values = uniformArray(key(4), 2 * n, { low: 0.5, high: 1.5 })
        const columns = [0, 1].map(c => exactSum(values.filter((_, i) => i % 2 === c)) / n)
        near(meanOfRows(tensor(values, [n, 2])).dataSync(), columns, { atol: 0, rtol: 1e-6, what: `${n} rows` })
      }
    }),
  )

  s.test('one tensor each, and none for the mean of nothing', () => {
    const x = tensor(uniformArray(key(5), 600), [300, 2])
    ;[total, mean, meanOfRows].forEach(f => allocates(1, () => f(x)).dispose())
    x.dispose()
    const none = tensor([], [0, 2])
    allocates(0, () => throws(() => mean(none), /mean: expected at least one value, got a tensor of shape \[0, 2\]/))
    none.dispose()
  })

  s.test('no rows', () =>
    tidy(() => {
      const none = tensor([], [0, 3], 'float32')
      ok(sumEvent(none).shape.join() === '0', 'sumEvent')
      ok(columnsAt(none, [2, 0]).shape.join() === '0,2', 'columnsAt')
      ok(joined([none, none], 1).shape.join() === '0,6', 'joined')
    }),
  )

  s.test('a handle outlives what it was made from', () => {
    const x = tensor1d([1, 2])
    const y = allocates(1, () => handle(x))
    x.dispose()
    near(y.dataSync(), [1, 2])
    y.dispose()
  })
  s.run()
}
