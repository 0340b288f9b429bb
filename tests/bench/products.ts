/** Rates of square products, of register kernels and of tfjs, in turns in one process: `node products.js 64 128 ...`, a line of JSON each. */
import '@tensorflow/tfjs-backend-wasm'
import { createRuntime, features, matmulArguments, plain, planMatmul, relaxed } from '@diffeo/wasm'
import { env, matMul, ready, setBackend, tensor2d } from '@tensorflow/tfjs-core'
import { bestOf, peakContestants } from '../../packages/wasm/bench/peak.ts'
import type { Contestant } from '../../packages/wasm/bench/peak.ts'
import type { MatmulRate } from './measurement.ts'

env().set('WASM_HAS_MULTITHREAD_SUPPORT', false)
await setBackend('wasm')
await ready()
const runtime = createRuntime()
const arithmetics = features().relaxedSimd ? [plain, relaxed] : [plain]
const peaks = arithmetics.map(arithmetic => peakContestants(runtime, arithmetic))

const ratesOf = (n: number): ReadonlyArray<MatmulRate> => {
  const values = Float32Array.from({ length: n * n }, (_, i) => Math.sin(i))
  const [a, b, c] = [runtime.upload(values), runtime.upload(values), runtime.allocate(4 * n * n)]
  const [x, y] = [tensor2d(values, [n, n]), tensor2d(values, [n, n])]
  const product = (run: () => void, name: string): Contestant => ({ name, flops: 2 * n ** 3, run })
  const structure = { transposeA: false, transposeB: false }
  const size = { m: n, n, k: n }
  const plans = arithmetics.map(arithmetic => planMatmul(arithmetic, structure, size))
  const args = matmulArguments(structure, { a, b, c, scratch: runtime.scratch(Math.max(...plans.map(plan => plan.scratch))), ...size })
  const ours = plans.map(({ kernel }, i) => product(() => runtime.call(kernel, args), arithmetics[i]!.name))
  const tfjs = product(() => matMul(x, y).dispose(), 'tfjs')
  const best = bestOf([...peaks.flat(), ...ours, tfjs], n > 600 ? 10 : 30)
  ;[a, b, c].forEach(runtime.free)
  ;[x, y].forEach(tensor => tensor.dispose())
  const rate = (contestant: Contestant): number => Number(best.get(contestant)!.toPrecision(4))
  return ours.map((contestant, i) => ({
    workload: 'mm',
    n,
    arithmetic: contestant.name,
    gflops: rate(contestant),
    peak_gflops: Math.max(...peaks[i]!.map(rate)),
    tfjs_gflops: rate(tfjs),
  }))
}

process.argv
  .slice(2)
  .map(Number)
  .flatMap(ratesOf)
  .forEach(rate => console.log(JSON.stringify(rate)))
