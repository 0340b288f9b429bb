import { defineOp, grad, key, leaves, normal, scan, whileLoop } from '@diffeo/core'
import type { Key } from '@diffeo/core'
import { equal, ok, suite, throws, useTestBackend } from '@diffeo/testing'
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { builder } from '../builder.ts'
import { evaluate } from '../evaluate/evaluate.ts'
import { optimize } from '../passes/optimize.ts'
import type { Program } from '../program.ts'
import { trace } from '../trace/trace.ts'
import { decodeProgram } from './decode.ts'
import { encodeProgram } from './encode.ts'

const throughText = (program: Program): Program => decodeProgram(JSON.parse(JSON.stringify(encodeProgram(program))))

const square = defineOp<{ readonly by: number }>({
  name: 'serialized.square',
  composite: ([x], { by }) => [tf.mul(by, tf.square(x!)), tf.neg(x!)],
})

const f = (x: Tensor, k: Key) => {
  const first = grad((v: Tensor) => {
    const { carry, ys } = scan((h: Tensor, row: Tensor) => ({ carry: tf.mul(tf.tanh(h), tf.add(row, v)), y: h }), v, tf.stack([v, v, v]), {
      reverse: true,
    })
    return tf.add(tf.sum(carry), tf.sum(square([ys], { by: 3 })[0]!))
  })(x)
  const halved = whileLoop(
    h => tf.greater(tf.sum(tf.abs(h)), 1),
    h => tf.mul(h, 0.5),
    first,
    {},
  )
  return { first, list: [halved, square([tf.pad(x, [[1, 2]], -Infinity)], { by: 2 })[1]!], drawn: tf.add(normal(k, [2]), x) }
}

const s = suite('programs as files')
s.before(() => useTestBackend('cpu'))

s.test('a program with loops, custom ops and a host op comes back the same', () => {
  const { program } = trace(f, { shape: [2], dtype: 'float32' } as const, key(0))
  for (const p of [program, optimize(program)]) {
    const again = throughText(p)
    equal(again, p)
    const inputs = [[0.3, -0.4], Int32Array.from(key(3))]
    equal(leaves(evaluate(again, inputs)), leaves(evaluate(p, inputs)))
  }
})

s.test('programs inside of nodes stand in a file once, and are one again', () => {
  const { program } = trace(x => [square([x], { by: 2 })[0]!, square([tf.exp(x)], { by: 2 })[1]!], {
    shape: [2],
    dtype: 'float32',
  } as const)
  equal(encodeProgram(program).programs.length, 2)
  const [first, , second] = throughText(program).nodes
  ok(first?.op === 'custom' && second?.op === 'custom' && first.composite !== null && first.composite === second.composite)
})

s.test('every constant comes back to the bit', () => {
  const b = builder()
  const quietNaN = new Float32Array(Uint32Array.of(0x7fc12345).buffer)[0]!
  const numbers = Float32Array.of(NaN, Infinity, -Infinity, -0, 0, 1e-45, 3.4e38, quietNaN)
  const values = [
    b.constant({ shape: [8], dtype: 'float32', data: numbers }),
    b.constant({ shape: [3], dtype: 'int32', data: Int32Array.of(-(2 ** 31), 2 ** 31 - 1, 7) }),
    b.constant({ shape: [2], dtype: 'bool', data: Uint8Array.of(1, 0) }),
    b.constant({ shape: [5000], dtype: 'float32', data: Float32Array.from({ length: 5000 }, Math.sin) }),
    ...[NaN, Infinity, -Infinity, -0, 0, 0.1].map(x => b.fill([3], 'float32', x)),
    b.fill([], 'int32', -5),
    b.fill([0], 'bool', 1),
  ]
  const program = b.finish(values)
  const again = throughText(program)
  equal(again.constants.length, program.constants.length)
  again.constants.forEach((constant, i) => {
    const before = program.constants[i]!
    if ('fill' in constant) return ok('fill' in before && Object.is(constant.fill, before.fill))
    ok('data' in before)
    const bytes = ({ buffer, byteOffset, byteLength }: Float32Array | Int32Array | Uint8Array): ReadonlyArray<number> => [
      ...new Uint8Array(buffer, byteOffset, byteLength),
    ]
    equal(bytes(constant.data), bytes(before.data))
    equal(constant.data.constructor, before.data.constructor)
  })
})

s.test('constants that are a part of a larger array are written alone', () => {
  const b = builder()
  const data = Float32Array.of(1, 2, 3, 4).subarray(1, 3)
  const program = b.finish(b.constant({ shape: [2], dtype: 'float32', data }))
  equal(leaves(evaluate(throughText(program), []))[0], Float32Array.of(2, 3))
})

type Tamper = (file: Record<string, never>) => void
const inside = (file: unknown, ...path: ReadonlyArray<string | number>): Record<string, unknown> =>
  path.reduce((at, step) => (at as Record<string | number, unknown>)[step], file) as Record<string, unknown>

const small = (): Program => {
  const b = builder()
  const x = b.input({ shape: [2, 3], dtype: 'float32', name: 'x' })
  const c = b.constant({ shape: [3], dtype: 'float32', data: Float32Array.of(1, 2, 3) })
  const wide = b.node({ op: 'broadcast', shape: [2, 3], axes: [1] }, c)
  const sum = b.node({ op: 'reduce', kind: 'sum', axes: [0] }, b.node({ op: 'add' }, x, wide))
  const inner = builder()
  const h = inner.input({ shape: [3], dtype: 'float32', name: 'h' })
  const body = inner.finish([inner.node({ op: 'neg' }, h)])
  const scanned = b.node({ op: 'scan', body, carries: 1, xs: 0, length: 2, reverse: false }, sum)
  return b.finish({ a: [scanned], b: b.fill([2], 'int32', 3) })
}

const faults: ReadonlyArray<readonly [string, Tamper | unknown, RegExp]> = [
  ['no record', 3, /^decodeProgram: expected a record of format, version, programs, got 3 at \$$/],
  ['another format', (o: unknown) => (inside(o)['format'] = 'onnx'), /expected 'diffeo\.program', got onnx at format$/],
  ['another version', (o: unknown) => (inside(o)['version'] = 2), /expected version 1, got 2 at version$/],
  ['no programs', (o: unknown) => (inside(o)['programs'] = []), /expected one program or more, got a list of 0 at programs$/],
  ['a field too many', (o: unknown) => (inside(o, 'programs', 1)['x'] = 1), /expected no field of this name, got x at programs\[1\]\.x$/],
  ['a field too few', (o: unknown) => delete inside(o, 'programs', 1)['nodes'], /expected a field nodes, got none at programs\[1\]$/],
  [
    'an unknown primitive',
    (o: unknown) => (inside(o, 'programs', 1, 'nodes', 1)['op'] = 'sinus'),
    /expected a known primitive, got sinus at programs\[1\]\.nodes\[1\]\.op$/,
  ],
  [
    'a primitive of Object',
    (o: unknown) => (inside(o, 'programs', 1, 'nodes', 1)['op'] = 'constructor'),
    /expected a known primitive, got constructor/,
  ],
  [
    'a value that comes later',
    (o: unknown) => (inside(o, 'programs', 1, 'nodes', 1)['inputs'] = [0, 4]),
    /expected an integer in \[0, 4\), got 4 at programs\[1\]\.nodes\[1\]\.inputs\[1\]$/,
  ],
  [
    'a value that is no number',
    (o: unknown) => (inside(o, 'programs', 1, 'nodes', 1)['inputs'] = [0, null]),
    /got null at programs\[1\]\.nodes\[1\]\.inputs\[1\]$/,
  ],
  [
    'shapes that do not fit',
    (o: unknown) => (inside(o, 'programs', 1, 'nodes', 1)['inputs'] = [0, 1]),
    /^decodeProgram: add: expected two arguments of one shape, got f32\[2,3\], f32\[3\] at programs\[1\]\.nodes\[1\]$/,
  ],
  [
    'another type of a result',
    (o: unknown) => (inside(o, 'programs', 1, 'nodes', 1, 'outputs', 0)['shape'] = [3, 2]),
    /expected f32\[2,3\], got f32\[3,2\] at programs\[1\]\.nodes\[1\]\.outputs$/,
  ],
  ['no results', (o: unknown) => (inside(o, 'programs', 1, 'nodes', 1)['outputs'] = []), /expected f32\[2,3\], got {2}at/],
  [
    'an attribute of another kind',
    (o: unknown) => (inside(o, 'programs', 1, 'nodes', 0)['axes'] = [0.5]),
    /expected an integer in \[0, 2147483648\), got 0\.5 at programs\[1\]\.nodes\[0\]\.axes\[0\]$/,
  ],
  [
    'another reduction',
    (o: unknown) => (inside(o, 'programs', 1, 'nodes', 2)['kind'] = 'mean'),
    /expected one of sum, prod, max, min, any, all, got mean at programs\[1\]\.nodes\[2\]\.kind$/,
  ],
  [
    'a program of itself',
    (o: unknown) => (inside(o, 'programs', 1, 'nodes', 3)['body'] = 1),
    /expected an integer in \[0, 1\), got 1 at programs\[1\]\.nodes\[3\]\.body$/,
  ],
  [
    'a constant cut short',
    (o: unknown) => (inside(o, 'programs', 1, 'constants', 0)['data'] = 'AACAPw=='),
    /expected 3 numbers in base64, got 1 at programs\[1\]\.constants\[0\]\.data$/,
  ],
  [
    'a constant of no bytes',
    (o: unknown) => (inside(o, 'programs', 1, 'constants', 0)['data'] = '!'),
    /expected 3 numbers in base64, got nothing at/,
  ],
  [
    'a fill of another dtype',
    (o: unknown) => (inside(o, 'programs', 1, 'constants', 1)['fill'] = 0.5),
    /expected a number of int32, got 0\.5 at programs\[1\]\.constants\[1\]\.fill$/,
  ],
  [
    'a shape too large',
    (o: unknown) => (inside(o, 'programs', 1, 'inputs', 0)['shape'] = [65536, 65536]),
    /expected fewer than 2\^31 numbers, got \[65536, 65536\] at programs\[1\]\.inputs\[0\]\.shape$/,
  ],
  [
    'another dtype',
    (o: unknown) => (inside(o, 'programs', 1, 'inputs', 0)['dtype'] = 'float64'),
    /expected float32, int32 or bool, got float64 at programs\[1\]\.inputs\[0\]\.dtype$/,
  ],
  [
    'an output that is not there',
    (o: unknown) => (inside(o, 'programs', 1, 'outputs')['a'] = [99]),
    /expected an integer in \[0, 7\), got 99 at programs\[1\]\.outputs\.a\[0\]$/,
  ],
  [
    'a key of objects',
    (o: unknown) => Object.defineProperty(inside(o, 'programs', 1, 'outputs'), '__proto__', { value: 0, enumerable: true }),
    /expected another key, got __proto__ at programs\[1\]\.outputs$/,
  ],
]
for (const [name, tamper, message] of faults)
  s.test(`refuses ${name}`, () => {
    const file = JSON.parse(JSON.stringify(encodeProgram(small()))) as Record<string, never>
    if (typeof tamper === 'function') (tamper as Tamper)(file)
    throws(() => decodeProgram(typeof tamper === 'function' ? file : tamper), message)
  })

s.test('what the faults are made of is no fault', () => equal(throughText(small()), small()))

s.run()
