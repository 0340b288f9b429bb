import { near, suite, useTestBackend } from '@diffeo/testing'
import { tensor2d } from '@tensorflow/tfjs-core'
import { logisticMixtureAt } from './mixture.ts'

const s = suite('mixture')
s.before(() => useTestBackend('cpu'))

s.test('far out the slope of a mixture of logistics keeps its digits where several components have a part in it', () => {
  const [slopes, weights] = [
    [0.5, 0.5005, 0.501],
    [0.2, 0.3, 0.5],
  ]
  const t = [-1000, 1000].map(x => slopes.map((a, k) => Math.fround(a * x + 0.1 * k)))
  const logs = (v: ReadonlyArray<number>): ReadonlyArray<number> => v.map(Math.log)
  const rows = (v: ReadonlyArray<number>): ReturnType<typeof tensor2d> => tensor2d([...v, ...v], [2, 3])
  // far out sigmoid(t) is exp(-abs(t)) on the small side: the slope is the mean of the slopes by what each has of the tail
  const expected = t.map(row => {
    const least = Math.min(...row.map(Math.abs))
    const parts = row.map((v, k) => weights[k]! * Math.exp(least - Math.abs(v)))
    return Math.log(parts.reduce((sum, part, k) => sum + part * slopes[k]!, 0) / parts.reduce((sum, part) => sum + part, 0))
  })
  near(logisticMixtureAt(tensor2d(t.flat(), [2, 3]), rows(logs(weights)), rows(logs(slopes))).logDeriv.dataSync<'float32'>(), expected, {
    atol: 3e-7,
    rtol: 0,
  })
})

s.run()
