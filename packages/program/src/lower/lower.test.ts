import { equal, near, ok, suite, throws, useTestBackend } from '@diffeo/testing'
import { leaves } from '@diffeo/core'
import { engine, getKernelsForBackend, tensor } from '@tensorflow/tfjs-core'
import type { NamedTensorMap, Tensor } from '@tensorflow/tfjs-core'
import { evaluate } from '../evaluate/evaluate.ts'
import type { DType } from '../program.ts'
import { sizeOf } from '../shape.ts'
import { tracedKernels } from '../trace/backend.ts'
import { trace } from '../trace/trace.ts'
import { lowerings } from './lower.ts'
import { unsupported } from './unsupported.ts'

/** Values of an input: a shape, filled with awkward numbers, or a shape with its numbers. */
interface Given {
  readonly shape: ReadonlyArray<number>
  readonly dtype: DType
  readonly values: ReadonlyArray<number>
}
interface Case {
  readonly inputs: Readonly<Record<string, Given>> | ReadonlyArray<Given>
  readonly attrs?: Readonly<Record<string, unknown>>
}

const awkward = [0.3, -1.7, 2.5, -0.5, 0, 1, 3.25, -2, 0.9, -0.1, 1.5, 7.75, -3.5]
const f = (...shape: ReadonlyArray<number>): Given => ({
  shape,
  dtype: 'float32',
  values: Array.from({ length: sizeOf(shape) }, (_, i) => awkward[(5 * i + shape.length) % awkward.length]!),
})
const pos = (...shape: ReadonlyArray<number>): Given => ({ ...f(...shape), values: f(...shape).values.map(x => Math.abs(x) + 0.25) })
const int = (...shape: ReadonlyArray<number>): Given => ({
  shape,
  dtype: 'int32',
  values: f(...shape).values.map(x => Math.round(3 * x) || 2),
})
const bool = (...shape: ReadonlyArray<number>): Given => ({ shape, dtype: 'bool', values: f(...shape).values.map(x => +(x > 0.2)) })
const at = (shape: ReadonlyArray<number>, dtype: DType, ...values: ReadonlyArray<number>): Given => ({ shape, dtype, values })

const x = (given: Given, attrs: Readonly<Record<string, unknown>> = {}): Case => ({ inputs: { x: given }, attrs })
const ab = (a: Given, b: Given, attrs: Readonly<Record<string, unknown>> = {}): Case => ({ inputs: { a, b }, attrs })

const special = at([9], 'float32', NaN, Infinity, -Infinity, 0, -0, 1e-8, -1e-8, 1, 20)
const unary = [x(f(13)), x(f(2, 3)), x(f()), x(special)]
const integers = [...unary, x(int(5))]
const pairs = [ab(f(2, 3), f(2, 3)), ab(f(2, 3), f(3)), ab(f(2, 1), f(1, 3)), ab(f(), f(4)), ab(f(3, 1, 2), f(4, 1)), ab(special, pos(1))]
const numbers = [...pairs, ab(int(2, 3), int(3))]
const bools = [ab(bool(7), bool(7)), ab(bool(2, 3), bool(1, 3))]
const axes = [{ axis: [0] }, { axis: [1], keepDims: true }, { axis: [0, 2] }, { axis: -1 }, { axis: null }]
const reduce = (given: Given): ReadonlyArray<Case> => axes.map(attrs => x(given, { keepDims: false, ...attrs }))
const cumulative = [false, true].flatMap(exclusive =>
  [false, true].flatMap(reverse => [0, 1, 2].map(axis => x(f(2, 3, 4), { axis, exclusive, reverse }))),
)
const matmul = (a: Given, b: Given, transposeA: boolean, transposeB: boolean): Case => ab(a, b, { transposeA, transposeB })
const strided = (begin: number[], end: number[], strides: number[], masks: Readonly<Record<string, number>> = {}): Case =>
  x(f(4, 5), { begin, end, strides, beginMask: 0, endMask: 0, ellipsisMask: 0, newAxisMask: 0, shrinkAxisMask: 0, ...masks })
const indices = (...values: ReadonlyArray<number>): Given => at([values.length], 'int32', ...values)

const cases: Readonly<Record<string, ReadonlyArray<Case>>> = {
  ...Object.fromEntries(
    [
      ...['Acos', 'Acosh', 'Asin', 'Asinh', 'Atan', 'Atanh', 'Cos', 'Cosh', 'Erf', 'Exp', 'Expm1', 'Log', 'Log1p', 'Reciprocal', 'Rsqrt'],
      ...['Sigmoid', 'Sin', 'Sinh', 'Softplus', 'Sqrt', 'Tan', 'Tanh', 'Ceil', 'Floor', 'Round', 'IsNan', 'IsFinite', 'IsInf', 'Elu'],
      ...['Selu', 'Relu', 'Relu6', 'OnesLike', 'ZerosLike', 'Identity'],
    ].map(name => [name, unary]),
  ),
  ...Object.fromEntries(['Abs', 'Neg', 'Sign', 'Square'].map(name => [name, integers])),
  ...Object.fromEntries(['Equal', 'NotEqual', 'Less', 'LessEqual', 'Greater', 'GreaterEqual'].map(name => [name, numbers])),
  ...Object.fromEntries(
    ['Add', 'Sub', 'Multiply', 'Maximum', 'Minimum', 'Mod', 'FloorDiv', 'SquaredDifference'].map(name => [name, numbers]),
  ),
  ...Object.fromEntries(['RealDiv', 'Atan2', 'Pow'].map(name => [name, pairs])),
  ...Object.fromEntries(['LogicalAnd', 'LogicalOr', 'LogicalXor'].map(name => [name, bools])),
  LogicalNot: [x(bool(7))],
  Select: [{ inputs: { condition: bool(2, 3), t: f(2, 3), e: pos(2, 3) } }, { inputs: { condition: bool(3), t: int(3), e: int(3) } }],
  Cast: [x(f(5), { dtype: 'int32' }), x(special, { dtype: 'bool' }), x(int(5), { dtype: 'float32' }), x(bool(5), { dtype: 'float32' })],
  AddN: [{ inputs: [f(2, 3), f(2, 3), pos(2, 3)] }],
  ClipByValue: [x(f(13), { clipValueMin: -1, clipValueMax: 2 }), x(special, { clipValueMin: -1, clipValueMax: 2 })],
  LeakyRelu: [x(f(13), { alpha: 0.2 })],
  Prelu: [{ inputs: { x: f(2, 3), alpha: pos(3) } }],
  Step: [x(f(13), { alpha: 0.3 }), x(special, { alpha: 0 })],
  EluGrad: [{ inputs: { dy: f(7), y: at([7], 'float32', -0.5, 0, 2, -0.9, 1, -0.1, 3) } }],
  Softmax: [
    { inputs: { logits: f(3, 4) }, attrs: { dim: 1 } },
    { inputs: { logits: f(2, 3, 4) }, attrs: { dim: 2 } },
  ],
  FusedBatchNorm: [
    { inputs: { x: f(2, 3), scale: pos(3), offset: f(3), mean: f(3), variance: pos(3) }, attrs: { varianceEpsilon: 1e-3 } },
    { inputs: { x: f(2, 3), mean: f(3), variance: pos(3) }, attrs: { varianceEpsilon: 1e-3 } },
  ],
  ...Object.fromEntries(['Sum', 'Prod'].map(name => [name, [...reduce(f(2, 3, 4)), ...reduce(int(2, 2, 2))]])),
  Mean: reduce(f(2, 3, 4)),
  Min: reduce(f(2, 3, 4)),
  Max: reduce(f(2, 3, 4)).map(({ inputs, attrs }) => ({ inputs, attrs: { ...attrs, reductionIndices: attrs!['axis'] } })),
  ...Object.fromEntries(['Any', 'All'].map(name => [name, reduce(bool(2, 3, 4))])),
  ...Object.fromEntries(['ArgMax', 'ArgMin'].map(name => [name, [0, 1, 2].map(axis => x(f(2, 3, 4), { axis }))])),
  ...Object.fromEntries(['Cumsum', 'Cumprod'].map(name => [name, cumulative.map(c => ({ ...c, attrs: { ...c.attrs, axis: 2 } }))])),
  SearchSorted: ['left', 'right'].map(side => ({
    inputs: { sortedSequence: at([2, 4], 'float32', 0, 1, 1, 2, -1, 0, 3, 4), values: at([2, 3], 'float32', 1, 5, -1, 0, 3.5, 4) },
    attrs: { side },
  })),
  BatchMatMul: [
    matmul(f(2, 3), f(3, 4), false, false),
    matmul(f(3, 2), f(3, 4), true, false),
    matmul(f(2, 3), f(4, 3), false, true),
    matmul(f(3, 2), f(4, 3), true, true),
    matmul(f(5, 2, 3), f(5, 3, 4), false, false),
    matmul(f(5, 2, 3), f(1, 3, 4), false, false),
    matmul(f(1, 2, 3), f(5, 3, 4), false, false),
    matmul(f(5, 3, 2), f(1, 3, 4), true, false),
    matmul(f(2, 2, 2, 3), f(2, 2, 4, 3), false, true),
  ],
  _FusedMatMul: ['linear', 'relu', 'relu6', 'elu', 'sigmoid'].map(activation => ({
    inputs: { a: f(2, 3), b: f(3, 4), bias: f(4) },
    attrs: { transposeA: false, transposeB: false, activation },
  })),
  Reshape: [x(f(2, 6), { shape: [3, 4] }), x(f(2, 6), { shape: [-1, 2] }), x(f(1), { shape: [] })],
  ExpandDims: [0, 1, -1].map(dim => ({ inputs: { input: f(2, 3) }, attrs: { dim } })),
  Transpose: [x(f(2, 3), { perm: [1, 0] }), x(f(2, 3, 4), { perm: [2, 0, 1] })],
  Reverse: [x(f(2, 3), { dims: [1] }), x(f(2, 3), { dims: [-2] }), x(f(2, 3, 4), { dims: [0, 2] })],
  FlipLeftRight: [{ inputs: { image: f(1, 2, 3, 1) } }],
  Slice: [
    x(f(4, 5), { begin: [1, 2], size: [2, 3] }),
    x(f(4, 5), { begin: [0, 3], size: [-1, -1] }),
    x(f(4, 5), { begin: [2, 0], size: [0, 5] }),
  ],
  StridedSlice: [
    strided([0, 1], [4, 5], [2, 2]),
    strided([3, 4], [0, 0], [-1, -2]),
    strided([1, 0], [2, 5], [1, 1], { shrinkAxisMask: 1 }),
    strided([0, 0], [4, 5], [1, -1], { beginMask: 2, endMask: 2 }),
  ],
  PadV2: [
    x(f(2, 3), {
      paddings: [
        [1, 0],
        [2, 3],
      ],
      constantValue: -1.5,
    }),
    x(f(2), { paddings: [[0, 0]], constantValue: 0 }),
  ],
  MirrorPad: ['reflect', 'symmetric'].map(mode =>
    x(f(3, 4), {
      paddings: [
        [2, 1],
        [1, 2],
      ],
      mode,
    }),
  ),
  Tile: [x(f(2, 3), { reps: [2, 3] }), x(f(1, 3), { reps: [4, 1] }), x(f(2), { reps: [1] }), x(int(1, 2), { reps: [3, 2] })],
  Concat: [
    { inputs: [f(2, 3), f(2, 1)], attrs: { axis: 1 } },
    { inputs: [f(2, 3), f(0, 3), f(1, 3)], attrs: { axis: 0 } },
  ],
  SplitV: [x(f(2, 6), { numOrSizeSplits: 3, axis: 1 }), x(f(6, 2), { numOrSizeSplits: [1, 2, -1], axis: 0 })],
  Pack: [0, 1, 2].map(axis => ({ inputs: [f(2, 3), pos(2, 3)], attrs: { axis } })),
  Unpack: [0, 1].map(axis => ({ inputs: { value: f(2, 3) }, attrs: { axis } })),
  DepthToSpace: [x(f(1, 2, 3, 8), { blockSize: 2, dataFormat: 'NHWC' })],
  GatherV2: [
    { inputs: { x: f(4, 3), indices: indices(3, 0, 0) }, attrs: { axis: 0, batchDims: 0 } },
    { inputs: { x: f(4, 3), indices: indices(2, 1) }, attrs: { axis: 1, batchDims: 0 } },
    { inputs: { x: f(2, 3, 2), indices: at([2, 2], 'int32', 2, 0, 1, 1) }, attrs: { axis: 1, batchDims: 1 } },
    { inputs: { x: f(3, 2), indices: at([2, 2], 'int32', 2, 0, 1, 1) }, attrs: { axis: 0, batchDims: 0 } },
  ],
  GatherNd: [
    { inputs: { params: f(3, 4), indices: at([2, 2], 'int32', 2, 3, 0, 1) } },
    { inputs: { params: f(3, 4), indices: at([2, 1], 'int32', 2, 0) } },
  ],
  ScatterNd: [
    { inputs: { indices: at([3, 1], 'int32', 1, 3, 1), updates: f(3) }, attrs: { shape: [5] } },
    { inputs: { indices: at([2, 1], 'int32', 2, 0), updates: f(2, 3) }, attrs: { shape: [4, 3] } },
  ],
  UnsortedSegmentSum: [{ inputs: { x: f(4, 2), segmentIds: indices(1, 0, 1, 2) }, attrs: { numSegments: 3 } }],
  OneHot: [
    { inputs: { indices: indices(1, 0, 4, -1) }, attrs: { depth: 3, onValue: 1, offValue: 0, dtype: 'float32' } },
    { inputs: { indices: indices(1, 0, 2) }, attrs: { depth: 3, onValue: 5, offValue: -1, dtype: 'float32' } },
  ],
  Fill: [{ inputs: {}, attrs: { shape: [2, 2], value: 3.5, dtype: 'float32' } }],
  Range: [
    { inputs: {}, attrs: { start: 1, stop: 7, step: 2, dtype: 'int32' } },
    { inputs: {}, attrs: { start: 3, stop: 0, step: -0.5, dtype: 'float32' } },
  ],
  LinSpace: [{ inputs: {}, attrs: { start: -1, stop: 2, num: 7 } }],
  Diag: [x(f(3))],
}

const made = ({ shape, dtype, values }: Given): Tensor => tensor([...values], [...shape], dtype)

const outputs = (result: Tensor | ReadonlyArray<Tensor>): ReadonlyArray<Tensor> => (Array.isArray(result) ? result : [result as Tensor])

/** tfjs' cpu backend has no kernel of this name, or none that is right. */
const eagerly: Readonly<Record<string, (inputs: NamedTensorMap) => Tensor>> = {
  LogicalXor: ({ a, b }) => engine().runKernel('NotEqual', { a: a!, b: b! }),
  FusedBatchNorm: ({ x: of, mean, variance, offset, scale }) => {
    const run = (name: string, a: Tensor, b: Tensor): Tensor => engine().runKernel(name, { a, b })
    const spread = engine().runKernel('Sqrt', { x: run('Add', variance!, tensor(1e-3)) }) as Tensor
    const normal = run('RealDiv', run('Sub', of!, mean!), spread)
    return offset ? run('Add', run('Multiply', normal, scale!), offset) : normal
  },
}

const s = suite('lower')
s.before(() => useTestBackend('cpu'))

for (const [kernel, list] of Object.entries(cases))
  s.test(kernel, () => {
    list.forEach(({ inputs, attrs = {} }, i) => {
      const tensors = Array.isArray(inputs) ? inputs.map(made) : Object.fromEntries(Object.entries(inputs).map(([k, g]) => [k, made(g)]))
      const run = (of: unknown): Tensor[] => [...outputs(engine().runKernel(kernel, of as NamedTensorMap, attrs as never))]
      const eager = eagerly[kernel] ? [eagerly[kernel](tensors as NamedTensorMap)] : run(tensors)
      const { program, outputs: typed } = trace((of: unknown) => run(of) as unknown as Tensor[], tensors)
      const given = Object.values(inputs as Readonly<Record<string, Given>>).map(({ values }) => values)
      const results = leaves(evaluate(program, given))
      equal(results.length, eager.length)
      eager.forEach((tensorOf, j) => {
        const { shape, dtype } = typed[j]!
        equal(shape, tensorOf.shape, `${kernel} case ${i}: shape`)
        equal(dtype, tensorOf.dtype, `${kernel} case ${i}: dtype`)
        near(results[j]!, tensorOf.dataSync(), { atol: 1e-6, rtol: 3e-6, what: `${kernel} case ${i}` })
      })
    })
  })

s.test('every kernel with a lowering is in the table', () => {
  equal(
    [...lowerings.keys()].filter(name => !unsupported.has(name) && cases[name] === undefined),
    [],
  )
})

s.test('every kernel of the cpu and wasm backends can be called while tracing', () => {
  const traced = new Set(tracedKernels())
  const names = [...getKernelsForBackend('cpu'), ...getKernelsForBackend('wasm')].map(({ kernelName }) => kernelName)
  ok(names.length > 250)
  equal(
    [...new Set(names)].filter(name => !traced.has(name)),
    [],
  )
})

s.test('a kernel without a lowering is an error that names it and says why', () => {
  const run = (name: string) => (): unknown =>
    trace(v => engine().runKernel(name, { x: v }) as Tensor, { shape: [2, 2], dtype: 'float32' } as const)
  throws(run('TopK'), /^trace: expected a kernel that can be traced, got TopK: it has no lowering yet; compute it outside/)
  throws(run('Unique'), /got Unique: the shape of its result depends on the values/)
  throws(run('Multinomial'), /got Multinomial: its random numbers have no key/)
})

s.run()
