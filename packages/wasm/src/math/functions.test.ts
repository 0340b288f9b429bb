import { equal, ok, suite } from '@diffeo/testing'
import { readFileSync } from 'node:fs'
import { compiled, measure, truths, ulps } from '../../bench/ulp.ts'
import { plain, relaxed } from './arithmetic.ts'
import { binaryMath, unaryMath } from './functions.ts'
import type { BinaryMath, UnaryMath } from './functions.ts'

const s = suite('vector functions')

/** The stated bounds: | name | plain | at | relaxed | at | */
const table = new Map(
  [...readFileSync(new URL('../../ERRORS.md', import.meta.url), 'utf8').matchAll(/^\| (\w+) +\| ([\d.]+) +\|[^|]*\| ([\d.]+) +\|/gm)].map(
    ([, name, a, b]) => [name!, { plain: Number(a), relaxed: Number(b) }],
  ),
)

s.test('every function stands in the table of errors, none above 2.8 units', () => {
  equal([...table.keys()].sort(), Object.keys(unaryMath).sort())
  ok([...table.values()].every(bound => bound.plain <= 2.8 && bound.relaxed <= 2.8))
})

for (const ar of [plain, relaxed])
  s.test(`one argument, ${ar.name}: within the stated error on 40,000 floats and the special ones`, () => {
    for (const [name, f] of Object.entries(unaryMath)) {
      const { ulp, at, wrong } = measure(f, ar, truths[name as UnaryMath], 97 * 1107)
      equal(wrong, [], name)
      ok(ulp <= table.get(name)![ar.name] + 0.005, `${name}(${at}): ${ulp} units`)
    }
  })

const special = [
  0,
  -0,
  1,
  -1,
  2,
  -2,
  3,
  -3,
  0.5,
  -0.5,
  1e-45,
  -1e-45,
  1.5e-38,
  3.4e38,
  -3.4e38,
  Infinity,
  -Infinity,
  NaN,
  2 ** 24 + 2,
  7.25,
  1e10,
  1e-10,
]
/** Pairs of special numbers, and of random ones of all sizes and of moderate ones. */
const pairs = (() => {
  let state = 1
  const next = (): number => (state = Math.imul(state, 1664525) + 1013904223) >>> 0
  const bits = new Uint32Array(1)
  const wild = (): number => {
    bits[0] = next()
    return new Float32Array(bits.buffer)[0]!
  }
  const mild = (): number => (next() / 2 ** 32) * 20 - 10
  return [
    ...special.flatMap(a => special.map(b => [a, b])),
    ...Array.from({ length: 10_000 }, () => [wild(), wild()]),
    ...Array.from({ length: 10_000 }, () => [mild(), mild()]),
    ...Array.from({ length: 10_000 }, () => [Math.abs(mild()), mild() * 8]),
    ...Array.from({ length: 1000 }, () => [wild(), mild()]),
  ]
})()
const [left, right] = [0, 1].map(i => Float32Array.from(pairs, pair => pair[i]!)) as [Float32Array, Float32Array]

const modulo = (a: number, b: number): number => {
  const rest = a % b
  if (rest === 0) return 0
  return (a < 0 && b < 0) || (a >= 0 && b >= 0) ? rest : (rest + b) % b // as tfjs has it
}
const binaryTruths: Readonly<Record<BinaryMath, readonly [(a: number, b: number) => number, number]>> = {
  add: [(a, b) => a + b, 0.5],
  sub: [(a, b) => a - b, 0.5],
  mul: [(a, b) => a * b, 0.5],
  div: [(a, b) => a / b, 0.5],
  pow: [Math.pow, 0.51],
  max: [Math.max, 0],
  min: [Math.min, 0],
  atan2: [Math.atan2, 3],
  mod: [modulo, 0.5],
  floorDiv: [(a, b) => Math.floor(Math.fround(a / b)), 0],
}

for (const ar of [plain, relaxed])
  s.test(`two arguments, ${ar.name}: on 31,000 pairs`, () => {
    for (const [name, [truth, bound]] of Object.entries(binaryTruths)) {
      const actual = compiled((x, y) => binaryMath[name as BinaryMath](ar, x, y))(left, right)
      for (let i = 0; i < left.length; i++) {
        const [a, b] = [left[i]!, right[i]!]
        const exact = truth(a, b)
        if (exact === 0 && actual[i] === 0 && ['max', 'min', 'mod'].includes(name)) continue // of either sign
        const error = ulps(actual[i]!, exact)
        ok(error <= bound, `${name}(${a}, ${b}): expected ${exact}, got ${actual[i]} (${error} units)`)
      }
    }
  })

s.test('the same bits in repeated runs', () => {
  for (const f of Object.values(unaryMath)) {
    const run = compiled(x => f(plain, x))
    const once = new Uint32Array(run(left).slice().buffer)
    equal(new Uint32Array(run(left).slice().buffer), once)
  }
})

s.run()
