import { leaves } from '@diffeo/core'
import { equal, near, suite } from '@diffeo/testing'
import { builder } from '../../builder.ts'
import { emit } from '../../emit.ts'
import type { Emit } from '../../emit.ts'
import { evaluate } from '../../evaluate/evaluate.ts'
import { print } from '../../print.ts'
import type { Program, Type, Value } from '../../program.ts'
import { sizeOf } from '../../shape.ts'
import { deadCode } from '../dead-code.ts'
import { simplify } from '../simplify.ts'
import { algebraic } from './algebra.ts'

const f = (...shape: ReadonlyArray<number>): Type => ({ shape, dtype: 'float32' })
const bool = (...shape: ReadonlyArray<number>): Type => ({ shape, dtype: 'bool' })

type Body = (e: Emit, ...inputs: Value[]) => Value

/** The program of a body, with inputs x0, x1, ... */
const programOf = (types: ReadonlyArray<Type>, body: Body): Program => {
  const b = builder()
  const inputs = types.map((type, i) => b.input({ ...type, name: `x${i}` }))
  return b.finish(body(emit(b), ...inputs))
}

/** The nodes of a printed program. */
const nodesOf = (program: Program): ReadonlyArray<string> =>
  print(program)
    .split('\n')
    .filter(line => line.includes(' = ') && !line.startsWith('const'))
    .map(line => line.trim())

const awkward = [0.3, -1.7, 2.5, -0.5, 1, 3.25, -2, 0.9, -0.1, 1.5, 7.75]
const given = ({ shape, dtype }: Type, salt: number): ReadonlyArray<number> =>
  Array.from({ length: sizeOf(shape) }, (_, i) => {
    const x = awkward[(5 * i + 3 * salt) % awkward.length]!
    return dtype === 'bool' ? +(x > 0) : x
  })

const half: Body = (e, x) => e.binary('mul', x!, e.like(x!, 0.5))
const node = (op: 'add' | 'mul' | 'sub' | 'max' | 'min' | 'div' | 'pow', c: number, left = false): Body =>
  left ? (e, x) => e.binary(op, e.like(x!, c), x!) : (e, x) => e.binary(op, x!, e.like(x!, c))
const matrix = { op: 'matmul', transposeA: false, transposeB: false } as const
const hot = (e: Emit): Value => e.constant([2, 3], 'float32', [0, 0, 1, 1, 0, 0])
const ints = (e: Emit, ...values: number[]): Value => e.constant([values.length], 'int32', values)

/** What each rule makes of a small program: its nodes after. */
const cases: ReadonlyArray<readonly [string, ReadonlyArray<Type>, Body, ReadonlyArray<string>]> = [
  ['x + 0', [f(3)], node('add', 0), []],
  ['0 + x', [f(3)], node('add', 0, true), []],
  ['x - 0', [f(3)], node('sub', 0), []],
  ['0 - x', [f(3)], node('sub', 0, true), ['%1 f32[3] = neg %0']],
  ['x 1', [f(3)], node('mul', 1), []],
  ['-1 x', [f(3)], node('mul', -1, true), ['%1 f32[3] = neg %0']],
  ['0 x stays, since x may be infinite', [f(3)], node('mul', 0), ['%2 f32[3] = mul %0 %1']],
  ['0 x of integers', [{ shape: [3], dtype: 'int32' }], (e, x) => e.binary('mul', x!, e.like(x!, 0)), []],
  ['x / 1', [f(3)], node('div', 1), []],
  ['x / 4', [f(3)], node('div', 4), ['%2 f32[3] = mul %0 %1']],
  ['x / 3 stays, since 1/3 is rounded', [f(3)], node('div', 3), ['%2 f32[3] = div %0 %1']],
  ['1 / x', [f(3)], node('div', 1, true), ['%1 f32[3] = reciprocal %0']],
  ['x^2', [f(3)], node('pow', 2), ['%1 f32[3] = square %0']],
  ['x^3', [f(3)], node('pow', 3), ['%1 f32[3] = square %0', '%2 f32[3] = mul %1 %0']],
  ['x^-1', [f(3)], node('pow', -1), ['%1 f32[3] = reciprocal %0']],
  ['x^0', [f(3)], node('pow', 0), []],
  ['max(x, -inf)', [f(3)], node('max', -Infinity), []],
  ['min(x, inf)', [f(3)], node('min', Infinity), []],
  ['x 0.5 4', [f(3)], (e, x) => node('mul', 4)(e, half(e, x!)), ['%2 f32[3] = mul %0 %1']],
  ['-(-x)', [f(3)], (e, x) => e.unary('neg', e.unary('neg', x!)), []],
  ['-(x - y)', [f(3), f(3)], (e, x, y) => e.unary('neg', e.binary('sub', x!, y!)), ['%2 f32[3] = sub %1 %0']],
  ['-(x 0.5)', [f(3)], (e, x) => e.unary('neg', half(e, x!)), ['%2 f32[3] = mul %0 %1']],
  ['x + -y', [f(3), f(3)], (e, x, y) => e.binary('add', x!, e.unary('neg', y!)), ['%2 f32[3] = sub %0 %1']],
  ['-x + y', [f(3), f(3)], (e, x, y) => e.binary('add', e.unary('neg', x!), y!), ['%2 f32[3] = sub %1 %0']],
  ['x - -y', [f(3), f(3)], (e, x, y) => e.binary('sub', x!, e.unary('neg', y!)), ['%2 f32[3] = add %0 %1']],
  ['-x -y', [f(3), f(3)], (e, x, y) => e.binary('mul', e.unary('neg', x!), e.unary('neg', y!)), ['%2 f32[3] = mul %0 %1']],
  ['x x', [f(3)], (e, x) => e.binary('mul', x!, x!), ['%1 f32[3] = square %0']],
  ['|-x|', [f(3)], (e, x) => e.unary('abs', e.unary('neg', x!)), ['%1 f32[3] = abs %0']],
  ['|x^2|', [f(3)], (e, x) => e.unary('abs', e.unary('square', x!)), ['%1 f32[3] = square %0']],
  ['|x|^2', [f(3)], (e, x) => e.unary('square', e.unary('abs', x!)), ['%1 f32[3] = square %0']],
  ['log exp x', [f(3)], (e, x) => e.unary('log', e.unary('exp', x!)), []],
  [
    'exp log x stays, since x may be negative',
    [f(3)],
    (e, x) => e.unary('exp', e.unary('log', x!)),
    ['%1 f32[3] = log %0', '%2 f32[3] = exp %1'],
  ],
  ['select of a known condition', [f(3), f(3)], (e, x, y) => e.select(e.fill([3], 'bool', 0), x!, y!), []],
  ['select of one value', [bool(3), f(3)], (e, c, x) => e.select(c!, x!, x!), []],
  ['select not', [bool(3), f(3), f(3)], (e, c, x, y) => e.select(e.unary('not', c!), x!, y!), ['%3 f32[3] = select %0 %2 %1']],
  [
    'select 1, 0',
    [bool(3)],
    (e, c) => e.select(c!, e.fill([3], 'float32', 1), e.fill([3], 'float32', 0)),
    ['%1 f32[3] = cast{dtype=float32} %0'],
  ],
  ['casts of a bool', [bool(3)], (e, c) => e.cast(e.cast(c!, 'int32'), 'float32'), ['%1 f32[3] = cast{dtype=float32} %0']],
  ['not equal', [f(3), f(3)], (e, x, y) => e.unary('not', e.binary('eq', x!, y!)), ['%2 bool[3] = ne %0 %1']],
  ['and true', [bool(3)], (e, c) => e.binary('and', c!, e.like(c!, 1)), []],
  ['or true', [bool(3)], (e, c) => e.binary('or', c!, e.like(c!, 1)), []],
  [
    'transposes into a product',
    [f(3, 2), f(4, 3)],
    (e, x, y) => e.node(matrix, e.transpose(x!, [1, 0]), e.transpose(y!, [1, 0])),
    ['%2 f32[2,4] = matmul{transposeA=true transposeB=true} %0 %1'],
  ],
  [
    'transpose of a product',
    [f(2, 3), f(3, 4)],
    (e, x, y) => e.transpose(e.node(matrix, x!, y!), [1, 0]),
    ['%2 f32[4,2] = matmul{transposeA=true transposeB=true} %1 %0'],
  ],
  [
    'a product with one-hot rows, transposed, is a scatter',
    [f(2, 4)],
    (e, x) => e.node({ ...matrix, transposeA: true }, hot(e), x!),
    ['%2 f32[3,4] = scatterAdd{axis=0 size=3} %0 %1'],
  ],
  [
    'a product with one-hot rows is a gather',
    [f(3, 4)],
    (e, x) => e.node(matrix, hot(e), x!),
    ['%1 f32[2,4] = slice{begin=[0,0] size=[2,4] stride=[2,1]} %0', '%2 f32[2,4] = reverse{axes=[0]} %1'],
  ],
  [
    'from the right a product with one-hot rows is a scatter of columns',
    [f(4, 2)],
    (e, x) => e.node(matrix, x!, hot(e)),
    ['%2 f32[4,3] = scatterAdd{axis=1 size=3} %0 %1'],
  ],
  [
    'from the right, transposed, a gather of columns; of a transpose a transpose',
    [f(3, 4)],
    (e, x) => e.node({ ...matrix, transposeA: true, transposeB: true }, x!, hot(e)),
    [
      '%1 f32[4,3] = transpose{perm=[1,0]} %0',
      '%2 f32[4,2] = slice{begin=[0,0] size=[4,2] stride=[1,2]} %1',
      '%3 f32[4,2] = reverse{axes=[1]} %2',
    ],
  ],
  ['reshape of a reshape', [f(6)], (e, x) => e.reshape(e.reshape(x!, [2, 3]), [3, 2]), ['%1 f32[3,2] = reshape{shape=[3,2]} %0']],
  ['transposes that undo each other', [f(2, 3, 4)], (e, x) => e.transpose(e.transpose(x!, [2, 0, 1]), [1, 2, 0]), []],
  ['a transpose that moves nothing', [f(2, 1, 3)], (e, x) => e.transpose(x!, [1, 0, 2]), ['%1 f32[1,2,3] = reshape{shape=[1,2,3]} %0']],
  [
    'broadcast of a broadcast',
    [f(3)],
    (e, x) => e.broadcastTo(e.broadcastTo(x!, [2, 3]), [4, 2, 3]),
    ['%1 f32[4,2,3] = broadcast{shape=[4,2,3] axes=[2]} %0'],
  ],
  [
    'broadcast of axes of one value',
    [f(2, 1)],
    (e, x) => e.broadcastTo(x!, [2, 3]),
    ['%1 f32[2] = reshape{shape=[2]} %0', '%2 f32[2,3] = broadcast{shape=[2,3] axes=[0]} %1'],
  ],
  [
    'transpose of a broadcast',
    [f(2)],
    (e, x) => e.transpose(e.broadcastTo(e.reshape(x!, [2, 1]), [2, 3]), [1, 0]),
    ['%1 f32[3,2] = broadcast{shape=[3,2] axes=[1]} %0'],
  ],
  [
    'slice of a slice',
    [f(9)],
    (e, x) => e.slice(e.slice(x!, [1], [4], [2]), [1], [2], [2]),
    ['%1 f32[2] = slice{begin=[3] size=[2] stride=[4]} %0'],
  ],
  ['slice of a concat', [f(2), f(3)], (e, x, y) => e.slice(e.concat([x!, y!], 0), [2], [3]), []],
  ['reverse of a reverse', [f(3, 2)], (e, x) => e.reverse(e.reverse(x!, [0, 1]), [1]), ['%1 f32[3,2] = reverse{axes=[0]} %0']],
  [
    'slice of a reverse',
    [f(5)],
    (e, x) => e.slice(e.reverse(x!, [0]), [1], [2]),
    ['%1 f32[2] = slice{begin=[2] size=[2] stride=[1]} %0', '%2 f32[2] = reverse{axes=[0]} %1'],
  ],
  ['sum of a sum', [f(2, 3, 4)], (e, x) => e.reduce('sum', e.reduce('sum', x!, [1]), [0]), ['%1 f32[4] = reduce{kind=sum axes=[0,1]} %0']],
  ['sum along an axis of one value', [f(2, 1)], (e, x) => e.reduce('sum', x!, [1]), ['%1 f32[2] = reshape{shape=[2]} %0']],
  ['sum of a broadcast', [f(3)], (e, x) => e.reduce('sum', e.broadcastTo(x!, [4, 3]), [0]), ['%2 f32[3] = mul %0 %1']],
  ['maximum of a broadcast', [f(3)], (e, x) => e.reduce('max', e.broadcastTo(x!, [4, 3]), [0]), []],
  [
    'sum of a multiple',
    [f(3)],
    (e, x) => e.reduce('sum', half(e, x!), [0]),
    ['%2 f32[] = reduce{kind=sum axes=[0]} %0', '%3 f32[] = mul %2 %1'],
  ],
  [
    'sum of negatives',
    [f(3)],
    (e, x) => e.reduce('sum', e.unary('neg', x!), [0]),
    ['%1 f32[] = reduce{kind=sum axes=[0]} %0', '%2 f32[] = neg %1'],
  ],
  [
    'gather at evenly spaced places',
    [f(2, 6)],
    (e, x) => e.node({ op: 'gather', axis: 1 }, x!, ints(e, 1, 3, 5)),
    ['%1 f32[2,3] = slice{begin=[0,1] size=[2,3] stride=[1,2]} %0'],
  ],
  ['gather backwards', [f(3)], (e, x) => e.node({ op: 'gather', axis: 0 }, x!, ints(e, 2, 1, 0)), ['%1 f32[3] = reverse{axes=[0]} %0']],
  [
    'gather of a gather, evenly spaced',
    [f(6)],
    (e, x) => e.node({ op: 'gather', axis: 0 }, e.node({ op: 'gather', axis: 0 }, x!, ints(e, 5, 0, 4, 1)), ints(e, 1, 3)),
    ['%1 f32[2] = slice{begin=[0] size=[2] stride=[1]} %0'],
  ],
  [
    'slice of a gather',
    [f(6)],
    (e, x) => e.slice(e.node({ op: 'gather', axis: 0 }, x!, ints(e, 5, 0, 4, 1)), [1], [3]),
    ['%2 f32[3] = gather{axis=0} %0 %1'],
  ],
  [
    'scatter at consecutive places',
    [f(2)],
    (e, x) => e.node({ op: 'scatterAdd', axis: 0, size: 5 }, x!, ints(e, 1, 2)),
    ['%1 f32[5] = pad{before=[1] after=[2] value=0} %0'],
  ],
  [
    'scatter at every place',
    [f(3)],
    (e, x) => e.node({ op: 'scatterAdd', axis: 0, size: 3 }, x!, ints(e, 2, 0, 1)),
    ['%2 f32[3] = gather{axis=0} %0 %1'],
  ],
  [
    'scatters at places that make up all',
    [f(2), f(1)],
    (e, x, y) =>
      e.binary(
        'add',
        e.node({ op: 'scatterAdd', axis: 0, size: 3 }, x!, ints(e, 0, 2)),
        e.node({ op: 'scatterAdd', axis: 0, size: 3 }, e.concat([y!, y!], 0), ints(e, 1, 1)),
      ),
    ['%3 f32[4] = concat{axis=0} %0 %1 %1', '%4 f32[3] = scatterAdd{axis=0 size=3} %3 %2'],
  ],
  [
    'pads that lie side by side',
    [f(2), f(3)],
    (e, x, y) =>
      e.binary(
        'add',
        e.node({ op: 'pad', before: [0], after: [3], value: 0 }, x!),
        e.node({ op: 'pad', before: [2], after: [0], value: 0 }, y!),
      ),
    ['%2 f32[5] = concat{axis=0} %0 %1'],
  ],
  [
    'slices that follow one another',
    [f(6)],
    (e, x) => e.concat([e.slice(x!, [1], [2]), e.slice(x!, [3], [2])], 0),
    ['%1 f32[4] = slice{begin=[1] size=[4] stride=[1]} %0'],
  ],
  ['concat of a concat', [f(1), f(2)], (e, x, y) => e.concat([e.concat([x!, y!], 0), x!], 0), ['%2 f32[4] = concat{axis=0} %0 %1 %0']],
  [
    'a transpose before a pad',
    [f(2, 3)],
    (e, x) => e.transpose(e.node({ op: 'pad', before: [1, 0], after: [0, 2], value: 3 }, e.transpose(x!, [1, 0])), [1, 0]),
    ['%1 f32[4,4] = pad{before=[0,1] after=[2,0] value=3} %0'],
  ],
  [
    'axes of one value around a slice',
    [f(2, 6)],
    (e, x) => e.reshape(e.slice(e.reshape(x!, [2, 1, 6]), [0, 0, 1], [2, 1, 2]), [2, 2]),
    ['%1 f32[2,2] = slice{begin=[0,1] size=[2,2] stride=[1,1]} %0'],
  ],
]

const multipleOfInfinity = (): Program => programOf([f(3)], (e, x) => e.reduce('sum', e.binary('mul', x!, e.like(x!, Infinity)), [0]))

const s = suite('algebra')
s.test('a sum of an infinite multiple is NaN where a zero is among the values', () => {
  const [before, after] = [multipleOfInfinity(), deadCode(simplify(multipleOfInfinity(), algebraic))]
  for (const program of [before, after])
    equal(
      leaves(evaluate(program, [[0, 1, 2]])).map(data => [...data]),
      [[NaN]],
    )
})
for (const [name, types, body, expected] of cases)
  s.test(name, () => {
    const before = programOf(types, body)
    const after = deadCode(simplify(before, algebraic))
    equal(nodesOf(after), expected)
    const inputs = types.map(given)
    near(leaves(evaluate(after, inputs))[0]!, leaves(evaluate(before, inputs))[0]!, { atol: 1e-6, rtol: 1e-6 })
  })
s.run()
