import { knotsOf } from '@diffeo/core'
import type { KnotMap } from '@diffeo/core'
import { allocates, near, ok, suite, useTestBackend } from '@diffeo/testing'
import { tensor, tidy, zeros } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { drawn, rowsOf } from './draws.ts'
import { machineEpsilon } from './oracle/float32.ts'
import { knotNumbers } from './oracle/maps.ts'

const maps: ReadonlyArray<KnotMap> = ['softclip', 'softmax', 'distrax']
const s = suite('knots of splines')

const eachKnots = (
  theta: Tensor,
  map: KnotMap,
  bins: number,
  bound: number,
  check: (x: Float32Array, y: Float32Array, slopes: Float32Array, theta: Float32Array) => void,
): void => {
  const { x, y, slopes } = knotsOf(map, theta, bins, bound)
  const [xs, ys, ds] = [rowsOf(x), rowsOf(y), rowsOf(slopes)]
  rowsOf(theta).forEach((row, i) => check(xs[i]!, ys[i]!, ds[i]!, row))
}

for (const backend of ['cpu', 'wasm'] as const) {
  s.test(`switch to ${backend}`, () => useTestBackend(backend))
  for (const map of maps)
    for (const bins of [1, 2, 8, 40]) {
      s.test(`${map}, ${bins} bins, on ${backend}: the float64 formulas`, () =>
        tidy(() =>
          [1, 10].forEach(spread =>
            eachKnots(drawn([20, 3 * bins - 1], 51, spread), map, bins, 5, (x, y, slopes, theta) => {
              const exact = knotNumbers(map, [...theta], bins, 5)
              near(x, exact.x, { atol: 16 * machineEpsilon * 5, what: 'x' })
              near(y, exact.y, { atol: 16 * machineEpsilon * 5, what: 'y' })
              near(slopes, exact.slopes, { rtol: 2e-5, atol: 0, what: 'slopes' })
            }),
          ),
        ),
      )
      s.test(`${map}, ${bins} bins, on ${backend}: rising from end to end for any theta`, () =>
        tidy(() =>
          [1, 1e2, 1e4].forEach(spread =>
            [1e-4, 5, 1000].forEach(bound =>
              eachKnots(drawn([20, 3 * bins - 1], 52, spread), map, bins, bound, (x, y, slopes) => {
                const edge = Math.fround(bound)
                ;[x, y].forEach(knots => {
                  ok(knots[0] === -edge && knots[bins] === edge, `the ends are ${knots[0]} and ${knots[bins]}`)
                  ok(
                    knots.every((v, i) => i === 0 || v > knots[i - 1]!),
                    `knots fall: ${knots.join()}`,
                  )
                })
                ok(slopes[0] === 1 && slopes[bins] === 1, 'slopes at the ends')
                ok(
                  slopes.every(d => d >= 9e-5 && Number.isFinite(d)),
                  `slopes ${slopes.join()}`,
                )
              }),
            ),
          ),
        ),
      )
    }
  s.test(`zeros are evenly spaced knots of slope 1 on ${backend}`, () =>
    tidy(() =>
      (['softclip', 'distrax'] as const).forEach(map =>
        eachKnots(zeros([1, 11]), map, 4, 2, (x, y, slopes) => {
          near(x, [-2, -1, 0, 1, 2], { atol: 1e-6 })
          near(y, x, { atol: 0 })
          near(slopes, [1, 1, 1, 1, 1], { atol: 2e-6 })
        }),
      ),
    ),
  )
}

s.test('three tensors and no more', () => {
  const theta = tensor([1, 2, 3, 4, 5], [1, 5])
  const { x, y, slopes } = allocates(3, () => knotsOf('softclip', theta, 2, 3))
  ;[theta, x, y, slopes].forEach(t => t.dispose())
})
s.run()
