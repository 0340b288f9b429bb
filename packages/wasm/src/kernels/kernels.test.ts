import { bits, foldIn, key, normalArray, split, uniformArray } from '@diffeo/core'
import { equal, near, ok, suite } from '@diffeo/testing'
import { features } from '../features.ts'
import { plain, relaxed } from '../math/arithmetic.ts'
import { createRuntime } from '../runtime/runtime.ts'
import type { ElementType, Kernel } from '../runtime/runtime.ts'
import { argKernel, argRowsKernel } from './arg.ts'
import { cumulativeKernel, cumulativeRowsKernel } from './cumulative.ts'
import { gatherKernel, scatterAddKernel } from './gather.ts'
import { softmaxKernel } from './softmax.ts'
import { bitsKernel, normalKernel, threefryBlocksKernel, uniformKernel } from './threefry.ts'
import { transposeKernel } from './transpose.ts'
import { zipKernel } from './zip.ts'

const s = suite('kernels')
features()
const runtime = createRuntime()
const guard = 6

const numbers = (count: number, seed = 1): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => 3 * Math.sin(seed * 12.9898 + i * 78.233))

/** Runs a kernel on arrays and then one output; what lies around the output must stay. */
const run = (
  kernel: Kernel,
  arrays: ReadonlyArray<{ readonly values: ArrayLike<number>; readonly type?: ElementType }>,
  count: number,
  rest: ReadonlyArray<number>,
  type: ElementType = 'float32',
): ReadonlyArray<number> => {
  const ins = arrays.map(array => runtime.upload(array.values, array.type))
  const out = runtime.upload(new Int32Array(count + 2 * guard).fill(-99), 'int32')
  const start = out + 4 * guard
  runtime.call(kernel, [...ins, start, ...rest])
  const around = runtime.read(out, count + 2 * guard, 'int32')
  ok(
    [...around.slice(0, guard), ...around.slice(-guard)].every(v => v === -99),
    `${kernel.name} keeps to its place`,
  )
  const result = [...runtime.read(start, count, type)]
  runtime.call(kernel, [...ins, start, ...rest])
  equal([...runtime.read(start, count, 'int32')], [...around.slice(guard, -guard)], `${kernel.name}: the same bits again`)
  ;[...ins, out].forEach(runtime.free)
  return result
}

const shapes = [1, 2, 3, 4, 5, 8, 9].flatMap(a => [1, 3, 4, 7].map(b => [a, b] as const))

s.test('zip', () => {
  for (const n of [0, 1, 3, 4, 5, 8, 11]) {
    const [a, b] = [numbers(n), numbers(n, 2)]
    const expected = Array.from({ length: 2 * n }, (_, i) => [a, b][i % 2]![i >> 1]!)
    equal(run(zipKernel, [{ values: a }, { values: b }], 2 * n, [n]), expected)
  }
})

s.test('transpose', () => {
  for (const [m, n] of [...shapes, [33, 18], [0, 3], [3, 0]] as const) {
    const x = numbers(2 * m * n)
    const expected = Array.from(
      { length: 2 * m * n },
      (_, i) => x[Math.floor(i / (m * n || 1)) * m * n + (i % m) * n + (Math.floor(i / m) % n)]!,
    )
    equal(run(transposeKernel, [{ values: x }], 2 * m * n, [2, m, n]), expected)
  }
})

s.test('gather and scatterAdd', () => {
  for (const inner of [1, 2, 3, 4, 5, 9]) {
    const [outer, size, indices] = [2, 5, [4, 0, 0, 3, 4, 1, 4]]
    const count = indices.length
    const x = numbers(outer * size * inner)
    const place = (i: number): readonly [number, number, number] => [
      Math.floor(i / (count * inner)),
      Math.floor(i / inner) % count,
      i % inner,
    ]
    const gathered = Array.from({ length: outer * count * inner }, (_, i) => {
      const [o, c, l] = place(i)
      return x[(o * size + indices[c]!) * inner + l]!
    })
    const list = { values: indices, type: 'int32' } as const
    equal(run(gatherKernel, [{ values: x }, list], outer * count * inner, [outer, size, inner, count]), gathered)
    const values = numbers(outer * count * inner, 2)
    const summed = new Float32Array(outer * size * inner)
    values.forEach((v, i) => {
      const [o, c, l] = place(i)
      summed[(o * size + indices[c]!) * inner + l]! += v
    })
    equal(run(scatterAddKernel('float32'), [{ values }, list], summed.length, [outer, size, inner, count]), [...summed])
  }
  equal(
    run(
      scatterAddKernel('int32'),
      [
        { values: [1, 2, 4, 8], type: 'int32' },
        { values: [1, -1, 7, 1], type: 'int32' },
      ],
      3,
      [1, 3, 1, 4],
      'int32',
    ),
    [0, 9, 0],
  )
  equal(run(scatterAddKernel('float32'), [{ values: [] }, { values: [], type: 'int32' }], 4, [1, 4, 1, 0]), [0, 0, 0, 0])
  equal(run(gatherKernel, [{ values: [5, 6] }, { values: [9, -1], type: 'int32' }], 2, [1, 2, 1, 2]), [6, 6])
})

const running = (
  x: ArrayLike<number>,
  [outer, size, inner]: readonly [number, number, number],
  { kind, exclusive, reverse }: { readonly kind: 'sum' | 'prod'; readonly exclusive: boolean; readonly reverse: boolean },
): ReadonlyArray<number> => {
  const out = new Float32Array(outer * size * inner)
  for (let o = 0; o < outer; o++)
    for (let l = 0; l < inner; l++) {
      let total = kind === 'sum' ? 0 : 1
      for (let j = 0; j < size; j++) {
        const place = (o * size + (reverse ? size - 1 - j : j)) * inner + l
        const through = kind === 'sum' ? total + x[place]! : total * x[place]!
        out[place] = exclusive ? total : through
        total = through
      }
    }
  return [...out]
}

s.test('cumulative sums and products, all ways, along rows and along columns', () => {
  for (const kind of ['sum', 'prod'] as const)
    for (const exclusive of [false, true])
      for (const reverse of [false, true]) {
        const structure = { kind, exclusive, reverse, type: 'float32' } as const
        for (const [m, n] of [...shapes, [6, 50], [0, 3], [3, 0]] as const) {
          const x = numbers(m * n)
          const expected = running(x, [m, n, 1], structure)
          near(run(cumulativeRowsKernel(structure), [{ values: x }], m * n, [m, n]), expected, { rtol: 1e-7, atol: 1e-30 })
        }
        for (const inner of [1, 2, 4, 6]) {
          const x = numbers(2 * 7 * inner)
          near(run(cumulativeKernel(structure), [{ values: x }], x.length, [2, 7, inner]), running(x, [2, 7, inner], structure), {
            rtol: 1e-7,
            atol: 1e-30,
          })
        }
      }
  const ints = { kind: 'sum', exclusive: false, reverse: false, type: 'int32' } as const
  equal(run(cumulativeRowsKernel(ints), [{ values: [1, 2, 3, 4, 5, 6], type: 'int32' }], 6, [1, 6], 'int32'), [1, 3, 6, 10, 15, 21])
  const x = Float32Array.of(1, NaN, 2, 3, 4, 5, 6, 7)
  near(run(cumulativeRowsKernel({ ...ints, type: 'float32' }), [{ values: x }], 8, [2, 4]), [1, NaN, NaN, NaN, 4, 9, 15, 22], { atol: 0 })
})

s.test('arg max and min: the first of equals, NaN never', () => {
  const place = (values: ReadonlyArray<number>, kind: 'max' | 'min'): number =>
    values.reduce((best, v, i) => ((kind === 'max' ? v > values[best]! : v < values[best]!) ? i : best), 0)
  for (const kind of ['max', 'min'] as const)
    for (const [m, n] of shapes) {
      const x = numbers(m * n).map(v => Math.round(v))
      if (n > 2) x[2] = NaN
      const row = (i: number): ReadonlyArray<number> => [...x.slice(i * n, (i + 1) * n)]
      const column = (j: number): ReadonlyArray<number> => Array.from({ length: m }, (_, i) => x[i * n + j]!)
      equal(
        run(argRowsKernel(kind, 'float32'), [{ values: x }], m, [m, n], 'int32'),
        Array.from({ length: m }, (_, i) => place(row(i), kind)),
      )
      equal(
        run(argKernel(kind, 'float32'), [{ values: x }], n, [1, m, n], 'int32'),
        Array.from({ length: n }, (_, j) => place(column(j), kind)),
      )
    }
  equal(run(argRowsKernel('max', 'int32'), [{ values: [3, -5, 9, 9], type: 'int32' }], 1, [1, 4], 'int32'), [2])
})

s.test('softmax, its logarithm and logSumExp, of large and infinite rows too', () => {
  for (const ar of [plain, relaxed])
    for (const [m, n] of [...shapes, [3, 100]] as const) {
      const x = numbers(m * n).map(v => v * 30)
      const rows = Array.from({ length: m }, (_, i) => [...x.slice(i * n, (i + 1) * n)])
      const lse = rows.map(row => Math.max(...row) + Math.log(row.reduce((t, v) => t + Math.exp(v - Math.max(...row)), 0)))
      near(run(softmaxKernel(ar, 'logSumExp'), [{ values: x }], m, [m, n]), lse, { rtol: 2e-7, atol: 1e-6 })
      near(
        run(softmaxKernel(ar, 'softmax'), [{ values: x }], m * n, [m, n]),
        rows.flatMap((row, i) => row.map(v => Math.exp(v - lse[i]!))),
        { rtol: 1e-5, atol: 1e-37 },
      )
      near(
        run(softmaxKernel(ar, 'logSoftmax'), [{ values: x }], m * n, [m, n]),
        rows.flatMap((row, i) => row.map(v => v - lse[i]!)),
        { rtol: 1e-6, atol: 1e-5 },
      )
    }
  const extreme = Float32Array.of(-Infinity, -Infinity, 1e38, -1e38, Infinity, 0, NaN, 1)
  near(run(softmaxKernel(plain, 'logSumExp'), [{ values: extreme }], 4, [4, 2]), [-Infinity, Math.fround(1e38), Infinity, NaN], { atol: 0 })
  near(run(softmaxKernel(plain, 'softmax'), [{ values: [1e38, -1e38, -Infinity, 0, NaN, 1] }], 6, [3, 2]), [1, 0, 0, 1, NaN, NaN], {
    atol: 0,
  })
  equal(run(softmaxKernel(plain, 'logSumExp'), [{ values: [] }], 2, [2, 0]), [-Infinity, -Infinity])
})

s.test('random words, keys and uniform numbers are those of core, bit for bit', () => {
  for (const seed of [0, 1, 123456789])
    for (const count of [0, 1, 3, 4, 5, 257]) {
      const source = key(seed)
      const words = { values: source, type: 'int32' } as const
      equal(run(bitsKernel, [words], count, [count], 'int32'), [...new Int32Array(bits(source, count).buffer)])
      equal(
        run(threefryBlocksKernel, [words], 2 * count, [0, count], 'int32'),
        split(source, count).flatMap(k => [...new Int32Array(k.buffer)]),
      )
      const [low, width] = [runtime.upload([-0.3]), runtime.upload([Math.fround(Math.fround(2.7) - Math.fround(-0.3))])]
      equal(run(uniformKernel, [words], count, [count, low, width]), [...uniformArray(source, count, { low: -0.3, high: 2.7 })])
      ;[low, width].forEach(runtime.free)
    }
  const folded = foldIn(key(5), 77)
  equal(run(threefryBlocksKernel, [{ values: key(5), type: 'int32' }], 2, [77, 1], 'int32'), [
    ...new Int32Array(folded.buffer, folded.byteOffset, 2),
  ])
})

s.test('normal numbers are those of core within 1e-6, the tails too', () => {
  const count = 200_001
  for (const ar of [plain, relaxed]) {
    const z = run(normalKernel(ar), [{ values: key(11), type: 'int32' }], count, [count])
    near(z, normalArray(key(11), count), { atol: 1e-6 })
    ok(Math.max(...z.slice(0, 100_000).map(Math.abs)) > 4)
  }
})

s.test('nothing is left in memory', () => {
  equal(runtime.stats().live, 0)
})

s.run()
