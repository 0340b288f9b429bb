import { readFileSync } from 'node:fs'
import { equal, near, ok, suite, throws } from '@diffeo/testing'
import { normalArray, randintArray, uniformArray } from './arrays.ts'
import { key, type Key } from './key.ts'

interface Draw {
  readonly key: ReadonlyArray<number>
  readonly count: number
  readonly values: ReadonlyArray<number>
}
interface Between extends Draw {
  readonly low: number
  readonly high: number
}
interface Fixture {
  readonly uniform: ReadonlyArray<Between>
  readonly normal: ReadonlyArray<Draw>
  readonly randint: ReadonlyArray<Between>
  readonly longNormal: Draw & {
    readonly every: number
    readonly largest: { readonly indices: ReadonlyArray<number>; readonly values: ReadonlyArray<number> }
    readonly sum: number
    readonly sumOfSquares: number
    readonly min: number
    readonly max: number
  }
}
const jax = JSON.parse(readFileSync(new URL('../../../../tests/fixtures/jax-keys.json', import.meta.url), 'utf8')) as Fixture
const keyOf = (draw: Draw): Key => Uint32Array.from(draw.key)

const s = suite('random arrays')

s.test('uniform numbers are those of jax', () => {
  ok(jax.uniform.length >= 20)
  for (const draw of jax.uniform) equal([...uniformArray(keyOf(draw), draw.count, draw)], draw.values, `on [${draw.low}, ${draw.high})`)
  const [unit] = jax.uniform.filter(draw => draw.low === 0 && draw.high === 1)
  equal([...uniformArray(keyOf(unit!), unit!.count)], unit!.values)
})

s.test('integers are those of jax', () => {
  ok(jax.randint.length >= 20)
  for (const draw of jax.randint)
    equal([...randintArray(keyOf(draw), draw.count, draw.low, draw.high)], draw.values, `on [${draw.low}, ${draw.high})`)
})

s.test('normal numbers are those of jax within 1e-6', () => {
  ok(jax.normal.length >= 10)
  for (const draw of jax.normal) near(normalArray(keyOf(draw), draw.count), draw.values, { atol: 1e-6 })
})

s.test('a million normal numbers are those of jax within 1e-6, the farthest too', () => {
  const long = jax.longNormal
  const z = normalArray(keyOf(long), long.count)
  near(
    z.filter((_, i) => i % long.every === 0),
    long.values,
    { atol: 1e-6 },
  )
  near(
    long.largest.indices.map(i => z[i]!),
    long.largest.values,
    { atol: 1e-6 },
  )
  near(extremes(z), [long.min, long.max], { atol: 1e-6 })
  near(
    z.reduce((a, b) => a + b, 0),
    long.sum,
    { atol: 1e-2 },
  )
  near(
    z.reduce((a, b) => a + b * b, 0),
    long.sumOfSquares,
    { rtol: 1e-7 },
  )
})

const extremes = (z: Float32Array): ReadonlyArray<number> => [
  z.reduce((a, b) => Math.min(a, b), Infinity),
  z.reduce((a, b) => Math.max(a, b), -Infinity),
]

s.test('uniform numbers stay in their interval and fill it', () => {
  const u = uniformArray(key(7), 100_000, { low: -2, high: 3 })
  ok(u.every(x => x >= -2 && x < 3))
  near(u.reduce((a, b) => a + b, 0) / u.length, 0.5, { atol: 0.02 })
})

s.test('no numbers on request', () => {
  equal([uniformArray(key(0), 0).length, normalArray(key(0), 0).length, randintArray(key(0), 0, 0, 1).length], [0, 0, 0])
})

s.test('bad bounds, counts and keys are errors that name the sampler', () => {
  for (const bounds of [{ low: 1, high: 0 }, { low: NaN }, { high: Infinity }, { low: -3e38, high: 3e38 }, { low: -1e39, high: 0 }])
    throws(() => uniformArray(key(0), 1, bounds), /^uniform: expected finite float32 bounds low <= high, got /)
  for (const [low, high] of [
    [0, 0],
    [5, 2],
    [0.5, 2],
    [0, NaN],
    [-(2 ** 31) - 1, 0],
    [0, 2 ** 31 + 1],
  ] as const)
    throws(() => randintArray(key(0), 1, low, high), /^randint: expected integers low < high in \[-2\^31, 2\^31\], got /)
  throws(() => uniformArray(key(0), -1), /^uniform: expected a count/)
  throws(() => normalArray(key(0), 0.5), /^normal: expected a count/)
  throws(() => randintArray(key(0), NaN, 0, 2), /^randint: expected a count/)
  throws(() => normalArray(new Uint32Array(1), 2), /^normal: expected a key/)
})

s.run()
