import { equal, suite, throws } from '@diffeo/testing'
import { infer } from './infer.ts'
import type { DType, Primitive, Program, Type } from './program.ts'

const f = (...shape: ReadonlyArray<number>): Type => ({ shape, dtype: 'float32' })
const of = (dtype: DType, ...shape: ReadonlyArray<number>): Type => ({ shape, dtype })

const body = (inputs: ReadonlyArray<Type>, results: ReadonlyArray<number>): Program => ({
  version: 1,
  inputs: inputs.map((type, i) => ({ ...type, name: `x${i}` })),
  constants: [{ shape: [], dtype: 'bool', fill: 1 }],
  nodes: [],
  outputs: results,
})
const scan = (inner: Program, length = 4): Primitive => ({ op: 'scan', body: inner, carries: 1, xs: 1, length, reverse: false })
const step = body([f(2), f(3), f()], [0, 1, 2])

const good: ReadonlyArray<readonly [Primitive, ReadonlyArray<Type>, ...ReadonlyArray<Type>]> = [
  [{ op: 'exp' }, [f(2, 3)], f(2, 3)],
  [{ op: 'abs' }, [of('int32', 2)], of('int32', 2)],
  [{ op: 'isNan' }, [f(2)], of('bool', 2)],
  [{ op: 'add' }, [of('int32', 2), of('int32', 2)], of('int32', 2)],
  [{ op: 'lt' }, [f(2), f(2)], of('bool', 2)],
  [{ op: 'select' }, [of('bool', 2), f(2), f(2)], f(2)],
  [{ op: 'broadcast', shape: [4, 2, 3], axes: [1, 2] }, [f(1, 3)], f(4, 2, 3)],
  [{ op: 'slice', begin: [1], size: [2], stride: [3] }, [f(5)], f(2)],
  [{ op: 'pad', before: [1, 0], after: [0, 2], value: 0 }, [f(2, 2)], f(3, 4)],
  [{ op: 'concat', axis: 1 }, [f(2, 1), f(2, 3)], f(2, 4)],
  [{ op: 'gather', axis: 1 }, [f(2, 5), of('int32', 3, 4)], f(2, 3, 4)],
  [{ op: 'scatterAdd', axis: 0, size: 7 }, [f(3, 2), of('int32', 3)], f(7, 2)],
  [{ op: 'matmul', transposeA: true, transposeB: true }, [f(5, 3, 2), f(5, 4, 3)], f(5, 2, 4)],
  [{ op: 'reduce', kind: 'sum', axes: [0, 2] }, [f(2, 3, 4)], f(3)],
  [{ op: 'arg', kind: 'max', axis: 1 }, [f(2, 3)], of('int32', 2)],
  [{ op: 'iota', shape: [2, 3], axis: 1 }, [], of('int32', 2, 3)],
  [scan(step), [f(2), f(4, 3), f()], f(2), f(4, 3), f(4)],
  [{ op: 'while', cond: body([f(2), f()], [2]), body: body([f(2), f()], [0]), carries: 1 }, [f(2), f()], f(2)],
]

const bad: ReadonlyArray<readonly [Primitive, ReadonlyArray<Type>, RegExp]> = [
  [scan(step), [f(2), f(5, 3), f()], /^scan: expected 4 rows, got f32\[5,3\]$/],
  [scan(step), [f(2), f(4, 3)], /^scan: expected f32\[2\], f32\[3\], f32\[\], got f32\[2\], f32\[3\]$/],
  [scan(step, 0), [f(2), f(0, 3), f()], /^scan: expected a length of 1 or more, got 0$/],
  [scan(body([f(2), f(3)], [1])), [f(2), f(4, 3)], /^scan: expected a body that gives f32\[2\], got f32\[3\]$/],
  [
    { op: 'while', cond: body([f(2)], [0]), body: body([f(2)], [0]), carries: 1 },
    [f(2)],
    /^while: expected a condition bool\[\], got f32\[2\]$/,
  ],
  [
    { op: 'while', cond: body([f(2)], [1]), body: body([f(2)], [0, 0]), carries: 1 },
    [f(2)],
    /^while: expected 1 results of its body, got 2$/,
  ],
  [{ op: 'exp' }, [], /^exp: expected 1 argument, got 0$/],
  [{ op: 'exp' }, [of('int32', 2)], /^exp: expected an argument of another dtype, got i32\[2\]$/],
  [{ op: 'add' }, [f(2), f(3)], /^add: expected two arguments of one shape, got f32\[2\], f32\[3\]$/],
  [{ op: 'add' }, [f(2), of('int32', 2)], /^add: expected two arguments of one fitting dtype, got f32\[2\], i32\[2\]$/],
  [{ op: 'select' }, [f(2), f(2), f(2)], /^select: expected a bool/],
  [{ op: 'broadcast', shape: [4, 2], axes: [1, 0] }, [f(2, 4)], /^broadcast: expected rising axes of \[4,2\]/],
  [{ op: 'broadcast', shape: [4, 2], axes: [1] }, [f(3)], /^broadcast: expected sizes that broadcast to \[4,2\], got f32\[3\]$/],
  [{ op: 'reshape', shape: [4] }, [f(3)], /^reshape: expected 4 values, got f32\[3\]$/],
  [{ op: 'transpose', perm: [0, 0] }, [f(2, 2)], /^transpose: expected 2 axes/],
  [{ op: 'slice', begin: [1], size: [3], stride: [2] }, [f(5)], /^slice: expected a slice within the argument, got f32\[5\]$/],
  [{ op: 'reverse', axes: [2] }, [f(2, 2)], /^reverse: expected axes of the argument/],
  [{ op: 'pad', before: [-1], after: [0], value: 0 }, [f(2)], /^pad: expected paddings of 0 or more/],
  [{ op: 'concat', axis: 0 }, [], /^concat: expected at least 1 argument, got 0$/],
  [{ op: 'concat', axis: 0 }, [f(2, 1), f(2, 2)], /^concat: expected parts that differ along one axis alone/],
  [{ op: 'gather', axis: 0 }, [f(2), f(2)], /^gather: expected an axis of the argument and int32 indices/],
  [{ op: 'matmul', transposeA: false, transposeB: false }, [f(2, 3), f(4, 2)], /^matmul: expected float32 \[\.\.\., m, k\] and/],
  [{ op: 'reduce', kind: 'any', axes: [0] }, [f(2)], /^reduce: expected bool for any and all/],
  [{ op: 'arg', kind: 'max', axis: 0 }, [f(0)], /^arg: expected an axis of the argument that is not empty/],
  [{ op: 'custom', name: 'mine', attrs: '{}', composite: null }, [f(2)], /^custom: expected a composite, got none/],
]

const s = suite('infer')
for (const [primitive, inputs, ...types] of good) s.test(primitive.op, () => equal(infer(primitive, inputs), types))
bad.forEach(([primitive, inputs, message], i) =>
  s.test(`refuses ${primitive.op} (${i})`, () => throws(() => infer(primitive, inputs), message)),
)
s.run()
