/**
 * Matmul rates, one thread: `node --import tsx packages/wasm/bench/matmul.ts [square|flow|masked ...] [sizes ...]`, in GFLOP/s
 * (2 m n k / time).
 *
 * Contestants take turns; each figure is the best of all turns, since other programs on the machine only ever make one slower. `peak`
 * is the best of the register kernels of `peak.ts`, measured in the same turns. tfjs is its BatchMatMul on the wasm backend, inputs and
 * output in its own memory. `masked` is the time of a masked product in terms of the dense one's.
 */
import '@tensorflow/tfjs-backend-wasm'
import { matMul, ready, setBackend, tensor2d } from '@tensorflow/tfjs-core'
import { features } from '../src/features.ts'
import { matmulArguments, planMatmul } from '../src/kernels/matmul.ts'
import type { MatmulMask } from '../src/kernels/matmul-mask.ts'
import type { MatmulSizes, MatmulStructure } from '../src/kernels/matmul-structure.ts'
import { plain, relaxed } from '../src/math/arithmetic.ts'
import type { Arithmetic } from '../src/math/arithmetic.ts'
import { createRuntime } from '../src/runtime/runtime.ts'
import { bestOf, peakContestants } from './peak.ts'
import type { Contestant } from './peak.ts'

const runtime = createRuntime()
const arithmetics = features().relaxedSimd ? [plain, relaxed] : [plain]
await setBackend('wasm')
await ready()
const peaks = new Map(arithmetics.map(ar => [ar, peakContestants(runtime, ar)]))

const one = (
  ar: Arithmetic,
  structure: MatmulStructure,
  sizes: MatmulSizes,
  mask?: MatmulMask,
): { readonly contestant: Contestant; readonly free: () => void } => {
  const { m, n, k } = sizes
  const wave = (count: number): Float32Array => Float32Array.from({ length: count }, (_, i) => Math.sin(i))
  const [a, b, c, bias] = [runtime.upload(wave(m * k)), runtime.upload(wave(k * n)), runtime.allocate(4 * m * n), runtime.upload(wave(n))]
  const { kernel, scratch, table = new Int32Array(1) } = planMatmul(ar, structure, sizes, mask)
  runtime.scratch(scratch)
  const ranges = runtime.upload(table, 'int32')
  const run = (): void =>
    runtime.call(kernel, matmulArguments(structure, { a, b, c, bias, scratch: runtime.scratch(0), table: ranges, ...sizes }))
  return {
    contestant: { name: kernel.name, flops: 2 * m * n * k, run },
    free: () => [a, b, c, bias, ranges].forEach(runtime.free),
  }
}
const peakRate = (ar: Arithmetic, rates: ReadonlyMap<Contestant, number>): number => Math.max(...peaks.get(ar)!.map(c => rates.get(c)!))
const allPeaks = (): ReadonlyArray<Contestant> => [...peaks.values()].flat()

const square = (n: number): Record<string, string | number> => {
  const flags = [
    { transposeA: false, transposeB: false },
    { transposeA: true, transposeB: false },
    { transposeA: false, transposeB: true },
  ]
  const ours = arithmetics.map(ar => flags.map(structure => one(ar, structure, { m: n, n, k: n })))
  const tensor = tensor2d(
    Float32Array.from({ length: n * n }, (_, i) => Math.sin(i)),
    [n, n],
  )
  const tfjs: Contestant = { name: 'tfjs', flops: 2 * n ** 3, run: () => matMul(tensor, tensor).dispose() }
  const rates = bestOf([...allPeaks(), ...ours.flat().map(x => x.contestant), tfjs], n > 600 ? 10 : 30)
  ours.flat().forEach(x => x.free())
  tensor.dispose()
  const rate = (x: { readonly contestant: Contestant }): number => rates.get(x.contestant)!
  return {
    n,
    ...Object.fromEntries(
      arithmetics.flatMap((ar, i) => [
        [`peak ${ar.name}`, peakRate(ar, rates).toFixed(1)],
        [`${ar.name} NN TN NT`, ours[i]!.map(x => rate(x).toFixed(1)).join(' ')],
      ]),
    ),
    tfjs: rates.get(tfjs)!.toFixed(1),
    'of peak': arithmetics.map((ar, i) => (rate(ours[i]![0]!) / peakRate(ar, rates)).toFixed(2)).join(' '),
    'of tfjs': arithmetics.map((_, i) => (rate(ours[i]![0]!) / rates.get(tfjs)!).toFixed(2)).join(' '),
  }
}

/** The products of one dense layer in a training step on 512 rows: forward with bias and tanh, gradient of the input, of the weights. */
const flowShapes = [
  [2, 64],
  [64, 64],
  [64, 2],
  [6, 128],
  [3, 128],
  [128, 128],
  [128, 69],
  [43, 256],
  [256, 256],
  [256, 86],
] as const
const productsOf = (inputs: number, outputs: number, rows = 512): ReadonlyArray<readonly [MatmulStructure, MatmulSizes]> => [
  [
    { transposeA: false, transposeB: false, bias: true },
    { m: rows, n: outputs, k: inputs },
  ],
  [
    { transposeA: false, transposeB: true },
    { m: rows, n: inputs, k: outputs },
  ],
  [
    { transposeA: true, transposeB: false },
    { m: inputs, n: outputs, k: rows },
  ],
]
const layer = (inputs: number, outputs: number): Record<string, string | number> => {
  const ours = arithmetics.map(ar => productsOf(inputs, outputs).map(([structure, sizes]) => one(ar, structure, sizes)))
  const rates = bestOf([...allPeaks(), ...ours.flat().map(x => x.contestant)], 30)
  ours.flat().forEach(x => x.free())
  return {
    layer: `${inputs}->${outputs}`,
    ...Object.fromEntries(
      arithmetics.flatMap((ar, i) => [
        [`${ar.name} fwd dx dw`, ours[i]!.map(x => rates.get(x.contestant)!.toFixed(1)).join(' ')],
        [`${ar.name} of peak`, ours[i]!.map(x => (rates.get(x.contestant)! / peakRate(ar, rates)).toFixed(2)).join(' ')],
      ]),
    ),
  }
}

/** Layers of a MADE between units of sorted degrees, about half of whose weights are zero. */
const maskedShapes = [
  [43, 256],
  [256, 256],
  [256, 86],
  [64, 64],
  [128, 128],
] as const
const maskedLayer = (inputs: number, outputs: number): Record<string, string | number> => {
  const degree = (i: number, count: number): number => Math.floor((42 * i) / count)
  const keeps = (i: number, o: number): number => (degree(i, inputs) <= degree(o, outputs) ? 1 : 0)
  const mask = (over: 'b' | 'c', turned: boolean): MatmulMask => {
    const [rows, columns] = turned ? [outputs, inputs] : [inputs, outputs]
    const at = (x: number): number => {
      const [row, column] = [Math.floor(x / columns), x % columns]
      return turned ? keeps(column, row) : keeps(row, column)
    }
    return { over, rows, columns, values: Float32Array.from({ length: rows * columns }, (_, x) => at(x)) }
  }
  const masks = [mask('b', false), mask('b', true), mask('c', false)]
  const pairs = arithmetics.map(ar =>
    productsOf(inputs, outputs).map(([structure, sizes], i) => [one(ar, structure, sizes), one(ar, structure, sizes, masks[i])] as const),
  )
  const rates = bestOf(
    pairs.flat(2).map(x => x.contestant),
    30,
  )
  pairs.flat(2).forEach(x => x.free())
  return {
    layer: `${inputs}->${outputs}`,
    'weights left': (masks[0]!.values as Float32Array).reduce((x, y) => x + y, 0) / (inputs * outputs),
    ...Object.fromEntries(
      arithmetics.map((ar, i) => [
        `${ar.name} time fwd dx dw`,
        pairs[i]!.map(([dense, masked]) => (rates.get(dense.contestant)! / rates.get(masked.contestant)!).toFixed(2)).join(' '),
      ]),
    ),
  }
}

const words = process.argv.slice(2).filter(word => !/^\d/.test(word))
const numbers = process.argv
  .slice(2)
  .filter(word => /^\d/.test(word))
  .map(Number)
const wants = (what: string): boolean => words.length === 0 || words.includes(what)
if (wants('square')) console.table((numbers.length > 0 ? numbers : [32, 64, 96, 128, 192, 256, 384, 512, 768, 1024]).map(square))
if (wants('flow')) console.table(flowShapes.map(([inputs, outputs]) => layer(inputs, outputs)))
if (wants('masked')) console.table(maskedShapes.map(([inputs, outputs]) => maskedLayer(inputs, outputs)))
