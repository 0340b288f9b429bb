import { equal, near, ok, suite, throws } from '@diffeo/testing'
import { features } from '../features.ts'
import { plain, relaxed } from '../math/arithmetic.ts'
import { createRuntime } from '../runtime/runtime.ts'
import { matmulArguments, planMatmul } from './matmul.ts'
import type { MatmulMask } from './matmul-mask.ts'
import type { MatmulSizes, MatmulStructure } from './matmul-structure.ts'

const s = suite('masked matmul')
const runtime = createRuntime()
features()

const state = { seed: 5 }
const next = (): number => (state.seed = (Math.imul(state.seed, 1664525) + 1013904223) >>> 0) / 2 ** 32
const random = (count: number): Float32Array => Float32Array.from({ length: count }, () => next() * 2 - 1)

type Rule = (row: number, column: number) => boolean
const maskOf = (over: 'b' | 'c', rows: number, columns: number, rule: Rule): MatmulMask => ({
  over,
  rows,
  columns,
  values: Float32Array.from({ length: rows * columns }, (_, i) => (rule(Math.floor(i / columns), i % columns) ? 1 : 0)),
})
/** A MADE's layer between units of sorted degrees 1 to `dim`: the degree of unit i of n is about i dim / n. */
const degree = (i: number, count: number, dim: number): number => 1 + Math.floor((i * dim) / count)
const staircases: Readonly<Record<string, (rows: number, columns: number) => Rule>> = {
  forward: (rows, columns) => (i, j) => degree(i, rows, 7) <= degree(j, columns, 7),
  strict: (rows, columns) => (i, j) => degree(i, rows, 5) < degree(j, columns, 5),
  backward: (rows, columns) => (i, j) => degree(i, rows, 7) >= degree(j, columns, 7),
  band: (rows, columns) => (i, j) => Math.abs(degree(i, rows, 9) - degree(j, columns, 9)) < 2,
  none: () => () => false,
  one: (rows, columns) => (i, j) => i === rows - 1 && j === columns - 1,
}

interface Case extends MatmulSizes, MatmulStructure {
  readonly batch?: number
}
const truth = (x: Case, mask: MatmulMask, a: Float32Array, b: Float32Array, bias: Float32Array): Float64Array => {
  const { m, n, k, batch = 1 } = x
  const keeps = (row: number, column: number): boolean => mask.values[row * n + column] !== 0
  const out = new Float64Array(batch * m * n)
  for (let z = 0; z < batch; z++)
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        let sum = x.bias ? bias[j]! : 0
        for (let l = 0; l < k; l++)
          if (mask.over === 'c' || keeps(l, j))
            sum += a[z * m * k + (x.transposeA ? l * m + i : i * k + l)]! * b[z * k * n + (x.transposeB ? j * k + l : l * n + j)]!
        out[(z * m + i) * n + j] = mask.over === 'c' && !keeps(i, j) ? 0 : x.activation === 'relu' ? Math.max(sum, 0) : sum
      }
  return out
}

const guard = 9
/** Runs the product on a B whose masked elements are zero inside the ranges of the table, and NaN outside: these must not be read. */
const check = (arithmetic: typeof plain, x: Case, mask: MatmulMask): void => {
  const { m, n, k, batch = 1, transposeB } = x
  const plan = planMatmul(arithmetic, x, x, mask)
  const [a, b, bias] = [random(batch * m * k), random(batch * k * n), random(n)]
  const expected = truth(x, mask, a, b, bias)
  const { table } = plan
  if (mask.over === 'b')
    b.forEach((_, at) => {
      const [row, column] = transposeB ? [at % k, Math.floor(at / k) % n] : [Math.floor(at / n) % k, at % n]
      const isRead = table === undefined || (row >= table[2 * (column >> 3)]! && row < table[2 * (column >> 3) + 1]!)
      if (mask.values[row * n + column] === 0) b[at] = isRead ? 0 : NaN
    })
  const [pa, pb, pbias] = [a, b, bias].map(values => runtime.upload(values))
  const pc = runtime.upload(new Float32Array(batch * m * n + 2 * guard).fill(-77))
  const ptable = table === undefined ? 0 : runtime.upload(table, 'int32')
  const scratch = runtime.scratch(plan.scratch)
  runtime.call(plan.kernel, matmulArguments(x, { a: pa!, b: pb!, c: pc + 4 * guard, bias: pbias!, scratch, table: ptable, m, n, k, batch }))
  const all = runtime.read(pc, batch * m * n + 2 * guard)
  const what = `${plan.kernel.name}: ${m} x ${n} x ${k}`
  const given = all.slice(guard, guard + batch * m * n)
  if (mask.over === 'c' && table === undefined) given.forEach((value, i) => (given[i] = value * mask.values[i % (m * n)]!))
  near(given, expected, { atol: 4e-6 * Math.sqrt(k + 1), what })
  ok(
    [...all.slice(0, guard), ...all.slice(guard + batch * m * n)].every(v => v === -77),
    `${what} writes nothing else`,
  )
  ;[pa!, pb!, pbias!, pc, ...(ptable === 0 ? [] : [ptable])].forEach(runtime.free)
}

const flags = [false, true].flatMap(transposeA => [false, true].map(transposeB => ({ transposeA, transposeB })))
const sizes: ReadonlyArray<MatmulSizes> = [
  [4, 8, 8],
  [1, 40, 24],
  [5, 13, 9],
  [7, 30, 61],
  [66, 100, 70],
  [130, 69, 128],
  [20, 530, 300],
  [2, 9, 33],
  [33, 2, 40],
].map(([m, n, k]) => ({ m: m!, n: n!, k: k! }))

for (const over of ['b', 'c'] as const)
  s.test(`a mask over ${over} gives the product with the mask, and what it hides is not read`, () => {
    for (const flag of flags)
      for (const size of sizes)
        for (const rule of Object.values(staircases)) {
          const rows = over === 'b' ? size.k : size.m
          check(plain, { ...flag, ...size }, maskOf(over, rows, size.n, rule(rows, size.n)))
        }
  })

s.test('with bias, activation, accumulation of blocks, batches, fused multiply-add', () => {
  for (const flag of flags)
    for (const size of sizes) {
      const mask = maskOf('b', size.k, size.n, staircases['forward']!(size.k, size.n))
      check(relaxed, { ...flag, ...size, bias: true, activation: 'relu' }, mask)
      check(
        plain,
        { ...flag, ...size, bias: true },
        maskOf('b', size.k, size.n, () => false),
      )
      if (size.n < 200) {
        check(plain, { ...flag, ...size, batch: 3 }, mask)
        check(plain, { ...flag, ...size, batch: 2 }, maskOf('c', size.m, size.n, staircases['strict']!(size.m, size.n)))
      }
    }
  const long = { transposeA: true, transposeB: false, m: 70, n: 90, k: 600 }
  check(relaxed, long, maskOf('c', 70, 90, staircases['forward']!(70, 90)))
  check(relaxed, { ...long, transposeA: false }, maskOf('b', 600, 90, staircases['backward']!(600, 90)))
})

s.test('the ranges of a staircase of 256 units', () => {
  const rule = staircases['forward']!(256, 256)
  const { table, kernel } = planMatmul(plain, flags[0]!, { m: 512, n: 256, k: 256 }, maskOf('b', 256, 256, rule))
  ok(kernel.name.includes(' mask b '))
  equal(table!.length, 64)
  const summed = Array.from({ length: 32 }, (_, p) => table![2 * p + 1]! - table![2 * p]!).reduce((x, y) => x + y) / (32 * 256)
  ok(summed > 0.5 && summed < 0.6, `${summed} of the work is left`)
  const other = planMatmul(plain, flags[0]!, { m: 512, n: 256, k: 256 }, maskOf('b', 256, 256, staircases['backward']!(256, 256)))
  equal(other.kernel.name, kernel.name, 'masks share the kernel')
})

s.test('a mask that leaves nearly all, and a narrow product, have the kernel without a mask', () => {
  const cyclic = maskOf('b', 64, 64, (i, j) => i % 6 <= j % 6)
  const dense = planMatmul(plain, flags[0]!, { m: 512, n: 64, k: 64 })
  const plan = planMatmul(plain, flags[0]!, { m: 512, n: 64, k: 64 }, cyclic)
  equal([plan.kernel.name, plan.table], [dense.kernel.name, undefined])
  equal(
    planMatmul(
      plain,
      flags[0]!,
      { m: 512, n: 2, k: 64 },
      maskOf('b', 64, 2, () => false),
    ).table,
    undefined,
  )
  ok(planMatmul(plain, flags[2]!, { m: 64, n: 64, k: 512 }, { ...cyclic, over: 'c' }).table !== undefined, 'the result is masked')
})

s.test('masks of another size, or beside an epilogue over C, are errors', () => {
  const mask = maskOf('b', 4, 9, () => true)
  throws(
    () => planMatmul(plain, flags[0]!, { m: 3, n: 8, k: 4 }, mask),
    /^planMatmul: expected a mask over b of 4 x 8 = 32 values, got 4 x 9, 36 values/,
  )
  throws(
    () => planMatmul(plain, { ...flags[0]!, bias: true }, { m: 4, n: 9, k: 4 }, { ...mask, over: 'c' }),
    /^planMatmul: expected a mask over c without bias, activation and accumulate, got one of them/,
  )
})

s.run()
