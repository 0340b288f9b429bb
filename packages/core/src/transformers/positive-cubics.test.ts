import { equal, near, ok, suite, useTestBackend } from '@diffeo/testing'
import { clipByValue, mul, tensor1d } from '@tensorflow/tfjs-core'
import { key } from '../random/key.ts'
import { normal } from '../random/sample.ts'
import { tidy } from '../tensor.ts'
import { areaTo, cubicsThrough } from './positive-cubics.ts'

const s = suite('positive cubics')
s.before(() => useTestBackend('cpu'))

/** At knots a step apart, and two more on either side. */
const places = (count: number, step: number): ReadonlyArray<number> => Array.from({ length: count + 5 }, (_, j) => (j - 2) * step)
const grid = (low: number, high: number): ReadonlyArray<number> => Array.from({ length: 401 }, (_, i) => low + ((high - low) * i) / 400)

s.test('of a smooth function they have the value and the integral, and a straight line beyond their ends', () =>
  tidy(() => {
    // exp(a u) with its integral
    const [a, step, count] = [0.8, 0.25, 16]
    const cubics = cubicsThrough(tensor1d(places(count, step).map(u => a * u)), step)
    const end = count * step
    const x = grid(-1, end + 2)
    const { base, rise, logDeriv } = areaTo(tensor1d([...x]), cubics, step)
    const inside = x.map(v => Math.min(end, Math.max(0, v)))
    const [bases, rises] = [base.dataSync(), rise.dataSync()]
    near(
      x.map((_, i) => bases[i]! + rises[i]!),
      inside.map((u, i) => Math.expm1(a * u) / a + Math.exp(a * u) * (x[i]! - u)),
      { atol: 1e-4, rtol: 1e-4, what: 'integral' },
    )
    near(logDeriv.dataSync(), inside.map(u => a * u), { atol: 1e-4, what: 'logarithm' }) // prettier-ignore
  }),
)

s.test('the error of a step half as long is a tenth at most', () =>
  tidy(() => {
    const worst = (step: number): number => {
      const count = 4 / step
      const cubics = cubicsThrough(tensor1d(places(count, step).map(u => Math.sin(2 * u))), step)
      const x = grid(0, 4)
      const { logDeriv } = areaTo(tensor1d([...x]), cubics, step)
      return Math.max(...[...logDeriv.dataSync()].map((v, i) => Math.abs(v - Math.sin(2 * x[i]!))))
    }
    ok(worst(0.125) < worst(0.25) / 10, `${worst(0.125)} after ${worst(0.25)}`)
  }),
)

s.test('whatever the logarithms they are positive, and integrals rise', () =>
  tidy(() => {
    for (let draw = 0; draw < 20; draw++) {
      const logs = clipByValue(mul(7, normal(key(draw), [16 + 5])), -7, 7)
      const { base, rise, logDeriv } = areaTo(tensor1d([...grid(0, 4)]), cubicsThrough(logs, 0.25), 0.25)
      ok(logDeriv.dataSync().every(Number.isFinite), `draw ${draw}: a slope is not positive`)
      const areas = [...base.dataSync()].map((v, i) => v + rise.dataSync()[i]!)
      equal(
        areas.filter((v, i) => i > 0 && v <= areas[i - 1]! * (1 - 1e-6)),
        [],
      )
    }
  }),
)

s.run()
