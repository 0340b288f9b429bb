import { grad, knotsOf, splineForward, splineInverse } from '@diffeo/core'
import type { KnotMap } from '@diffeo/core'
import { add, mul, sum, tensor } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { equal, near, ok, suite, useTestBackend } from '@diffeo/testing'
import { features } from '../features.ts'
import { plain, relaxed } from '../math/arithmetic.ts'
import type { Arithmetic } from '../math/arithmetic.ts'
import { createRuntime } from '../runtime/runtime.ts'
import type { Kernel } from '../runtime/runtime.ts'
import { splineKernel, splineVjpKernel } from './spline.ts'
import type { Direction } from './spline.ts'
import type { SplineStructure } from './spline-knots.ts'

const s = suite('fused spline')
features()
const runtime = createRuntime()
s.before(() => useTestBackend('cpu'))

const guard = 9
const numbers = (count: number, seed: number, spread: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => spread * Math.tan(1.3 * Math.sin(seed * 12.9898 + i * 78.233)))

/** Runs a kernel; what lies around its outputs must stay. */
const run = (
  kernel: Kernel,
  ins: ReadonlyArray<Float32Array>,
  sizes: ReadonlyArray<number>,
  count: number,
): ReadonlyArray<Float32Array> => {
  const from = ins.map(values => runtime.upload(values))
  const to = sizes.map(size => runtime.upload(new Float32Array(size + 2 * guard).fill(-77)))
  const call = (): void => runtime.call(kernel, [...from, ...to.map(address => address + 4 * guard), count])
  call()
  const all = sizes.map((size, i) => runtime.read(to[i]!, size + 2 * guard) as Float32Array)
  all.forEach(values =>
    ok(
      [...values.slice(0, guard), ...values.slice(-guard)].every(v => v === -77),
      `${kernel.name} keeps to its place`,
    ),
  )
  call()
  all.forEach((values, i) => equal(new Int32Array(runtime.read(to[i]!, sizes[i]! + 2 * guard).buffer), new Int32Array(values.buffer)))
  ;[...from, ...to].forEach(runtime.free)
  return all.map(values => values.slice(guard, -guard))
}

interface Image {
  readonly value: Tensor
  readonly logDeriv: Tensor
}
const composite = ({ bins, bound, knots }: SplineStructure, direction: Direction, theta: Tensor, x: Tensor): Image => {
  const table = knotsOf(knots, theta, bins, bound)
  if (direction === 'forward') {
    const { y, logDeriv } = splineForward(table, x, bound)
    return { value: y, logDeriv }
  }
  const { x: value, logDeriv } = splineInverse(table, x, bound)
  return { value, logDeriv }
}
const numbersOf = (x: Tensor): Float32Array => x.dataSync() as Float32Array

interface Case {
  readonly spline: SplineStructure
  readonly theta: Float32Array
  readonly x: Float32Array
}
const size = ({ bins }: SplineStructure): number => 3 * bins - 1

const checkValues = (ar: Arithmetic, { spline, theta, x }: Case, direction: Direction, atol: number, slopeAtol = 10 * atol): void => {
  const { value, logDeriv } = composite(spline, direction, tensor(theta, [x.length, size(spline)]), tensor(x))
  const what = `${direction} ${spline.knots} ${spline.bins} ${ar.name}`
  const [values, slopes] = run(splineKernel(ar, spline, direction), [theta, x], [x.length, x.length], x.length)
  near(values!, numbersOf(value), { atol: atol * spline.bound, rtol: 1e-5, what: `${what} value` })
  near(slopes!, numbersOf(logDeriv), { atol: slopeAtol, rtol: 1e-5, what: `${what} log-derivative` })
}

/**
 * The largest cotangent or gradient of an element is the scale of its errors. In a narrow bin both sides are off by more, the rounding of a knot over the
 * bin's width: one row in thirty may be.
 */
const nearRows = (
  actual: readonly [Float32Array, Float32Array],
  expected: readonly [Float32Array, Float32Array],
  cotangents: ReadonlyArray<Float32Array>,
  rtol: number,
  what: string,
): void => {
  const width = expected[0].length / Math.max(1, expected[1].length)
  const errors = Array.from(expected[1], (_, i) => {
    const row = (all: readonly [Float32Array, Float32Array]): ReadonlyArray<number> => [
      ...all[0].slice(i * width, (i + 1) * width),
      all[1][i]!,
    ]
    const [was, wanted] = [row(actual), row(expected)]
    const scale = Math.max(...wanted.map(Math.abs), ...cotangents.map(g => Math.abs(g[i]!)))
    return Math.max(...wanted.map((v, j) => Math.abs(was[j]! - v))) / scale
  }).sort((x, y) => x - y)
  ok(
    errors.every(e => e < 30 * rtol),
    `${what}: off by ${errors.at(-1)}, relative`,
  )
  ok(
    errors.slice(0, Math.ceil(0.97 * errors.length)).every(e => e < rtol),
    `${what}: 3 % off by ${errors[Math.ceil(0.97 * errors.length) - 1]}, relative`,
  )
}

/** The log-derivative has a kink at each knot, where its gradient is that of either side: `turns` 0 leaves it out. */
const checkGradients = (ar: Arithmetic, { spline, theta, x }: Case, direction: Direction, rtol: number, turns = 1): void => {
  const [gy, gl] = [numbers(x.length, 5, 1), numbers(x.length, 6, turns)]
  const expected = grad((at: { readonly theta: Tensor; readonly x: Tensor }) => {
    const { value, logDeriv } = composite(spline, direction, at.theta, at.x)
    return sum(add(mul(value, tensor(gy)), mul(logDeriv, tensor(gl))))
  })({ theta: tensor(theta, [x.length, size(spline)]), x: tensor(x) })
  const what = `gradient ${direction} ${spline.knots} ${spline.bins} ${ar.name}`
  const [byTheta, byX] = run(splineVjpKernel(ar, spline, direction), [theta, x, gy, gl], [theta.length, x.length], x.length)
  nearRows([byTheta!, byX!], [numbersOf(expected.theta), numbersOf(expected.x)], [gy, gl], rtol, what)
}

const both = ['forward', 'inverse'] as const
const maps: ReadonlyArray<KnotMap> = ['softclip', 'softmax', 'distrax']
const rowsOf = (spline: SplineStructure, rows: number, spread: number): Case => ({
  spline,
  theta: numbers(rows * size(spline), 3, 1).map(v => (spread > 2 ? spread * v : spread * Math.sin(v))),
  x: numbers(rows, 4, spline.bound / 2),
})

s.test('values and gradients of 1 to 32 bins, any number of rows', () => {
  for (const bins of [1, 2, 3, 8, 10, 16, 32])
    for (const rows of [1, 3, 4, 6, 101])
      for (const ar of [plain, relaxed])
        for (const direction of both) {
          const x = rowsOf({ bins, bound: 3, knots: 'softclip' }, rows, 1)
          checkValues(ar, x, direction, 1e-5)
          checkGradients(ar, x, direction, bins > 16 ? 3e-4 : 1e-4)
        }
})

s.test('the other maps of theta to knots', () => {
  for (const knots of maps)
    for (const bins of [1, 2, 8])
      for (const direction of both)
        for (const bound of [0.01, 1, 1000]) {
          const x = rowsOf({ bins, bound, knots }, 101, 1)
          checkValues(plain, x, direction, 1e-5)
          checkGradients(plain, { ...x, x: x.x.map(v => v * 0.999) }, direction, 1e-4)
        }
})

s.test('nothing in place, nothing for no rows', () => {
  const spline = { bins: 4, bound: 3, knots: 'softclip' } as const
  for (const direction of both) {
    run(splineKernel(plain, spline, direction), [new Float32Array(0), new Float32Array(0)], [0, 0], 0)
    run(
      splineVjpKernel(plain, spline, direction),
      [0, 0, 0, 0].map(() => new Float32Array(0)),
      [0, 0],
      0,
    )
  }
})

s.test('knots, bounds, outside, NaN, infinities', () => {
  for (const knots of maps)
    for (const bins of [1, 2, 8]) {
      const spline = { bins, bound: 3, knots }
      const row = numbers(size(spline), 8, 0.8)
      const table = knotsOf(knots, tensor(row, [1, row.length]), bins, 3)
      const special = [0, -0, 3, -3, 3.0000002, -3.0000002, 2.9999998, 7, -1e30, 3.4028234663852886e38, NaN, Infinity, -Infinity, 1e-40]
      for (const direction of both) {
        const edges = numbersOf(direction === 'forward' ? table.x : table.y)
        const x = Float32Array.from([...edges, ...special])
        const theta = Float32Array.from({ length: x.length * row.length }, (_, i) => row[i % row.length]!)
        checkValues(plain, { spline, theta, x }, direction, 1e-5, 5e-3)
        const finite = x.filter(v => Math.abs(v) < 1e20)
        if (knots === 'softclip')
          checkGradients(plain, { spline, theta: theta.slice(0, finite.length * row.length), x: finite }, direction, 2e-3, 0)
      }
    }
})

s.test('extreme theta: finite wherever the composite is, and close', () => {
  for (const knots of maps)
    for (const direction of both)
      for (const spread of [10, 1e4, 1e30]) {
        const spline = { bins: 8, bound: 3, knots }
        const x = rowsOf(spline, 64, spread)
        const expected = composite(spline, direction, tensor(x.theta, [64, 23]), tensor(x.x))
        const [values, slopes] = run(splineKernel(plain, spline, direction), [x.theta, x.x], [64, 64], 64)
        const [byTheta, byX] = run(splineVjpKernel(plain, spline, direction), [x.theta, x.x, x.x, x.x], [x.theta.length, 64], 64)
        const finite = numbersOf(expected.logDeriv).map((v, i) =>
          Number.isFinite(v) && Number.isFinite(numbersOf(expected.value)[i]) ? 1 : 0,
        )
        finite.forEach((yes, i) => {
          if (!yes) return
          ok(Number.isFinite(values![i]!) && Number.isFinite(slopes![i]!), `${knots} ${direction} ${spread} row ${i}`)
          near(values![i]!, numbersOf(expected.value)[i]!, { atol: 3e-3 })
        })
        if (knots === 'softclip') ok([...byTheta!, ...byX!].every(Number.isFinite), `${knots} ${direction} ${spread}`)
      }
})

s.test('NaN or an infinity in theta stays in its row', () => {
  for (const knots of maps)
    for (const direction of both) {
      const spline = { bins: 4, bound: 3, knots }
      for (const bad of [NaN, Infinity, -Infinity])
        for (const at of [0, 3, 4, 7, 8, 9, 10]) {
          const x = rowsOf(spline, 6, 1)
          const theta = x.theta.slice()
          theta[2 * 11 + at] = bad
          const there = { ...x, theta, x: Float32Array.of(0.5, -1, 0.4, 1, 2, -2.5) }
          const isLimit = knots !== 'softclip' && bad === -Infinity
          if (!isLimit && !(knots !== 'softclip' && at >= 8)) checkValues(plain, there, direction, 1e-5)
          const [values] = run(splineKernel(plain, spline, direction), [theta, there.x], [6, 6], 6)
          const [clean] = run(splineKernel(plain, spline, direction), [x.theta, there.x], [6, 6], 6)
          clean!.forEach((v, i) => i === 2 || equal(values![i], v))
        }
    }
})

s.test('nothing is left in memory', () => {
  equal(runtime.stats().live, 0)
})

s.run()
