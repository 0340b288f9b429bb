import { leaves } from '@diffeo/core'
import { equal, near, ok, suite } from '@diffeo/testing'
import { builder } from '../builder.ts'
import type { Builder } from '../builder.ts'
import { evaluate } from '../evaluate/evaluate.ts'
import { print } from '../print.ts'
import type { Program, Value } from '../program.ts'
import { commonSubexpressions } from './cse.ts'
import { deadCode } from './dead-code.ts'
import { foldConstants } from './fold-constants.ts'
import { removeIdentities } from './identity.ts'
import { optimize } from './optimize.ts'
import { sinkBroadcasts } from './sink-broadcasts.ts'
import { sinkReshapes } from './sink-reshapes.ts'

const program = (body: (b: Builder, x: Value, y: Value) => Value): Program => {
  const b = builder()
  const x = b.input({ shape: [2, 3], dtype: 'float32', name: 'x' })
  const y = b.input({ shape: [3], dtype: 'float32', name: 'y' })
  return b.finish(body(b, x, y))
}

/** What stands after the inputs. */
const shown = (p: Program): ReadonlyArray<string> =>
  print(p)
    .split('\n')
    .slice(p.inputs.length)
    .map(line => line.trim())

const numbers = [
  [1, -2, 3, 0.5, 5, -6],
  [0.25, 2, -1],
]

/** The program before and after a pass, which must not change what it computes; and the pass gives it back when it has nothing to do. */
const check = (
  pass: (p: Program) => Program,
  before: Program,
  expectedBefore: ReadonlyArray<string>,
  expected: ReadonlyArray<string>,
): void => {
  equal(shown(before), expectedBefore)
  const after = pass(before)
  equal(shown(after), expected)
  near(leaves(evaluate(after, numbers))[0]!, leaves(evaluate(before, numbers))[0]!, { rtol: 1e-6 })
  const again = deadCode(after)
  ok(pass(again) === again)
}

const s = suite('passes')

s.test('identities vanish', () => {
  const before = program((b, x) => {
    const r = b.node({ op: 'reshape', shape: [2, 3] }, x)
    const c = b.node({ op: 'cast', dtype: 'float32' }, r)
    const t = b.node({ op: 'transpose', perm: [0, 1] }, c)
    const w = b.node({ op: 'broadcast', shape: [2, 3], axes: [0, 1] }, t)
    const p = b.node({ op: 'pad', before: [0, 0], after: [0, 0], value: 1 }, w)
    const l = b.node({ op: 'slice', begin: [0, 0], size: [2, 3], stride: [1, 1] }, p)
    const v = b.node({ op: 'reverse', axes: [] }, l)
    return b.node({ op: 'concat', axis: 0 }, b.node({ op: 'reduce', kind: 'sum', axes: [] }, v))
  })
  check(
    removeIdentities,
    before,
    [
      '%2 f32[2,3] = reshape{shape=[2,3]} %0',
      '%3 f32[2,3] = cast{dtype=float32} %2',
      '%4 f32[2,3] = transpose{perm=[0,1]} %3',
      '%5 f32[2,3] = broadcast{shape=[2,3] axes=[0,1]} %4',
      '%6 f32[2,3] = pad{before=[0,0] after=[0,0] value=1} %5',
      '%7 f32[2,3] = slice{begin=[0,0] size=[2,3] stride=[1,1]} %6',
      '%8 f32[2,3] = reverse{axes=[]} %7',
      '%9 f32[2,3] = reduce{kind=sum axes=[]} %8',
      '%10 f32[2,3] = concat{axis=0} %9',
      'output  %10',
    ],
    ['output  %0'],
  )
})

s.test('a square transpose of equal shape is no identity', () => {
  const b = builder()
  const x = b.input({ shape: [2, 2], dtype: 'float32', name: 'x' })
  const p = b.finish(b.node({ op: 'transpose', perm: [1, 0] }, x))
  ok(removeIdentities(p) === p)
})

s.test('what engines round differently is left to the kernels that run the program, once for a repeated number', () => {
  const before = program((b, x) => {
    const two = b.node({ op: 'exp' }, b.fill([2, 3], 'float32', 2))
    const one = b.node({ op: 'exp' }, b.fill([2, 3], 'float32', 0))
    return b.node({ op: 'add' }, x, b.node({ op: 'mul' }, two, one))
  })
  check(
    foldConstants,
    before,
    [
      'const   %2 f32[2,3] = 2',
      'const   %3 f32[2,3] = 0',
      '%4 f32[2,3] = exp %2',
      '%5 f32[2,3] = exp %3',
      '%6 f32[2,3] = mul %4 %5',
      '%7 f32[2,3] = add %0 %6',
      'output  %7',
    ],
    [
      'const   %2 f32[] = 2',
      'const   %3 f32[2,3] = 1',
      '%4 f32[] = exp %2',
      '%5 f32[2,3] = broadcast{shape=[2,3] axes=[]} %4',
      '%6 f32[2,3] = mul %5 %3',
      '%7 f32[2,3] = add %0 %6',
      'output  %7',
    ],
  )
})

s.test('constants are computed, and a fill stays a fill', () => {
  const before = program((b, x) => {
    const c = b.constant({ shape: [3], dtype: 'float32', data: Float32Array.of(1, 2, 3) })
    const e = b.node({ op: 'square' }, c)
    const large = b.fill([1000, 1000], 'float32', 2)
    const half = b.node({ op: 'reduce', kind: 'sum', axes: [0] }, b.node({ op: 'reciprocal' }, large))
    const three = b.node({ op: 'slice', begin: [0], size: [3], stride: [1] }, half)
    return b.node({ op: 'add' }, x, b.node({ op: 'broadcast', shape: [2, 3], axes: [1] }, b.node({ op: 'add' }, e, three)))
  })
  check(
    foldConstants,
    before,
    [
      'const   %2 f32[3] = [1, 2, 3]',
      'const   %3 f32[1000,1000] = 2',
      '%4 f32[3] = square %2',
      '%5 f32[1000,1000] = reciprocal %3',
      '%6 f32[1000] = reduce{kind=sum axes=[0]} %5',
      '%7 f32[3] = slice{begin=[0] size=[3] stride=[1]} %6',
      '%8 f32[3] = add %4 %7',
      '%9 f32[2,3] = broadcast{shape=[2,3] axes=[1]} %8',
      '%10 f32[2,3] = add %0 %9',
      'output  %10',
    ],
    ['const   %2 f32[2,3] = [501, 504, 509, ...]', '%3 f32[2,3] = add %0 %2', 'output  %3'],
  )
})

s.test('large results are not computed', () => {
  const p = program(b => b.node({ op: 'iota', shape: [100, 100], axis: 0 }))
  ok(foldConstants(p) === p)
})

s.test('what is computed twice is computed once, whatever the order of a sum', () => {
  const twin = (): Float32Array => Float32Array.of(1, 2, 3)
  const before = program((b, x, y) => {
    const row = b.node({ op: 'broadcast', shape: [2, 3], axes: [1] }, y)
    const again = b.node({ op: 'broadcast', shape: [2, 3], axes: [1] }, y)
    const [p, q] = [b.node({ op: 'add' }, x, row), b.node({ op: 'add' }, again, x)]
    const [c, d] = [b.constant({ shape: [3], dtype: 'float32', data: twin() }), b.constant({ shape: [3], dtype: 'float32', data: twin() })]
    const sum = b.node({ op: 'broadcast', shape: [2, 3], axes: [1] }, b.node({ op: 'sub' }, c, d))
    return b.node({ op: 'add' }, b.node({ op: 'sub' }, p, q), sum)
  })
  equal(before.nodes.length, 8)
  const after = commonSubexpressions(before)
  equal(shown(after), [
    'const   %2 f32[3] = [1, 2, 3]',
    '%3 f32[2,3] = broadcast{shape=[2,3] axes=[1]} %1',
    '%4 f32[2,3] = add %0 %3',
    '%5 f32[3] = sub %2 %2',
    '%6 f32[2,3] = broadcast{shape=[2,3] axes=[1]} %5',
    '%7 f32[2,3] = sub %4 %4',
    '%8 f32[2,3] = add %7 %6',
    'output  %8',
  ])
  ok(commonSubexpressions(after) === after)
})

s.test('nodes and constants that differ in one attribute or bit are kept apart', () => {
  const p = program((b, x, y) => {
    const zeros = [b.fill([3], 'float32', 0), b.fill([3], 'float32', -0)] as const
    const [u, v] = zeros.map(zero => b.node({ op: 'div' }, y, zero))
    const sums = [b.node({ op: 'reduce', kind: 'sum', axes: [0] }, x), b.node({ op: 'reduce', kind: 'max', axes: [0] }, x)] as const
    return b.node({ op: 'concat', axis: 0 }, u!, v!, ...sums, b.node({ op: 'sub' }, ...sums), b.node({ op: 'sub' }, sums[1], sums[0]))
  })
  ok(commonSubexpressions(p) === p)
})

s.test('what no output needs is left out; inputs stay', () => {
  const before = program((b, x, y) => {
    b.node({ op: 'exp' }, b.node({ op: 'neg' }, b.node({ op: 'add' }, y, b.fill([3], 'float32', 2))))
    return b.node({ op: 'exp' }, x)
  })
  check(
    deadCode,
    before,
    ['const   %2 f32[3] = 2', '%3 f32[3] = add %1 %2', '%4 f32[3] = neg %3', '%5 f32[3] = exp %4', '%6 f32[2,3] = exp %0', 'output  %6'],
    ['%2 f32[2,3] = exp %0', 'output  %2'],
  )
})

s.test('functions of repeated values are computed before they are repeated', () => {
  const before = program((b, x, y) => {
    const row = b.node({ op: 'broadcast', shape: [2, 3], axes: [1] }, y)
    const twice = b.node({ op: 'mul' }, b.node({ op: 'exp' }, row), b.fill([2, 3], 'float32', 2))
    return b.node({ op: 'add' }, x, b.node({ op: 'sub' }, twice, row))
  })
  check(
    p => deadCode(sinkBroadcasts(p)),
    before,
    [
      'const   %2 f32[2,3] = 2',
      '%3 f32[2,3] = broadcast{shape=[2,3] axes=[1]} %1',
      '%4 f32[2,3] = exp %3',
      '%5 f32[2,3] = mul %4 %2',
      '%6 f32[2,3] = sub %5 %3',
      '%7 f32[2,3] = add %0 %6',
      'output  %7',
    ],
    [
      'const   %2 f32[3] = 2',
      '%3 f32[3] = exp %1',
      '%4 f32[3] = mul %3 %2',
      '%5 f32[3] = sub %4 %1',
      '%6 f32[2,3] = broadcast{shape=[2,3] axes=[1]} %5',
      '%7 f32[2,3] = add %0 %6',
      'output  %7',
    ],
  )
})

s.test('reshapes go below elementwise functions', () => {
  const before = program((b, x) => {
    const flat = b.node({ op: 'reshape', shape: [6] }, x)
    return b.node({ op: 'mul' }, b.node({ op: 'exp' }, flat), b.fill([6], 'float32', 2))
  })
  check(
    p => deadCode(sinkReshapes(p)),
    before,
    ['const   %2 f32[6] = 2', '%3 f32[6] = reshape{shape=[6]} %0', '%4 f32[6] = exp %3', '%5 f32[6] = mul %4 %2', 'output  %5'],
    ['const   %2 f32[2,3] = 2', '%3 f32[2,3] = exp %0', '%4 f32[2,3] = mul %3 %2', '%5 f32[6] = reshape{shape=[6]} %4', 'output  %5'],
  )
})

s.test('elementwise functions lose axes of one value, but those of products', () => {
  const sliced = program((b, x) => {
    const column = b.node({ op: 'slice', begin: [0, 1], size: [2, 1], stride: [1, 1] }, x)
    return b.node({ op: 'mul' }, b.node({ op: 'exp' }, column), b.fill([2, 1], 'float32', 2))
  })
  check(
    p => deadCode(sinkReshapes(p)),
    sliced,
    [
      'const   %2 f32[2,1] = 2',
      '%3 f32[2,1] = slice{begin=[0,1] size=[2,1] stride=[1,1]} %0',
      '%4 f32[2,1] = exp %3',
      '%5 f32[2,1] = mul %4 %2',
      'output  %5',
    ],
    [
      'const   %2 f32[2] = 2',
      '%3 f32[2,1] = slice{begin=[0,1] size=[2,1] stride=[1,1]} %0',
      '%4 f32[2] = reshape{shape=[2]} %3',
      '%5 f32[2] = exp %4',
      '%6 f32[2] = mul %5 %2',
      '%7 f32[2,1] = reshape{shape=[2,1]} %6',
      'output  %7',
    ],
  )
  const product = program((b, x, y) => {
    const sums = b.node({ op: 'matmul', transposeA: false, transposeB: false }, x, b.node({ op: 'reshape', shape: [3, 1] }, y))
    return b.node({ op: 'exp' }, b.node({ op: 'neg' }, sums))
  })
  equal(sinkReshapes(product), product)
})

s.test('optimize runs them all, until nothing changes', () => {
  const before = program((b, x, y) => {
    const one = b.node({ op: 'exp' }, b.fill([2, 3], 'float32', 0))
    const flat = b.node({ op: 'reshape', shape: [6] }, b.node({ op: 'mul' }, x, one))
    const back = b.node({ op: 'reshape', shape: [2, 3] }, b.node({ op: 'neg' }, flat))
    const row = b.node({ op: 'broadcast', shape: [2, 3], axes: [1] }, b.node({ op: 'log' }, b.node({ op: 'exp' }, y)))
    return b.node({ op: 'add' }, row, back)
  })
  check(optimize, before, shown(before), ['%2 f32[2,3] = broadcast{shape=[2,3] axes=[1]} %1', '%3 f32[2,3] = sub %2 %0', 'output  %3'])
})

s.run()
