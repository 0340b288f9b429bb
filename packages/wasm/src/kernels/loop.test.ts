import { equal, near, ok, suite, throws } from '@diffeo/testing'
import { ulps } from '../../bench/ulp.ts'
import { features } from '../features.ts'
import { plain, relaxed } from '../math/arithmetic.ts'
import { createRuntime } from '../runtime/runtime.ts'
import type { ElementType } from '../runtime/runtime.ts'
import { loopKernel } from './loop.ts'
import { loopArguments } from './loop-structure.ts'
import type { LoopStep, LoopStructure } from './loop-structure.ts'

const s = suite('fused loops')
features()
const runtime = createRuntime()
const guard = 5

interface Run {
  readonly structure: LoopStructure
  readonly sizes: ReadonlyArray<number>
  readonly inputs: ReadonlyArray<{ readonly values: ArrayLike<number>; readonly strides: ReadonlyArray<number>; readonly from?: number }>
  readonly outputs: ReadonlyArray<{ readonly type?: ElementType; readonly count: number; readonly strides: ReadonlyArray<number> }>
}
/** Runs a loop; all memory around the outputs is checked. */
const run = ({ structure, sizes, inputs, outputs }: Run, ar = plain): ReadonlyArray<Float32Array | Int32Array> => {
  const ins = inputs.map(({ values }, i) => runtime.upload(values, structure.inputs[i]!.type))
  const outs = outputs.map(({ count }) => runtime.upload(new Int32Array(count + 2 * guard).fill(-99), 'int32'))
  const call = {
    sizes,
    inputs: inputs.map(({ strides, from = 0 }, i) => ({ address: ins[i]! + 4 * from, strides })),
    outputs: outputs.map(({ strides }, o) => ({ address: outs[o]! + 4 * guard, strides })),
  }
  runtime.call(loopKernel(ar, structure), loopArguments(structure, call))
  const results = outputs.map(({ count, type = 'float32' }, o) => {
    const around = runtime.read(outs[o]!, count + 2 * guard, 'int32')
    ok(
      [...around.slice(0, guard), ...around.slice(-guard)].every(v => v === -99),
      `${JSON.stringify(structure)}: output ${o} keeps to its place`,
    )
    return runtime.read(outs[o]! + 4 * guard, count, type)
  })
  ;[...ins, ...outs].forEach(runtime.free)
  return results
}
const numbers = (count: number, seed = 1): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => 3 * Math.sin(seed * 12.9898 + i * 78.233))
const flat = (type: ElementType, steps: ReadonlyArray<LoopStep>, inputs = 2, value = inputs + steps.length - 1): LoopStructure => ({
  axes: 1,
  inputs: Array.from({ length: inputs }, () => ({ type, inner: 'contiguous' })),
  steps,
  outputs: [{ value }],
})

const special = Float32Array.of(0, -0, 1, -1, 0.5, 2.5, 3.5, -1e-40, 3e38, -3e38, Infinity, -Infinity, NaN)

s.test('sizes from 0 to 13, one vector and its rest', () => {
  for (const ar of [plain, relaxed])
    for (let n = 0; n <= 13; n++) {
      const [a, b] = [numbers(n), numbers(n, 2)]
      for (const steps of [
        [{ op: 'add', a: 0, b: 1 }],
        [
          { op: 'exp', x: 0 },
          { op: 'mul', a: 2, b: 1 },
        ],
      ] as const) {
        const [out] = run(
          {
            structure: flat('float32', steps),
            sizes: [n],
            inputs: [
              { values: a, strides: [1] },
              { values: b, strides: [1] },
            ],
            outputs: [{ count: n, strides: [] }],
          },
          ar,
        )
        near(
          out!,
          [...a].map((x, i) => (steps.length === 1 ? x + b[i]! : Math.exp(x) * b[i]!)),
          { atol: 1e-6, rtol: 1e-6 },
        )
      }
    }
})

s.test('special values through selections, comparisons and tests', () => {
  const pairs = [...special].flatMap(a => [...special].map(b => [a, b] as const))
  const [a, b] = [Float32Array.from(pairs, p => p[0]), Float32Array.from(pairs, p => p[1])]
  const expected: Readonly<Record<string, (x: number, y: number) => number>> = {
    eq: (x, y) => +(x === y),
    ne: (x, y) => +(x !== y),
    lt: (x, y) => +(x < y),
    le: (x, y) => +(x <= y),
    gt: (x, y) => +(x > y),
    ge: (x, y) => +(x >= y),
    max: Math.max,
    min: Math.min,
    add: (x, y) => x + y,
    div: (x, y) => x / y,
  }
  for (const [op, f] of Object.entries(expected)) {
    const isTest = (f(1, 1) === 1 && op.length === 2) || ['ne', 'lt', 'gt'].includes(op)
    const [out] = run({
      structure: flat('float32', [{ op: op as 'add', a: 0, b: 1 }]),
      sizes: [a.length],
      inputs: [
        { values: a, strides: [1] },
        { values: b, strides: [1] },
      ],
      outputs: [{ type: isTest ? 'int32' : 'float32', count: a.length, strides: [] }],
    })
    pairs.forEach(([x, y], i) => ok(out![i] === 0 || ulps(out![i]!, f(x, y)) <= 0.5, `${op}(${x}, ${y}) is ${out![i]}`))
  }
  for (const [op, f] of [
    ['isNan', Number.isNaN],
    ['isFinite', Number.isFinite],
  ] as const) {
    const [out] = run({
      structure: flat('float32', [{ op, x: 0 }], 1),
      sizes: [special.length],
      inputs: [{ values: special, strides: [1] }],
      outputs: [{ type: 'int32', count: special.length, strides: [] }],
    })
    equal(
      [...out!],
      [...special].map(x => +f(x)),
    )
  }
  const [picked] = run({
    structure: flat('float32', [
      { op: 'lt', a: 0, b: 1 },
      { op: 'select', condition: 2, yes: 0, no: 1 },
    ]),
    sizes: [a.length],
    inputs: [
      { values: a, strides: [1] },
      { values: b, strides: [1] },
    ],
    outputs: [{ count: a.length, strides: [] }],
  })
  equal(
    [...picked!],
    pairs.map(([x, y]) => (x < y ? x : y)),
  )
})

s.test('int32 and bool', () => {
  const ints = [0, 1, -1, 7, -7, 2 ** 31 - 1, -(2 ** 31), 46341, 1_000_000_007]
  const pairs = ints.flatMap(a => ints.map(b => [a, b] as const))
  const [a, b] = [Int32Array.from(pairs, p => p[0]), Int32Array.from(pairs, p => p[1])]
  const floorDiv = (x: number, y: number): number => (y === 0 ? 0 : Math.floor(x / y) | 0)
  const expected: Readonly<Record<string, (x: number, y: number) => number>> = {
    add: (x, y) => (x + y) | 0,
    sub: (x, y) => (x - y) | 0,
    mul: Math.imul,
    max: Math.max,
    min: Math.min,
    floorDiv,
    lt: (x, y) => +(x < y),
    ge: (x, y) => +(x >= y),
    eq: (x, y) => +(x === y),
    and: (x, y) => x & y,
    or: (x, y) => x | y,
    mod: (x, y) => (y === 0 ? 0 : (x - Math.imul(floorDiv(x, y), y)) | 0),
  }
  for (const [op, f] of Object.entries(expected)) {
    const [out] = run({
      structure: flat('int32', [{ op: op as 'add', a: 0, b: 1 }]),
      sizes: [a.length],
      inputs: [
        { values: a, strides: [1] },
        { values: b, strides: [1] },
      ],
      outputs: [{ type: 'int32', count: a.length, strides: [] }],
    })
    pairs.forEach(([x, y], i) => equal(out![i], f(x, y), `${op}(${x}, ${y})`))
  }
  const casts = Float32Array.of(0, -0.9, 0.9, 2.5, -2.5, 3e9, -3e9, NaN, 16777217, 1e-30)
  const steps = [
    { op: 'cast', x: 0, to: 'int32' },
    { op: 'cast', x: 0, to: 'bool' },
    { op: 'not', x: 2 },
    { op: 'cast', x: 3, to: 'float32' },
  ] as const
  const structure: LoopStructure = { ...flat('float32', steps, 1), outputs: [{ value: 1 }, { value: 2 }, { value: 4 }] }
  const [asInt, asBool, isZero] = run({
    structure,
    sizes: [casts.length],
    inputs: [{ values: casts, strides: [1] }],
    outputs: [
      { type: 'int32', count: casts.length, strides: [] },
      { type: 'int32', count: casts.length, strides: [] },
      { count: casts.length, strides: [] },
    ],
  })
  equal([...asInt!], [0, 0, 0, 2, -2, 2 ** 31 - 1, -(2 ** 31), 0, 16777216, 0])
  equal(
    [...asBool!],
    [...casts].map(x => +(x !== 0)),
  )
  equal(
    [...isZero!],
    [...casts].map(x => +(x === 0)),
  )
})

s.test('broadcast, strided, cyclic and reversed reads over three axes', () => {
  for (const [p, q, r] of [
    [2, 3, 5],
    [1, 4, 8],
    [3, 1, 1],
    [2, 2, 3],
    [0, 2, 3],
    [2, 3, 0],
  ] as const) {
    const [a, row, column, turned, all] = [numbers(p * q * r), numbers(r, 3), numbers(p, 4), numbers(p * q * r, 5), numbers(1, 6)]
    const structure: LoopStructure = {
      axes: 3,
      inputs: [
        { type: 'float32', inner: 'contiguous' },
        { type: 'float32', inner: 'contiguous' },
        { type: 'float32', inner: 'broadcast' },
        { type: 'float32', inner: 'strided' },
        { type: 'float32', inner: 'broadcast' },
      ],
      steps: [
        { op: 'mul', a: 0, b: 1 },
        { op: 'add', a: 5, b: 2 },
        { op: 'sub', a: 6, b: 3 },
        { op: 'mul', a: 7, b: 4 },
      ],
      outputs: [{ value: 8 }],
    }
    const inputs = [
      { values: a, strides: [q * r, r, 1] },
      { values: row, strides: [0, 0, 1] },
      { values: column, strides: [1, 0, 0] },
      { values: turned, strides: [-1, p, -p * q], from: p - 1 + (r - 1) * p * q }, // [r, q, p] transposed and reversed along two axes
      { values: all, strides: [0, 0, 0] },
    ]
    if (p * q * r === 0) inputs[3] = { ...inputs[3]!, from: 0 }
    const [out] = run({ structure, sizes: [p, q, r], inputs, outputs: [{ count: p * q * r, strides: [q * r, r] }] })
    near(
      out!,
      Array.from({ length: p * q * r }, (_, i) => {
        const [x, y, z] = [Math.floor(i / (q * r)), Math.floor(i / r) % q, i % r]
        return (a[i]! * row[z]! + column[x]! - turned[(r - 1 - z) * p * q + y * p + (p - 1 - x)]!) * all[0]!
      }),
      { atol: 1e-5 },
    )
  }
  for (const period of [4, 5, 6, 7, 43]) {
    const cycle = numbers(period)
    const structure: LoopStructure = {
      ...flat('float32', [{ op: 'add', a: 0, b: 1 }]),
      inputs: [
        { type: 'float32', inner: 'contiguous' },
        { type: 'float32', inner: 'cyclic' },
      ],
    }
    const a = numbers(3 * period + 1, 2)
    const [out] = run({
      structure,
      sizes: [a.length],
      inputs: [
        { values: a, strides: [1] },
        { values: [...cycle, ...cycle.slice(0, 3)], strides: [period] },
      ],
      outputs: [{ count: a.length, strides: [] }],
    })
    near(
      out!,
      [...a].map((x, i) => x + cycle[i % period]!),
      { atol: 1e-6 },
    )
  }
})

s.test('one loop pads, slices, reverses, tiles and turns; an index makes one-hot rows', () => {
  const copy: LoopStructure = { axes: 2, inputs: [{ type: 'int32', inner: 'strided' }], steps: [], outputs: [{ value: 0 }] }
  const x = Int32Array.from({ length: 12 }, (_, i) => i)
  const copied = (
    sizes: readonly [number, number],
    strides: readonly [number, number],
    from: number,
    count: number,
  ): ReadonlyArray<number> => [
    ...run({
      structure: copy,
      sizes,
      inputs: [{ values: x, strides, from }],
      outputs: [{ type: 'int32', count, strides: [sizes[1]] }],
    })[0]!,
  ]
  equal(copied([4, 3], [1, 4], 0, 12), [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11])
  equal(copied([3, 2], [4, 2], 1, 6), [1, 3, 5, 7, 9, 11])
  equal(copied([2, 3], [0, -1], 11, 6), [11, 10, 9, 11, 10, 9])
  const padded = run({
    structure: { ...copy, inputs: [{ type: 'int32', inner: 'contiguous' }] },
    sizes: [3, 2],
    inputs: [{ values: x, strides: [2, 1] }],
    outputs: [{ type: 'int32', count: 12, strides: [5] }],
  })[0]!
  equal([...padded], [0, 1, -99, -99, -99, 2, 3, -99, -99, -99, 4, 5])
  const oneHot: LoopStructure = {
    axes: 2,
    inputs: [{ type: 'int32', inner: 'broadcast' }],
    steps: [
      { op: 'iota', axis: 1 },
      { op: 'eq', a: 0, b: 1 },
      { op: 'iota', axis: 0 },
      { op: 'cast', x: 3, to: 'float32' },
      { op: 'constant', type: 'float32', value: -1 },
      { op: 'select', condition: 2, yes: 4, no: 5 },
    ],
    outputs: [{ value: 6 }],
  }
  const [rows] = run({
    structure: oneHot,
    sizes: [3, 5],
    inputs: [{ values: [4, 0, 9], strides: [1, 0] }],
    outputs: [{ count: 15, strides: [5] }],
  })
  equal([...rows!], [-1, -1, -1, -1, 0, 1, -1, -1, -1, -1, -1, -1, -1, -1, -1])
})

s.test('in place, and several outputs', () => {
  const structure: LoopStructure = {
    ...flat('float32', [
      { op: 'tanh', x: 0 },
      { op: 'add', a: 2, b: 1 },
    ]),
    outputs: [{ value: 3 }, { value: 2 }],
  }
  const [a, b] = [numbers(11), numbers(11, 2)]
  const [pa, pb, pc] = [runtime.upload(a), runtime.upload(b), runtime.allocate(44)]
  runtime.call(
    loopKernel(plain, structure),
    loopArguments(structure, {
      sizes: [11],
      inputs: [
        { address: pa, strides: [1] },
        { address: pb, strides: [1] },
      ],
      outputs: [
        { address: pa, strides: [] },
        { address: pc, strides: [] },
      ],
    }),
  )
  near(
    runtime.read(pa, 11),
    [...a].map((x, i) => Math.tanh(x) + b[i]!),
    { atol: 1e-6 },
  )
  near(runtime.read(pc, 11), [...a].map(Math.tanh), { atol: 1e-6 })
  ;[pa, pb, pc].forEach(runtime.free)
})

const folds: Readonly<Record<'sum' | 'prod' | 'max' | 'min', (a: number, b: number) => number>> = {
  sum: (a, b) => a + b,
  prod: (a, b) => a * b,
  max: Math.max,
  min: Math.min,
}
const starts = { sum: 0, prod: 1, max: -Infinity, min: Infinity } as const

s.test('folds of rows, of columns, and of everything, of a computed value', () => {
  for (const [m, n] of [
    [1, 1],
    [3, 5],
    [5, 3],
    [4, 16],
    [7, 33],
    [0, 4],
    [4, 0],
    [1, 130],
    [130, 1],
  ] as const) {
    const x = numbers(m * n)
    for (const kind of ['sum', 'prod', 'max', 'min'] as const)
      for (const dear of [false, true]) {
        const steps: ReadonlyArray<LoopStep> = dear ? [{ op: 'sin', x: 0 }] : [{ op: 'square', x: 0 }]
        const f = (v: number): number => (dear ? Math.sin(v) : v * v)
        const structure = (folded: 'inner' | 'outer'): LoopStructure => ({
          axes: 2,
          inputs: [{ type: 'float32', inner: 'contiguous' }],
          steps,
          outputs: [{ value: 1, fold: kind }, { value: 1 }],
          folded,
        })
        const expected = (count: number, index: (i: number, j: number) => number): ReadonlyArray<number> => {
          const out = new Array<number>(count).fill(starts[kind])
          for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) out[index(i, j)] = folds[kind](out[index(i, j)]!, f(x[i * n + j]!))
          return out.map(Math.fround)
        }
        const each = Array.from(x, v => Math.fround(f(v)))
        const [rows, squares] = run({
          structure: structure('inner'),
          sizes: [m, n],
          inputs: [{ values: x, strides: [n, 1] }],
          outputs: [
            { count: m, strides: [1] },
            { count: m * n, strides: [n] },
          ],
        })
        near(squares!, each, { rtol: 1e-6, atol: 1e-6 })
        near(
          rows!,
          expected(m, i => i),
          { atol: 1e-6, rtol: 2e-5, what: `rows ${kind} ${m} ${n}` },
        )
        const [columns, more] = run({
          structure: structure('outer'),
          sizes: [m, n],
          inputs: [{ values: x, strides: [n, 1] }],
          outputs: [
            { count: n, strides: [0] },
            { count: m * n, strides: [n] },
          ],
        })
        near(more!, each, { rtol: 1e-6, atol: 1e-6 })
        near(
          columns!,
          expected(n, (_, j) => j),
          { atol: 1e-6, rtol: 2e-5, what: `columns ${kind} ${m} ${n}` },
        )
      }
  }
})

s.test('plain folds of columns, few and many side by side', () => {
  for (const [m, n] of [
    [5, 15],
    [5, 16],
    [3, 17],
    [7, 33],
    [2, 70],
    [0, 20],
  ] as const)
    for (const kind of ['sum', 'prod', 'max', 'min'] as const) {
      const x = numbers(m * n)
      const [columns] = run({
        structure: {
          axes: 2,
          inputs: [{ type: 'float32', inner: 'contiguous' }],
          steps: [],
          outputs: [{ value: 0, fold: kind }],
          folded: 'outer',
        },
        sizes: [m, n],
        inputs: [{ values: x, strides: [n, 1] }],
        outputs: [{ count: n, strides: [0] }],
      })
      const column = (j: number): ReadonlyArray<number> => Array.from({ length: m }, (_, i) => x[i * n + j]!)
      const expected = Array.from({ length: n }, (_, j) => Math.fround(column(j).reduce((a, b) => folds[kind](a, b), starts[kind])))
      near(columns!, expected, { atol: 1e-6, rtol: 1e-6, what: `${kind} ${m} ${n}` })
    }
})

s.test('a million numbers sum to within 1e-7, whatever they are', () => {
  const n = 1_000_003
  const sum: LoopStructure = {
    axes: 1,
    inputs: [{ type: 'float32', inner: 'contiguous' }],
    steps: [],
    outputs: [{ value: 0, fold: 'sum' }],
    folded: 'inner',
  }
  for (const x of [
    new Float32Array(n).fill(0.1),
    numbers(n).map(Math.abs),
    Float32Array.from({ length: n }, (_, i) => (i % 2 ? 1e8 : -1e8) + 1),
  ]) {
    const [out] = run({ structure: sum, sizes: [n], inputs: [{ values: x, strides: [1] }], outputs: [{ count: 1, strides: [] }] })
    near(out!, [x.reduce((a, b) => a + b, 0)], { rtol: 1e-7 })
  }
})

s.test('NaN reaches max, min and sum from every lane; integers and bools fold too', () => {
  for (let at = 0; at < 9; at++) {
    const x = numbers(9)
    x[at] = NaN
    for (const fold of ['max', 'min', 'sum', 'prod'] as const) {
      const structure: LoopStructure = {
        axes: 1,
        inputs: [{ type: 'float32', inner: 'contiguous' }],
        steps: [],
        outputs: [{ value: 0, fold }],
        folded: 'inner',
      }
      equal([...run({ structure, sizes: [9], inputs: [{ values: x, strides: [1] }], outputs: [{ count: 1, strides: [] }] })[0]!], [NaN])
    }
  }
  const ints = Int32Array.of(5, -3, 2 ** 31 - 1, 7, 11, 0, -(2 ** 31))
  for (const [fold, expected] of [
    ['sum', 5 - 3 - 1 + 7 + 11],
    ['max', 2 ** 31 - 1],
    ['min', -(2 ** 31)],
    ['prod', 0],
  ] as const) {
    const structure: LoopStructure = {
      axes: 1,
      inputs: [{ type: 'int32', inner: 'contiguous' }],
      steps: [],
      outputs: [{ value: 0, fold }],
      folded: 'inner',
    }
    equal(
      [
        ...run({
          structure,
          sizes: [7],
          inputs: [{ values: ints, strides: [1] }],
          outputs: [{ type: 'int32', count: 1, strides: [] }],
        })[0]!,
      ],
      [expected],
      fold,
    )
  }
  for (const values of [[1, 1, 1, 1, 1], [0, 0, 0, 0, 0], [0, 0, 0, 0, 1], [], [1, 1, 0, 1]]) {
    const structure: LoopStructure = {
      axes: 1,
      inputs: [{ type: 'bool', inner: 'contiguous' }],
      steps: [],
      outputs: [
        { value: 0, fold: 'any' },
        { value: 0, fold: 'all' },
      ],
      folded: 'inner',
    }
    const [any, all] = run({
      structure,
      sizes: [values.length],
      inputs: [{ values, strides: [1] }],
      outputs: [
        { type: 'int32', count: 1, strides: [] },
        { type: 'int32', count: 1, strides: [] },
      ],
    })
    equal([any![0], all![0]], [+values.some(v => v === 1), +values.every(v => v === 1)])
  }
})

s.test('structures with special constants are different kernels', () => {
  const values = [NaN, Infinity, -Infinity, 0, -0, 0.1]
  const structures = values.map(value => flat('float32', [{ op: 'constant', type: 'float32', value }], 0))
  equal(new Set(structures.map(structure => loopKernel(plain, structure).name)).size, values.length)
  structures.forEach((structure, i) =>
    equal(
      [...run({ structure, sizes: [5], inputs: [], outputs: [{ count: 5, strides: [] }] })[0]!],
      new Array(5).fill(Math.fround(values[i]!)),
    ),
  )
})

s.test('structures that make no sense are errors', () => {
  throws(() => loopKernel(plain, flat('float32', [{ op: 'add', a: 0, b: 2 }])), /^loop: expected a value before step 0, got value 2/)
  throws(() => loopKernel(plain, flat('int32', [{ op: 'exp', x: 0 }], 1)), /^unary exp: expected float32 values, got int32/)
  throws(
    () => loopKernel(plain, { ...flat('float32', []), outputs: [{ value: 0, fold: 'sum' }] }),
    /^loop: expected a fold on an output of a loop with a folded axis/,
  )
  throws(
    () => loopKernel(plain, { ...flat('float32', []), outputs: [{ value: 0, fold: 'any' }], folded: 'inner' }),
    /reduce any: expected values of another type, got float32/,
  )
  throws(() => loopKernel(plain, { ...flat('float32', []), axes: 0 }), /^loop: expected 1 axes or more, got 0/)
})

s.run()
