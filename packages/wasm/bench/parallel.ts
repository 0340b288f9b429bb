/**
 * How much faster a gradient is in workers: `node --import tsx packages/wasm/bench/parallel.ts`. A MAF of 5 layers, hidden 256, 256, D = 43, loss and gradient,
 * batch 4096; `jit` on one thread and `parallel` take turns.
 */
import { build, key, leaves, maf, normal, valueAndGrad } from '@diffeo/core'
import type { FlowParams, Params } from '@diffeo/core'
import { jit, parallel } from '@diffeo/program'
import '@tensorflow/tfjs-backend-wasm'
import { dispose, mean, neg, setBackend } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { useWasmCompiler } from '../src/index.ts'

export interface ParallelTimes {
  /** Milliseconds of a call, by the number of workers; 0 is `jit` in the caller. Medians of all turns but the first two, and the least. */
  readonly ms: ReadonlyMap<number, { readonly median: number; readonly least: number }>
  /** The largest difference of a gradient from the one of `jit`, as a part of the largest number of its leaf, by the number of workers. */
  readonly differences: ReadonlyMap<number, number>
}

/** Times of the loss and gradient of a MAF. */
export const parallelTimes = async ({
  rows = 4096,
  dim = 43,
  layers = 5,
  hidden = [256, 256] as ReadonlyArray<number>,
  workers = [1, 2] as ReadonlyArray<number>,
  rounds = 12,
} = {}): Promise<ParallelTimes> => {
  const flow = build(maf({ layers, hidden: [...hidden] }), { event: [dim] })
  const params = flow.init(key(0))
  const x = normal(key(1), [rows, dim])
  const lossAndGrad = (p: FlowParams, batch: Tensor): { readonly value: Tensor; readonly grads: Params } => {
    const { value, grads } = valueAndGrad((q: FlowParams) => neg(mean(flow.logProb(q, batch))))(p)
    return { value, grads: grads as Params }
  }
  const alone = jit(lossAndGrad)
  const shared = workers.map(count => [count, parallel(lossAndGrad, { workers: count, shard: [1], reduce: 'mean' })] as const)
  const contestants = [[0, async (p: FlowParams, batch: Tensor) => alone(p, batch)] as const, ...shared]
  const expected = gradientOf(alone(params, x))
  const differences = new Map<number, number>()
  for (const [count, f] of shared) differences.set(count, differenceOf(gradientOf(await f(params, x)), expected))
  const times = contestants.map((): number[] => [])
  for (let round = 0; round < rounds; round++)
    for (const [i, [, f]] of contestants.entries()) {
      const start = performance.now()
      const result = await f(params, x)
      times[i]!.push(performance.now() - start)
      dispose([result.value, ...leaves<Tensor>(result.grads)])
    }
  alone.dispose()
  shared.forEach(([, f]) => f.dispose())
  dispose([x, ...leaves<Tensor>(params as Params)])
  return {
    ms: new Map(contestants.map(([count], i) => [count, { median: median(times[i]!.slice(2)), least: Math.min(...times[i]!) }])),
    differences,
  }
}

const gradientOf = ({ value, grads }: { readonly value: Tensor; readonly grads: Params }): ReadonlyArray<Float32Array> => {
  const all = leaves<Tensor>(grads)
  const numbers = all.map(leaf => leaf.dataSync<'float32'>())
  dispose([value, ...all])
  return numbers
}

const differenceOf = (actual: ReadonlyArray<Float32Array>, expected: ReadonlyArray<Float32Array>): number =>
  Math.max(
    ...expected.map((leaf, i) => {
      const [scale, difference] = leaf.reduce(
        ([largest, worst], value, j) => [Math.max(largest, Math.abs(value)), Math.max(worst, Math.abs(value - actual[i]![j]!))] as const,
        [0, 0] as readonly [number, number],
      )
      return scale === 0 ? difference : difference / scale
    }),
  )

const median = (values: ReadonlyArray<number>): number => [...values].sort((a, b) => a - b)[values.length >> 1]!

if (process.argv[1]?.endsWith('bench/parallel.ts')) {
  await setBackend('wasm')
  useWasmCompiler()
  const { ms, differences } = await parallelTimes({ rows: Number(process.argv[2] ?? 4096), rounds: Number(process.argv[3] ?? 12) })
  console.table(
    [...ms].map(([workers, time]) => ({
      workers: workers === 0 ? 'none (jit)' : workers,
      median: time.median.toFixed(1),
      ratio: (ms.get(0)!.median / time.median).toFixed(2),
      least: time.least.toFixed(1),
      'ratio of the least': (ms.get(0)!.least / time.least).toFixed(2),
      'gradient off by': differences.get(workers)?.toExponential(1),
    })),
  )
}
