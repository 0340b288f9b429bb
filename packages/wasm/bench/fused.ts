/**
 * Rates of the fused kernels: `node --import tsx packages/wasm/bench/fused.ts`, one thread. Contestants take turns; each figure is the best of all turns.
 */
import { features } from '../src/features.ts'
import { autoregressivePlan } from '../src/fused/autoregressive.ts'
import { layersOf } from '../src/fused/made-structure.ts'
import type { MadeStructure } from '../src/fused/made-structure.ts'
import { scalarTransformerOf } from '../src/fused/scalar-transformer.ts'
import { splineKernel, splineVjpKernel } from '../src/fused/spline.ts'
import { matmulArguments, planMatmul } from '../src/kernels/matmul.ts'
import { plain, relaxed } from '../src/math/arithmetic.ts'
import { createRuntime } from '../src/runtime/runtime.ts'

interface Contestant {
  readonly name: string
  readonly run: () => void
}

/** The best time of each in milliseconds. */
const bestTimes = (contestants: ReadonlyArray<Contestant>, rounds: number): ReadonlyMap<string, number> => {
  const best = new Map(contestants.map(({ name }) => [name, Infinity]))
  for (let round = 0; round < rounds; round++)
    contestants.forEach(({ name, run }) => {
      const start = performance.now()
      run()
      best.set(name, Math.min(best.get(name)!, performance.now() - start))
    })
  return best
}

const runtime = createRuntime()
const arithmetics = features().relaxedSimd ? [plain, relaxed] : [plain]
const waves = (count: number, size: number): Float32Array => Float32Array.from({ length: count }, (_, i) => size * Math.sin(i * 12.9898))

const splines = (): void => {
  const count = 2_000
  const rows = [4, 8, 16].flatMap(bins =>
    (['softclip', 'softmax', 'distrax'] as const).map(knots => {
      const spline = { bins, bound: 5, knots }
      const size = 3 * bins - 1
      const [theta, x, gy, gl] = [waves(count * size, 1), waves(count, 6), waves(count, 1), waves(count, 1)].map(v => runtime.upload(v))
      const [value, slope, byTheta, byX] = [count, count, count * size, count].map(n => runtime.allocate(4 * n))
      const contestants = arithmetics.flatMap(ar =>
        (['forward', 'inverse'] as const).flatMap(direction => [
          {
            name: `${direction} ${ar.name}`,
            run: () => runtime.call(splineKernel(ar, spline, direction), [theta!, x!, value!, slope!, count]),
          },
          {
            name: `${direction} vjp ${ar.name}`,
            run: () => runtime.call(splineVjpKernel(ar, spline, direction), [theta!, x!, gy!, gl!, byTheta!, byX!, count]),
          },
        ]),
      )
      const times = bestTimes(contestants, 300)
      ;[theta, x, gy, gl, value, slope, byTheta, byX].forEach(address => runtime.free(address!))
      return { bins, knots, ...Object.fromEntries([...times].map(([name, ms]) => [name, ((ms / count) * 1e6).toFixed(1)])) }
    }),
  )
  console.log('spline, ns per element')
  console.table(rows)
}

/** One layer's inverse against one dense pass of its network, which is what its log-density costs. */
const autoregressive = (): void => {
  const total = 4000
  const cases: ReadonlyArray<readonly [dim: number, hidden: ReadonlyArray<number>, transformer: unknown]> = [
    ...[8, 16, 43, 64, 128].map(dim => [dim, [256, 256], { _tag: 'affine', scale: 'softclip' }] as const),
    [43, [64, 64], { _tag: 'affine', scale: 'softclip' }],
    [6, [64, 64], { _tag: 'affine', scale: 'softclip' }],
    [8, [128, 128], { _tag: 'rationalQuadratic', bins: 8, bound: 5, knots: 'softclip' }],
  ]
  const rows = cases.map(([dim, hidden, transformer]) => {
    const made: MadeStructure = { dim, hidden, degrees: 'sorted', activation: 'relu', residual: false, context: 'none' }
    const scalar = scalarTransformerOf(transformer)!
    const layers = layersOf(made, scalar.size)
    const y = runtime.upload(waves(total * dim, 1))
    const parameters = layers.flatMap(({ input, output }) => [waves(input * output, 0.1), waves(output, 0.1)].map(v => runtime.upload(v)))
    const activated = layers.map(({ output }) => runtime.allocate(4 * total * output))
    const [x, logDet] = [runtime.allocate(4 * total * dim), runtime.allocate(4 * total)]
    const contestants = arithmetics.flatMap(ar => {
      const dense = layers.map(({ input, output }, l) => {
        const structure = {
          transposeA: false,
          transposeB: false,
          bias: true,
          ...(l + 1 < layers.length ? ({ activation: 'relu' } as const) : {}),
        }
        const { kernel, scratch } = planMatmul(ar, structure, { m: total, n: output, k: input })
        const [b, bias] = [parameters[2 * l]!, parameters[2 * l + 1]!]
        const a = l === 0 ? y : activated[l - 1]!
        return {
          kernel,
          args: matmulArguments(structure, {
            a,
            b,
            bias,
            c: activated[l]!,
            scratch: runtime.scratch(scratch),
            m: total,
            n: output,
            k: input,
          }),
        }
      })
      const of = (degrees: 'sorted' | 'cyclic', count: number): Contestant => {
        const { kernel, scratch } = autoregressivePlan(ar, { ...made, degrees }, scalar, 'inverse')
        const room = runtime.allocate(scratch)
        return { name: `${degrees} ${count} ${ar.name}`, run: () => runtime.call(kernel, [y, ...parameters, x, logDet, room, count]) }
      }
      return [
        { name: `dense ${ar.name}`, run: () => dense.forEach(({ kernel, args }) => runtime.call(kernel, args)) },
        of('sorted', total),
        of('cyclic', total),
        of('sorted', 1),
      ]
    })
    const times = bestTimes(contestants, 8)
    ;[y, x, logDet, ...parameters, ...activated].forEach(runtime.free)
    return {
      dim,
      hidden: hidden.join(),
      size: scalar.size,
      ...Object.fromEntries(
        arithmetics.flatMap(({ name }) => {
          const time = (what: string): number => times.get(`${what} ${name}`)!
          const ratio = (what: string): string => (time(what) / time('dense')).toFixed(2)
          return [
            [`${name}: dense, us per row`, ((time('dense') / total) * 1e3).toFixed(2)],
            [`sorted ${name}`, ratio(`sorted ${total}`)],
            [`cyclic ${name}`, ratio(`cyclic ${total}`)],
            [`one row ${name}, us`, (time('sorted 1') * 1e3).toFixed(0)],
          ]
        }),
      ),
    }
  })
  console.log('autoregressive inverse, over a dense pass of the same layers')
  console.table(rows)
}

splines()
autoregressive()
