/**
 * Matmul rates: `node --import tsx packages/wasm/bench/matmul.ts [sizes ...]`, in GFLOP/s (2 n^3 / time), one thread.
 *
 * Contestants take turns; each figure is the best of all turns, since other programs on the machine only ever make one slower. `peak` is a register kernel by
 * hand: 8 sums and 4 + 2 operands that never leave the registers, no memory. tfjs is its BatchMatMul on the wasm backend, inputs and
 * output in its own memory.
 */
import '@tensorflow/tfjs-backend-wasm'
import { matMul, ready, setBackend, tensor2d } from '@tensorflow/tfjs-core'
import { func, get, local, seq, set } from '../src/asm/control.ts'
import { countUp } from '../src/asm/loops.ts'
import { f32x4, v128 } from '../src/asm/simd.ts'
import { features } from '../src/features.ts'
import { matmulArguments, planMatmul } from '../src/kernels/matmul.ts'
import { plain, relaxed } from '../src/math/arithmetic.ts'
import type { Arithmetic } from '../src/math/arithmetic.ts'
import { createRuntime } from '../src/runtime/runtime.ts'
import type { Kernel } from '../src/runtime/runtime.ts'

interface Contestant {
  readonly name: string
  readonly flops: number
  readonly run: () => void
}

const repeats = 512
const peakKernel = (ar: Arithmetic, unroll: number): Kernel => ({
  name: `peak ${ar.name} ${unroll}`,
  func: () =>
    func(
      'peak',
      [
        ['from', 'i32'],
        ['count', 'i32'],
      ],
      (from, count) => {
        const sums = Array.from({ length: 8 }, () => local('v128'))
        const [a, b] = [[0, 1, 2, 3].map(() => local('v128')), [0, 1].map(() => local('v128'))]
        const i = local('i32')
        const all = seq(...sums.map((sum, j) => set(sum, ar.madd(get(a[j & 3]!), get(b[j >> 2]!), get(sum)))))
        return seq(
          ...[...a, ...b].map((x, j) => set(x, v128.load(get(from), 16 * j))),
          countUp(i, get(count), 1, seq(...Array.from({ length: unroll }, () => all))),
          ...sums.map((sum, j) => v128.store(get(from), f32x4.add(get(sum), get(sum)), 256 + 16 * j)),
        )
      },
    ),
})

const bestRates = (contestants: ReadonlyArray<Contestant>, rounds: number): ReadonlyArray<number> => {
  const best = contestants.map(() => Infinity)
  for (let round = 0; round < rounds; round++)
    contestants.forEach(({ run, flops }, i) => {
      const times = Math.max(1, Math.ceil(4e7 / flops))
      const start = performance.now()
      for (let t = 0; t < times; t++) run()
      best[i] = Math.min(best[i]!, (performance.now() - start) / times)
    })
  return best.map((ms, i) => contestants[i]!.flops / ms / 1e6)
}

const runtime = createRuntime()
const hasRelaxed = features().relaxedSimd
await setBackend('wasm')
await ready()
const sizes = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [32, 64, 96, 128, 192, 256, 384, 512, 768, 1024]
const constants = runtime.allocate(1024)
runtime.write(constants, new Float32Array(256).fill(1e-3))

const flags = [
  { transposeA: false, transposeB: false },
  { transposeA: true, transposeB: false },
  { transposeA: false, transposeB: true },
]
const rows = sizes.map(n => {
  const values = Float32Array.from({ length: n * n }, (_, i) => Math.sin(i))
  const [a, b, c] = [runtime.upload(values), runtime.upload(values), runtime.allocate(4 * n * n)]
  const tensor = tensor2d(values, [n, n])
  const ours = (ar: Arithmetic, structure: (typeof flags)[number]): Contestant => {
    const { kernel, scratch } = planMatmul(ar, structure, { m: n, n, k: n })
    const args = matmulArguments(structure, { a, b, c, scratch: runtime.scratch(scratch), m: n, n, k: n })
    const name = `${ar.name} ${structure.transposeA ? 'T' : 'N'}${structure.transposeB ? 'T' : 'N'}`
    return { name, flops: 2 * n ** 3, run: () => runtime.call(kernel, args) }
  }
  const peaks = (ar: Arithmetic): ReadonlyArray<Contestant> =>
    [1, 2, 3, 4, 6].map(unroll => ({
      name: `peak ${ar.name} ${unroll}`,
      flops: 64 * unroll * repeats,
      run: () => runtime.call(peakKernel(ar, unroll), [constants, repeats]),
    }))
  const arithmetics = hasRelaxed ? [plain, relaxed] : [plain]
  const contestants = [
    ...arithmetics.flatMap(ar => [...peaks(ar), ...flags.map(structure => ours(ar, structure))]),
    { name: 'tfjs', flops: 2 * n ** 3, run: () => matMul(tensor, tensor).dispose() },
  ]
  const rates = bestRates(contestants, n > 600 ? 15 : 40)
  ;[a, b, c].forEach(runtime.free)
  tensor.dispose()
  const rate = new Map(contestants.map(({ name }, i) => [name, rates[i]!]))
  const peakOf = (ar: Arithmetic): number => Math.max(...peaks(ar).map(({ name }) => rate.get(name)!))
  const shown = (name: string, value: number): readonly [string, string] => [name, value.toFixed(1)]
  return {
    n,
    ...Object.fromEntries([
      ...arithmetics.map(ar => shown(`peak ${ar.name}`, peakOf(ar))),
      ...[...rate].filter(([name]) => !name.startsWith('peak')).map(([name, value]) => shown(name, value)),
    ]),
    'of peak': arithmetics.map(ar => (rate.get(`${ar.name} NN`)! / peakOf(ar)).toFixed(2)).join(' '),
    'of tfjs': arithmetics.map(ar => (rate.get(`${ar.name} NN`)! / rate.get('tfjs')!).toFixed(2)).join(' '),
  }
})
console.table(rows)
