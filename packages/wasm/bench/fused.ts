/**
 * Rates of the fused kernels: `node --import tsx packages/wasm/bench/fused.ts`, one thread. Contestants take turns; each figure is the best of all turns.
 */
import { features } from '../src/features.ts'
import { splineKernel, splineVjpKernel } from '../src/fused/spline.ts'
import { plain, relaxed } from '../src/math/arithmetic.ts'
import { createRuntime } from '../src/runtime/runtime.ts'

interface Contestant {
  readonly name: string
  readonly run: () => void
}

/** The best time of each in milliseconds. */
const bestTimes = (contestants: ReadonlyArray<Contestant>, rounds: number): ReadonlyMap<string, number> => {
  const best = new Map(contestants.map(({ name }) => [name, Infinity]))
  for (let round = 0; round < rounds; round++)
    contestants.forEach(({ name, run }) => {
      const start = performance.now()
      run()
      best.set(name, Math.min(best.get(name)!, performance.now() - start))
    })
  return best
}

const runtime = createRuntime()
const arithmetics = features().relaxedSimd ? [plain, relaxed] : [plain]
const waves = (count: number, size: number): Float32Array => Float32Array.from({ length: count }, (_, i) => size * Math.sin(i * 12.9898))

const splines = (): void => {
  const count = 2_000
  const rows = [4, 8, 16].flatMap(bins =>
    (['softclip', 'softmax', 'distrax'] as const).map(knots => {
      const spline = { bins, bound: 5, knots }
      const size = 3 * bins - 1
      const [theta, x, gy, gl] = [waves(count * size, 1), waves(count, 6), waves(count, 1), waves(count, 1)].map(v => runtime.upload(v))
      const [value, slope, byTheta, byX] = [count, count, count * size, count].map(n => runtime.allocate(4 * n))
      const contestants = arithmetics.flatMap(ar =>
        (['forward', 'inverse'] as const).flatMap(direction => [
          {
            name: `${direction} ${ar.name}`,
            run: () => runtime.call(splineKernel(ar, spline, direction), [theta!, x!, value!, slope!, count]),
          },
          {
            name: `${direction} vjp ${ar.name}`,
            run: () => runtime.call(splineVjpKernel(ar, spline, direction), [theta!, x!, gy!, gl!, byTheta!, byX!, count]),
          },
        ]),
      )
      const times = bestTimes(contestants, 300)
      ;[theta, x, gy, gl, value, slope, byTheta, byX].forEach(address => runtime.free(address!))
      return { bins, knots, ...Object.fromEntries([...times].map(([name, ms]) => [name, ((ms / count) * 1e6).toFixed(1)])) }
    }),
  )
  console.log('spline, ns per element')
  console.table(rows)
}

splines()
