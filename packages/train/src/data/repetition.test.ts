import { key, normalArray, uniformArray } from '@diffeo/core'
import { equal, is, near, ok, suite } from '@diffeo/testing'
import { latticeOf, onLattice } from './lattice.ts'
import { repetitionOf, type Repetition } from './repetition.ts'
import { valueCounter } from './value-counts.ts'

const s = suite('repeated values')

const n = 4000
const u = Float64Array.from(uniformArray(key(1), n))
const z = Float64Array.from(normalArray(key(2), n))

const verdict = (values: ArrayLike<number>): Repetition => {
  const counter = valueCounter(1 << 20)
  for (let i = 0; i < values.length; i++) counter.add(values[i]!)
  return repetitionOf({ rows: values.length, counts: counter.result(), sample: Float64Array.from(values) })
}
const distinct = (values: ArrayLike<number>): Float64Array => Float64Array.from(new Set(Array.from(values))).sort()
const lattice = (step: number): Repetition => ({ _tag: 'lattice', step })

const cases: ReadonlyArray<readonly [string, ArrayLike<number>, Repetition]> = [
  ['normal values', z, { _tag: 'continuous' }],
  ['normal values in float32', Float32Array.from(z), { _tag: 'continuous' }],
  ['fine decimals that hardly repeat', z.map(x => Number((100 * x).toFixed(4))), { _tag: 'continuous' }],
  ['hundredths', z.map(x => Number(x.toFixed(2))), lattice(0.01)],
  ['hundredths in float32', Float32Array.from(z, x => Number((200 + x).toFixed(2))), lattice(0.01)],
  ['hundredths with errors of arithmetic', z.map(x => Math.round(x * 100) * 0.01), lattice(0.01)],
  ['even thousandths', z.map(x => 0.002 * Math.round(x * 200)), lattice(0.002)],
  ['half-integers', z.map(x => Math.round(20 * x) + 0.5), lattice(1)],
  ['tens', z.map(x => 10 * Math.round(40 * x)), lattice(10)],
  ['0 and 1', u.map(x => (x < 0.3 ? 1 : 0)), lattice(1)],
  ['pixels divided by 256', u.map(x => Math.floor(256 * x) / 256), lattice(1 / 256)],
  ['zeros of a sub-meter', u.map(x => Math.max(0, Math.floor(800 * x) - 720)), lattice(1)],
  ['a cap on integers', z.map(x => Math.min(52, Math.round(30 + 15 * x))), lattice(1)],
  ['seconds of a month, in whole minutes', u.map(x => 1.7e9 + 60 * Math.floor(2000 * x)), lattice(60)],
  ['integers and one stray', z.map((x, i) => (i === 7 ? 3.3 : Math.round(300 * x))), lattice(1)],
  [
    'a cap off a lattice of hundreds',
    u.map(x => (x > 0.95 ? 500_001 : 100 * Math.floor(5000 * x))),
    { _tag: 'atoms', atoms: [{ value: 500_001, share: 0 }] },
  ],
  ['a cap', u.map(x => Math.min(x, 0.97)), { _tag: 'atoms', atoms: [{ value: 0.97, share: 0 }] }],
  ['dry days', u.map((x, i) => (x < 0.4 ? 0 : Math.exp(z[i]!))), { _tag: 'atoms', atoms: [{ value: 0, share: 0 }] }],
  ['two caps', u.map(x => Math.max(0.05, Math.min(x, 0.97))), { _tag: 'atoms', atoms: [{ value: 0.05, share: 0 }, { value: 0.97, share: 0 }] }], // prettier-ignore
  ['copied rows', z.map((_, i) => z[i % 1000]!), { _tag: 'repeated', step: null }],
  ['copied rows of fine decimals', z.map((_, i) => Number(z[i % 1000]!.toFixed(6))), { _tag: 'repeated', step: 1e-6 }],
  ['logarithms of integers', u.map(x => Math.log(1 + Math.floor(200 * x))), { _tag: 'repeated', step: null }],
]
for (const [what, values, expected] of cases)
  s.test(what, () => {
    const found = verdict(values)
    if (expected._tag !== 'atoms') return equal(found, expected)
    if (found._tag !== 'atoms') throw new Error(`expected atoms, got ${JSON.stringify(found)}`)
    equal(found.atoms.map(atom => atom.value), expected.atoms.map(atom => atom.value)) // prettier-ignore
    for (const { value, share } of found.atoms) is(share, Array.from(values).filter(x => x === value).length / values.length)
  })

s.test('steps that are no decimals, within rounding', () => {
  for (const [what, step, values] of [
    ['255ths', 1 / 255, u.map(x => Math.floor(256 * x) / 255)],
    ['255ths in float32', 1 / 255, Float64Array.from(Float32Array.from(u, x => Math.floor(256 * x) / 255))],
    ['degrees in radians', Math.PI / 18, u.map(x => (Math.floor(36 * x) * Math.PI) / 18)],
    ['Fahrenheit in Celsius', 5 / 9, u.map(x => ((Math.round(100 * x) - 32) * 5) / 9)],
  ] as const) {
    const found = verdict(values)
    if (found._tag !== 'lattice') throw new Error(`${what}: ${JSON.stringify(found)}`)
    near(found.step, step, { rtol: 1e-6, what })
  }
})

s.test('a lattice has all its values, and few others', () => {
  const values = distinct(z.map(x => 0.25 + 0.05 * Math.round(100 * x)))
  const found = latticeOf(values)!
  near([found.step, found.offset], [0.05, 0], { atol: 1e-12 })
  ok(values.every(x => onLattice(found, x)))
  ok(!onLattice(found, 0.26))
})

s.test('values without a step have no lattice', () => {
  is(latticeOf(distinct(z)), undefined)
  is(latticeOf(distinct(Float32Array.from(z))), undefined)
  is(latticeOf(Float64Array.of(Math.E, Math.PI, 10)), undefined)
})

s.test('small tables: a value that occurs twice is no atom', () => {
  is(verdict([...z.slice(0, 30), z[0]!])._tag, 'continuous')
})

s.run()
