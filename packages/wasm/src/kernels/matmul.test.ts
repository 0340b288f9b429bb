import { equal, near, ok, suite, throws } from '@diffeo/testing'
import { plain, relaxed } from '../math/arithmetic.ts'
import { features } from '../features.ts'
import { createRuntime } from '../runtime/runtime.ts'
import { matmulArguments, planMatmul } from './matmul.ts'
import type { MatmulSizes, MatmulStructure } from './matmul-structure.ts'

const s = suite('matmul')
const runtime = createRuntime()
features()

const state = { seed: 1 }
const random = (count: number): Float32Array =>
  Float32Array.from({ length: count }, () => {
    state.seed = (Math.imul(state.seed, 1664525) + 1013904223) >>> 0
    return (state.seed / 2 ** 32) * 2 - 1
  })

interface Case extends MatmulSizes, MatmulStructure {
  readonly batch?: number
}
const truth = (
  { m, n, k, transposeA, transposeB, bias, activation, accumulate, gate, batch = 1 }: Case,
  a: Float32Array,
  b: Float32Array,
  c: Float32Array,
  add: Float32Array,
  gates: Float32Array,
): Float64Array => {
  const out = new Float64Array(batch * m * n)
  for (let z = 0; z < batch; z++)
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        let sum = (bias ? add[j]! : 0) + (accumulate ? c[(z * m + i) * n + j]! : 0)
        for (let l = 0; l < k; l++)
          sum += a[z * m * k + (transposeA ? l * m + i : i * k + l)]! * b[z * k * n + (transposeB ? j * k + l : l * n + j)]!
        const at = (z * m + i) * n + j
        const isShut = gate && !(gates[at]! > 0)
        out[at] = isShut ? 0 : activation === 'tanh' ? Math.tanh(sum) : activation === 'relu' ? Math.max(sum, 0) : sum
      }
  return out
}

const guard = 7
const check = (arithmetic: typeof plain, x: Case): void => {
  const { m, n, k, batch = 1 } = x
  const [a, b, c, bias, gate] = [random(batch * m * k), random(batch * k * n), random(batch * m * n), random(n), random(batch * m * n)]
  const plan = planMatmul(arithmetic, x, x)
  const sums = new Float32Array(n).fill(NaN) // what was there is not added to
  const aligned = [a, b, c, bias, gate, sums].map(values => runtime.allocate(4 * (values.length + 2 * guard)))
  const pointers = aligned.map(address => address + 4 * guard)
  const fence = new Float32Array(c.length + 2 * guard).fill(-77)
  aligned.slice(0, 2).forEach((p, i) => runtime.write(p, new Float32Array([a, b][i]!.length + 2 * guard).fill(NaN)))
  runtime.write(aligned[2]!, fence)
  runtime.write(aligned[5]!, new Float32Array(n + 2 * guard).fill(-77))
  ;[a, b, c, bias, gate, sums].forEach((values, i) => runtime.write(pointers[i]!, values))
  const call = {
    a: pointers[0]!,
    b: pointers[1]!,
    c: pointers[2]!,
    bias: pointers[3]!,
    gate: pointers[4]!,
    sums: pointers[5]!,
    scratch: runtime.scratch(plan.scratch),
    m,
    n,
    k,
    batch,
  }
  runtime.call(plan.kernel, matmulArguments(x, call))
  const all = runtime.read(aligned[2]!, fence.length)
  const what = `${plan.kernel.name}: ${m} x ${n} x ${k}`
  const expected = truth(x, a, b, c, bias, gate)
  near(all.slice(guard, guard + c.length), expected, { atol: 2e-6 * Math.sqrt(k + 1) * 2, what })
  if (x.sums) {
    const columns = Array.from({ length: n }, (_, j) => Array.from({ length: m }, (_, i) => expected[i * n + j]!).reduce((p, q) => p + q))
    const summed = runtime.read(aligned[5]!, n + 2 * guard)
    near(summed.slice(guard, guard + n), columns, { atol: 4e-6 * Math.sqrt(m * (k + 1)), what: `${what}, sums` })
    ok(
      [...summed.slice(0, guard), ...summed.slice(guard + n)].every(v => v === -77),
      `${what} writes no other sums`,
    )
  }
  ok(
    [...all.slice(0, guard), ...all.slice(guard + c.length)].every(v => v === -77),
    `${what} writes nothing else`,
  )
  aligned.forEach(runtime.free)
}

const cases = [false, true].flatMap(transposeA => [false, true].map(transposeB => ({ transposeA, transposeB })))

for (const ar of [plain, relaxed])
  s.test(`all transpose cases and all sizes from 1 to 9, and around the blocks, ${ar.name}`, () => {
    for (const flags of cases) {
      for (const m of [1, 2, 3, 4, 5, 7, 9])
        for (const n of [1, 2, 3, 4, 5, 8, 11]) for (const k of [1, 2, 3, 4, 6]) check(ar, { ...flags, m, n, k })
      for (const [m, n, k] of [
        [64, 64, 64],
        [65, 130, 67],
        [130, 66, 258],
        [3, 700, 300],
        [131, 3, 259],
        [2, 2, 1000],
        [1, 37, 129],
        [37, 1, 129],
        [9, 515, 257],
        [129, 9, 513],
      ] as const)
        check(ar, { ...flags, m, n, k })
    }
  })

s.test('bias, activation, accumulation, batches', () => {
  for (const flags of cases)
    for (const [m, n, k] of [
      [5, 13, 9],
      [1, 40, 5],
      [70, 2, 33],
      [2, 70, 33],
      [66, 100, 300],
      [130, 520, 257],
    ] as const) {
      const sizes = { ...flags, m, n, k }
      check(plain, { ...sizes, bias: true })
      check(plain, { ...sizes, bias: true, activation: 'relu' })
      check(relaxed, { ...sizes, activation: 'tanh', bias: true })
      check(plain, { ...sizes, accumulate: true })
      if (m < 100) check(plain, { ...sizes, batch: 3 })
    }
})

s.test('results where another matrix is above 0, and the sums of their columns', () => {
  for (const flags of cases)
    for (const [m, n, k] of [
      [4, 4, 1],
      [5, 13, 9],
      [66, 100, 300],
      [130, 520, 257],
    ] as const) {
      const sizes = { ...flags, m, n, k, gate: true }
      check(plain, sizes)
      check(relaxed, { ...sizes, bias: true, activation: 'relu' })
      check(plain, { ...sizes, accumulate: true })
      check(relaxed, { ...sizes, sums: true })
      check(plain, { ...sizes, sums: true, accumulate: true })
      if (m < 100) check(plain, { ...sizes, batch: 3 })
    }
  throws(() => planMatmul(plain, { transposeA: false, transposeB: false, gate: true }, { m: 8, n: 3, k: 8 }), /4 rows and columns or more/)
  throws(() => planMatmul(plain, { transposeA: false, transposeB: false, sums: true }, { m: 8, n: 8, k: 8 }), /a gated product/)
})

s.test('rounding does not grow with the rows of a weight gradient', () => {
  const structure = { transposeA: true, transposeB: false }
  const { m, n, k } = { m: 20, n: 24, k: 8192 }
  for (const ar of features().relaxedSimd ? [plain, relaxed] : [plain]) {
    const [a, b] = [random(k * m), random(k * n)]
    const plan = planMatmul(ar, structure, { m, n, k })
    const [pa, pb, pc] = [runtime.upload(a), runtime.upload(b), runtime.allocate(4 * m * n)]
    runtime.call(plan.kernel, matmulArguments(structure, { a: pa, b: pb, c: pc, scratch: runtime.scratch(plan.scratch), m, n, k }))
    const expected = truth({ ...structure, m, n, k }, a, b, a, a, a)
    near(runtime.read(pc, m * n), expected, { atol: 8e-7 * Math.max(...expected.map(Math.abs)) })
    ;[pa, pb, pc].forEach(runtime.free)
  }
})

s.test('empty sizes: nothing, or the bias', () => {
  for (const flags of cases) {
    for (const [m, n, k] of [
      [0, 5, 3],
      [5, 0, 3],
      [0, 0, 0],
      [4, 9, 0],
      [2, 2, 0],
      [9, 1, 0],
    ] as const)
      check(plain, { ...flags, m, n, k, bias: true })
  }
})

s.test('NaN and Infinity stay in their rows and columns', () => {
  const [m, n, k] = [6, 10, 5]
  for (const flags of cases) {
    const [a, b] = [new Float32Array(m * k).fill(1), new Float32Array(k * n).fill(1)]
    a[flags.transposeA ? 2 * m + 3 : 3 * k + 2] = NaN
    b[flags.transposeB ? 9 * k + 1 : 1 * n + 9] = Infinity
    const plan = planMatmul(plain, flags, { m, n, k })
    const [pa, pb, pc] = [runtime.upload(a), runtime.upload(b), runtime.allocate(4 * m * n)]
    runtime.call(plan.kernel, matmulArguments(flags, { a: pa!, b: pb!, c: pc!, scratch: runtime.scratch(plan.scratch), m, n, k }))
    const expected = Array.from({ length: m * n }, (_, i) => (Math.floor(i / n) === 3 ? NaN : i % n === 9 ? Infinity : 5))
    near(runtime.read(pc!, m * n), expected, { atol: 0 })
    ;[pa, pb, pc].forEach(runtime.free)
  }
})

s.test('parts of larger matrices, and one matrix for a whole batch', () => {
  const structure = { transposeA: false, transposeB: false }
  const [a, b, c] = [random(10 * 20), random(20 * 30), new Float32Array(10 * 40).fill(-1)]
  const plan = planMatmul(plain, structure, { m: 4, n: 9, k: 7 })
  const [pa, pb, pc] = [runtime.upload(a), runtime.upload(b), runtime.upload(c)]
  runtime.call(
    plan.kernel,
    matmulArguments(structure, {
      a: pa,
      b: pb,
      c: pc,
      scratch: 0,
      m: 4,
      n: 9,
      k: 7,
      lda: 20,
      ldb: 30,
      ldc: 40,
      batch: 2,
      strideA: 100,
      strideB: 0,
      strideC: 200,
    }),
  )
  const out = runtime.read(pc, 400)
  for (let z = 0; z < 2; z++)
    for (let i = 0; i < 5; i++)
      for (let j = 0; j < 10; j++) {
        const inside = i < 4 && j < 9
        const exact = Array.from({ length: 7 }, (_, l) => a[z * 100 + i * 20 + l]! * b[l * 30 + j]!).reduce((p, q) => p + q, 0)
        near(out[z * 200 + i * 40 + j]!, inside ? exact : -1, { atol: 1e-5 })
      }
})

s.test('the same bits in repeated calls, and few kernels', () => {
  const structure = { transposeA: false, transposeB: false, bias: true, activation: 'tanh' } as const
  const [a, b, bias] = [random(70 * 70), random(70 * 70), random(70)].map(values => runtime.upload(values))
  const c = runtime.allocate(4 * 70 * 70)
  const plan = planMatmul(plain, structure, { m: 70, n: 70, k: 70 })
  const run = (): ArrayLike<number> => {
    runtime.call(
      plan.kernel,
      matmulArguments(structure, { a: a!, b: b!, c, bias: bias!, scratch: runtime.scratch(plan.scratch), m: 70, n: 70, k: 70 }),
    )
    return runtime.read(c, 70 * 70, 'int32')
  }
  equal(run(), run())
  equal(
    planMatmul(plain, structure, { m: 60, n: 64, k: 70 }).kernel.name,
    planMatmul(plain, structure, { m: 28, n: 32, k: 64 }).kernel.name,
  )
  equal(
    planMatmul(plain, cases[1]!, { m: 600, n: 64, k: 70 }).kernel.name,
    planMatmul(plain, cases[1]!, { m: 32, n: 704, k: 333 }).kernel.name,
  )
})

s.test('addresses are handed on as they are; those that are not given are 0', () => {
  const [a, b, c] = ['a', 'b', 'c'].map(name => ({ name }))
  const args = matmulArguments({ transposeA: true, transposeB: false }, { a: a!, b: b!, c: c!, table: 64, m: 2, n: 3, k: 5 })
  equal(args, [a!, b!, c!, 0, 0, 2, 3, 5, 8, 12, 12, 1, 40, 60, 24, 64, 0, 0])
})

s.test('a kernel keeps to its scratch memory', () => {
  for (const flags of cases)
    for (const [m, n, k] of [
      [9, 17, 33],
      [5, 3, 70],
      [2, 40, 21],
      [129, 71, 259],
      [130, 520, 257],
    ] as const) {
      const { kernel, scratch } = planMatmul(plain, flags, { m, n, k })
      const [a, b, c] = [runtime.upload(random(m * k)), runtime.upload(random(k * n)), runtime.allocate(4 * m * n)]
      const numbers = scratch / 4
      const block = runtime.upload(new Float32Array(numbers + 64).fill(-77))
      runtime.call(kernel, matmulArguments(flags, { a, b, c, scratch: block, m, n, k }))
      ok(
        runtime.read(block + scratch, 64).every(value => value === -77),
        `${kernel.name}: ${m} x ${n} x ${k}`,
      )
      ;[a, b, c, block].forEach(runtime.free)
    }
})

s.test('bad sizes and combinations are errors', () => {
  throws(() => planMatmul(plain, cases[0]!, { m: -1, n: 1, k: 1 }), /^planMatmul: expected sizes m, n, k of 0 or more, got -1, 1, 1/)
  throws(
    () => planMatmul(plain, { ...cases[0]!, accumulate: true, bias: true }, { m: 1, n: 1, k: 1 }),
    /^planMatmul: expected accumulate without/,
  )
})

s.run()
