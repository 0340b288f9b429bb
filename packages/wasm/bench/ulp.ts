import { assemble } from '../src/asm/assemble.ts'
import { func, get, local, seq, set } from '../src/asm/control.ts'
import { countUp } from '../src/asm/loops.ts'
import { i32 } from '../src/asm/scalar.ts'
import { v128 } from '../src/asm/simd.ts'
import type { Vec } from '../src/asm/simd.ts'
import { features } from '../src/features.ts'
import type { Arithmetic } from '../src/math/arithmetic.ts'
import type { UnaryMath } from '../src/math/functions.ts'

/** Where a function is farthest from the truth. */
export interface Worst {
  readonly ulp: number
  readonly at: number
  /** Inputs whose result is NaN, infinite or a zero where the correctly rounded one is not that, or the other way round. */
  readonly wrong: ReadonlyArray<string>
}

const capacity = 2 ** 16
/** Arguments at 0, the second ones at 4 capacity, results at 8 capacity. */
const memory = new WebAssembly.Memory({ initial: 16 })
/** Floats where functions tend to break: zeros, subnormals, infinities, NaN, ones and their neighbours, the largest. */
const specials = [
  ...[0, 1, 2, 3, 0x7fffff, 0x800000, 0x7f7fffff, 0x7f800000, 0x7fc00000, 0x3f800000, 0x3f800001, 0x3f7fffff, 0x33800000, 0x39800000],
  ...[0x40490fdb, 0x3fc90fdb, 0x3f490fdb, 0x42b17217, 0x42b17218, 0x42cff1b4, 0x42cff1b5, 0x3f000000, 0x3f200000, 0x3f700000, 0x4b000000],
].flatMap(bits => [bits, bits + 1, bits + 2 ** 31])

/** Vector code as a function over arrays, for measuring. */
export const compiled = (f: (x: Vec, y: Vec) => Vec): ((x: Float32Array, y?: Float32Array) => Float32Array) => {
  features()
  const run = func('run', [['bytes', 'i32']], bytes => {
    const p = local('i32')
    const value = f(v128.load(get(p)), v128.load(get(p), 4 * capacity))
    return seq(set(p, 0), countUp(p, get(bytes), 16, v128.store(i32.add(get(p), 8 * capacity), value)))
  })
  const module = new WebAssembly.Module(assemble({ exports: { run } }))
  const exported = new WebAssembly.Instance(module, { env: { memory } }).exports['run'] as (bytes: number) => void
  return (x, y) => {
    new Float32Array(memory.buffer, 0, x.length).set(x)
    if (y) new Float32Array(memory.buffer, 4 * capacity, y.length).set(y)
    exported(4 * x.length)
    return new Float32Array(memory.buffer, 8 * capacity, x.length)
  }
}

const scratch = new Float32Array(1)
const words = new Uint32Array(scratch.buffer)
/** The distance of neighbouring float32 numbers at |x|. */
const spacing = (x: number): number => {
  scratch[0] = Math.abs(x)
  const exponent = Math.max(words[0]! >>> 23, 1) - 127
  return 2 ** ((2 ** exponent > Math.abs(x) && exponent > -126 ? exponent - 1 : exponent) - 23)
}

/** |actual - exact| in units of the last place of the exact value; Infinity where one is NaN, infinite or a zero and the other not. */
export const ulps = (actual: number, exact: number): number => {
  const rounded = Math.fround(exact)
  if (Object.is(actual, rounded) && (actual === 0 || !Number.isFinite(actual))) return 0
  if (!Number.isFinite(actual) || !Number.isFinite(rounded) || (actual === 0 && rounded === 0)) return Infinity
  return Math.abs(actual - exact) / spacing(exact)
}

/** Measures a function of one argument on every `stride`-th of the 2^32 float32 numbers, and on `specials`. */
export const measure = (f: (ar: Arithmetic, x: Vec) => Vec, ar: Arithmetic, truth: (x: number) => number, stride: number): Worst => {
  const run = compiled(x => f(ar, x))
  let [ulp, at] = [0, 0]
  const wrong: string[] = []
  const check = (bits: Uint32Array): void => {
    const x = new Float32Array(bits.buffer)
    const y = run(x)
    for (let i = 0; i < x.length; i++) {
      const error = ulps(y[i]!, truth(x[i]!))
      if (error === Infinity) wrong.push(`${x[i]!} gives ${y[i]!}`)
      else if (error > ulp) [ulp, at] = [error, x[i]!]
    }
  }
  check(Uint32Array.from(specials))
  for (let from = 0; from < 2 ** 32; from += capacity * stride) {
    const count = Math.min(capacity, Math.ceil((2 ** 32 - from) / stride))
    check(Uint32Array.from({ length: count }, (_, i) => from + i * stride))
  }
  return { ulp, at, wrong }
}

/** erf in float64: its series below 2.5, the continued fraction of erfc above. */
const erf = (x: number): number => {
  const a = Math.abs(x)
  if (!(a < 6)) return Number.isNaN(x) ? x : Math.sign(x)
  if (a < 2.5) {
    let [term, sum] = [a, a]
    for (let n = 1; n < 80; n++) {
      term *= (-a * a) / n
      sum += term / (2 * n + 1)
    }
    return x === 0 ? x : Math.sign(x) * (2 / Math.sqrt(Math.PI)) * sum
  }
  let fraction = 0
  for (let k = 60; k > 0; k--) fraction = k / 2 / (a + fraction)
  return Math.sign(x) * (1 - Math.exp(-a * a) / Math.sqrt(Math.PI) / (a + fraction))
}

const roundHalfEven = (x: number): number => {
  const below = Math.floor(x)
  const part = x - below
  const rounded = part < 0.5 || (part === 0.5 && below % 2 === 0) ? below : below + 1
  return rounded === 0 && (x < 0 || Object.is(x, -0)) ? -0 : rounded
}

/** The functions in float64. */
export const truths: Readonly<Record<UnaryMath, (x: number) => number>> = {
  neg: x => -x,
  abs: Math.abs,
  sign: x => (x > 0 ? 1 : x < 0 ? -1 : 0),
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  sqrt: Math.sqrt,
  rsqrt: x => 1 / Math.sqrt(x),
  square: x => x * x,
  reciprocal: x => 1 / x,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh: Math.atanh,
  sigmoid: x => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x))),
  softplus: x => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  erf,
  floor: Math.floor,
  ceil: Math.ceil,
  round: roundHalfEven,
  relu: x => (x < 0 ? 0 : x),
}
