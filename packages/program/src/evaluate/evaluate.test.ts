import { leaves } from '@diffeo/core'
import { equal, near, suite, throws } from '@diffeo/testing'
import { builder } from '../builder.ts'
import type { Builder } from '../builder.ts'
import type { DType, Program, Type, Value } from '../program.ts'
import { evaluate } from './evaluate.ts'

const of = (f: (b: Builder, ...inputs: Value[]) => Value, ...types: ReadonlyArray<Type>): Program => {
  const b = builder()
  const inputs = types.map((type, i) => b.input({ ...type, name: `x${i}` }))
  return b.finish(f(b, ...inputs))
}
const vector = (dtype: DType, ...shape: ReadonlyArray<number>): Type => ({ shape, dtype })
const numbers = (program: Program, ...inputs: ReadonlyArray<ReadonlyArray<number>>): ReadonlyArray<number> => [
  ...leaves(evaluate(program, inputs))[0]!,
]

const s = suite('evaluate')

s.test('erf to float64', () => {
  // scipy.special.erf
  const program = of((b, x) => b.node({ op: 'erf' }, x!), vector('float32', 6))
  const xs = [0, 0.5, 1, 2.5, 3.5, -7]
  const expected = [0, 0.5204998778130465, 0.8427007929497149, 0.999593047982555, 0.9999992569016276, -1]
  near(leaves(evaluate(program, [xs], { precision: 'float64' }))[0]!, expected, { atol: 1e-15 })
})

s.test('results are rounded to float32, or not at all', () => {
  const program = of((b, x) => b.node({ op: 'reciprocal' }, x!), vector('float32', 1))
  equal(numbers(program, [3]), [Math.fround(1 / 3)])
  equal([...leaves(evaluate(program, [[3]], { precision: 'float64' }))[0]!], [1 / 3])
})

s.test('sums and products of matrices accumulate in float64', () => {
  const n = 1_000_000
  const sum = of((b, x) => b.node({ op: 'reduce', kind: 'sum', axes: [0] }, x!), vector('float32', n))
  equal(numbers(sum, new Array<number>(n).fill(0.1)), [Math.fround(Math.fround(0.1) * n)])
})

s.test('integers wrap around at 32 bits', () => {
  const product = of((b, x, y) => b.node({ op: 'mul' }, x!, y!), vector('int32', 1), vector('int32', 1))
  equal(numbers(product, [0x7fffffff], [0x7ffffffd]), [3])
  const sum = of((b, x) => b.node({ op: 'reduce', kind: 'prod', axes: [0] }, x!), vector('int32', 2))
  equal(numbers(sum, [0x7fffffff, 0x7ffffffd]), [3])
})

s.test('an output that is an input is a copy', () => {
  const program = of((_, x) => x!, vector('float32', 2))
  const given = Float32Array.of(1, 2)
  leaves(evaluate(program, [given]))[0]![0] = 9
  equal([...given], [1, 2])
})

s.test('a custom op is its composite', () => {
  const composite = of((b, x) => b.node({ op: 'exp' }, x!), vector('float32', 2))
  const primitive = { op: 'custom', name: 'mine', attrs: '{}', composite } as const
  near(
    numbers(
      of((b, x) => b.node(primitive, x!), vector('float32', 2)),
      [0, 1],
    ),
    [1, Math.E],
  )
  const b = builder()
  const x = b.input({ ...vector('float32', 2), name: 'x' })
  const [y] = b.nodes({ ...primitive, composite: null }, [x], [vector('float32', 2)])
  throws(
    () => evaluate(b.finish(y!), [[0, 1]]),
    /^evaluate: expected a composite or a host op, got neither for 'mine'; import the module that defines it$/,
  )
})

s.test('inputs that do not fit are errors', () => {
  const program = of((_, x) => x!, vector('float32', 2))
  throws(() => evaluate(program, []), /^evaluate: expected 1 inputs, got 0$/)
  throws(() => evaluate(program, [[1, 2, 3]]), /^evaluate: expected 2 numbers for x0 f32\[2\], got 3$/)
})

s.run()
