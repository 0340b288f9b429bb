import type { Stmt } from '../src/asm/code.ts'
import { func, get, local, seq, set } from '../src/asm/control.ts'
import { countUp } from '../src/asm/loops.ts'
import { f32x4, v128 } from '../src/asm/simd.ts'
import type { Arithmetic } from '../src/math/arithmetic.ts'
import type { Kernel, Runtime } from '../src/runtime/runtime.ts'

/** Something to be timed. */
export interface Contestant {
  readonly name: string
  readonly flops: number
  readonly run: () => void
}

const milliseconds = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** The best rate of each contestant in GFLOP/s of processor time; they take turns of about 2 ms. */
export const bestOf = (contestants: ReadonlyArray<Contestant>, rounds: number): ReadonlyMap<Contestant, number> => {
  const best = new Map(contestants.map(c => [c, 0]))
  for (let round = 0; round < rounds; round++)
    for (const c of contestants) {
      const times = Math.max(1, Math.ceil(1e8 / c.flops))
      const start = milliseconds()
      for (let t = 0; t < times; t++) c.run()
      best.set(c, Math.max(best.get(c)!, (times * c.flops) / (milliseconds() - start) / 1e6))
    }
  return best
}

const times = <A>(count: number, f: (i: number) => A): ReadonlyArray<A> => Array.from({ length: count }, (_, i) => f(i))
const steps = 16384

/**
 * `sums` chains of multiply-adds x <- x a + b in registers, no memory. The chains do not depend on each other, and no product is the same
 * twice, so that nothing can be moved out of the loop: a plain multiply-add takes 6 or more cycles, and 12 to 13 chains are needed to fill
 * the time.
 */
const horner = (ar: Arithmetic, sums: number, unroll: number): Kernel => ({
  name: `peak horner ${ar.name} ${sums} ${unroll}`,
  func: () =>
    func(
      'peak',
      [
        ['from', 'i32'],
        ['count', 'i32'],
      ],
      (from, count) => {
        const xs = times(sums, () => local('v128', 'x'))
        const [a, b, i] = [local('v128', 'a'), local('v128', 'b'), local('i32', 'i')]
        const step: Stmt = seq(...xs.map(x => set(x, ar.madd(get(x), get(a), get(b)))))
        return seq(
          ...[a, b, ...xs].map((x, j) => set(x, v128.load(get(from), 16 * j))),
          countUp(i, get(count), 1, seq(...times(unroll, () => step))),
          ...xs.map((x, j) => v128.store(get(from), get(x), 256 + 16 * j)),
        )
      },
    ),
})

/** As a block of a matmul of 4 x 8 or 3 x 12 sums, all operands from the same few lines of the first-level cache. */
const tile = (ar: Arithmetic, rows: number, vectors: number): Kernel => ({
  name: `peak tile ${ar.name} ${rows} ${vectors}`,
  func: () =>
    func(
      'peak',
      [
        ['from', 'i32'],
        ['count', 'i32'],
      ],
      (from, count) => {
        const sums = times(rows, () => times(vectors, () => local('v128', 'sum')))
        const [bs, i] = [times(vectors, () => local('v128', 'b')), local('i32', 'i')]
        const a = local('v128', 'a')
        const row = (r: number): Stmt =>
          seq(set(a, v128.load(get(from), 16 * r)), ...sums[r]!.map((sum, j) => set(sum, ar.madd(get(a), get(bs[j]!), get(sum)))))
        return seq(
          ...sums.flat().map(sum => set(sum, f32x4.const(0))),
          countUp(i, get(count), 1, seq(...bs.map((b, j) => set(b, v128.load(get(from), 128 + 16 * j))), ...times(rows, row))),
          ...sums.flat().map((sum, j) => v128.store(get(from), get(sum), 256 + 16 * j)),
        )
      },
    ),
})

/** Register kernels by hand; the best of them is the rate that a multiply-add loop reaches at most. */
export const peakContestants = (runtime: Runtime, ar: Arithmetic): ReadonlyArray<Contestant> => {
  const at = runtime.allocate(1024)
  runtime.write(at, new Float32Array(256).fill(1e-3))
  const contestant = (kernel: Kernel, madds: number): Contestant => ({
    name: kernel.name,
    flops: 8 * madds * steps,
    run: () => runtime.call(kernel, [at, steps]),
  })
  return [
    ...[8, 10, 12, 13].flatMap(sums => [1, 2].map(unroll => contestant(horner(ar, sums, unroll), sums * unroll))),
    contestant(tile(ar, 4, 2), 8),
    contestant(tile(ar, 3, 3), 9),
  ]
}
