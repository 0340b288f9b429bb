import { grad, leaves, scan, tidy, whileLoop } from '@diffeo/core'
import type { Tree } from '@diffeo/core'
import { allocates, equal, near, suite, throws, useTestBackend } from '@diffeo/testing'
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { evaluate } from '../evaluate/evaluate.ts'
import { optimize } from '../passes/optimize.ts'
import { print } from '../print.ts'
import { trace } from './trace.ts'

const vector = { shape: [2], dtype: 'float32' } as const
const scalar = { shape: [], dtype: 'float32' } as const

/** By Newton's method; d sqrt(a) = da / (2 sqrt(a)). */
const root = (a: Tensor): Tensor =>
  whileLoop(
    (x, b) => tf.any(tf.greater(tf.abs(tf.sub(tf.square(x), b)), tf.mul(1e-6, b))),
    (x, b) => tf.mul(0.5, tf.add(x, tf.div(b, x))),
    tf.onesLike(a),
    a,
    { vjp: ({ cotangent, result }) => ({ consts: tf.div(cotangent, tf.mul(2, result)) }) },
  )

const agree = (f: (x: Tensor) => Tree<Tensor>, x: ReadonlyArray<number>): void => {
  const { program } = allocates(0, () => trace(f, vector))
  const eager = tidy(() => leaves<Tensor>(f(tf.tensor1d([...x]))).map(y => y.dataSync()))
  for (const p of [program, optimize(program)]) leaves(evaluate(p, [x])).forEach((y, i) => near(y, eager[i]!, { rtol: 1e-5, atol: 1e-6 }))
}

const s = suite('whileLoop in a trace')
s.before(() => useTestBackend('cpu'))

s.test('a loop is one node, with programs for its condition and its body', () => {
  const double = (x: Tensor, most: Tensor): Tensor =>
    whileLoop(
      (v, { limit }) => tf.less(v, limit),
      (v, { by }) => tf.mul(v, by),
      x,
      { limit: most, by: tf.scalar(2) },
    )
  const { program } = trace(double, scalar, scalar)
  equal(
    print(optimize(program)),
    [
      'input   %0 f32[]  arg0',
      'input   %1 f32[]  arg1',
      '        %2 f32[] = while{cond=(1 nodes) body=(1 nodes) carries=1} %0 %1',
      '        | input   %0 f32[]  carry0',
      '        | input   %1 f32[]  const0',
      '        |         %2 bool[] = less %0 %1'.replace('less', 'lt'),
      '        | output  [0]: %2',
      '        | input   %0 f32[]  carry0',
      '        | input   %1 f32[]  const0',
      '        | const   %2 f32[] = 2',
      '        |         %3 f32[] = mul %0 %2',
      '        | output  [0]: %3',
      'output  %2',
    ].join('\n'),
  )
  equal([...leaves(evaluate(program, [[3], [20]]))[0]!], [24])
  equal([...leaves(evaluate(program, [[30], [20]]))[0]!], [30])
  equal(structuredClone(program), program)
})

s.test('values, first and second derivatives by the rule', () => {
  const first = (x: Tensor): Tensor => grad((v: Tensor) => tf.sum(root(tf.exp(v))))(x)
  agree(x => [root(tf.exp(x)), first(x), grad((v: Tensor) => tf.sum(tf.square(first(v))))(x)], [0.3, -1.2])
})

s.test('the gradient runs the loop once', () => {
  const { program } = trace(x => grad((v: Tensor) => tf.sum(root(v)))(x), vector)
  equal(optimize(program).nodes.filter(node => node.op === 'while').length, 1)
})

s.test('what the result does not need is not carried along', () => {
  const { program } = trace(
    x =>
      whileLoop(
        ({ n }) => tf.less(n, 3),
        ({ n, y, z, same }) => ({ n: tf.add(n, 1), y: tf.mul(y, same), z: tf.exp(z), same }),
        { n: tf.scalar(0) as Tensor, y: x, z: x, same: tf.exp(x) },
        { unused: x },
      ).y,
    vector,
  )
  const node = optimize(program).nodes.find(n => n.op === 'while')
  equal([node?.op === 'while' && node.carries, node?.inputs.length], [2, 3])
  near(leaves(evaluate(optimize(program), [[0.5, 1]]))[0]!, [0.5 * Math.exp(0.5) ** 3, Math.exp(3)], { rtol: 1e-5 })
})

s.test('a loop inside of a scan', () => {
  const f = (x: Tensor): Tensor =>
    tf.sum(scan((h, row) => ({ carry: tf.add(h, root(tf.exp(row))), y: {} }), x, tf.stack([x, tf.sin(x)])).carry)
  agree(x => [f(x), grad(f)(x)], [0.3, -1.2])
})

s.test('tensors that cond or body capture are errors, and so is a gradient without a rule', () => {
  const captured = /^whileLoop: expected no tensor of an enclosing trace in \w+, got one made by Exp; give it to the loop among consts$/
  allocates(0, () => {
    throws(
      () =>
        trace(x => {
          const y = tf.exp(x)
          return whileLoop(
            h => tf.less(tf.sum(h), 9),
            h => tf.mul(h, y),
            x,
            {},
          )
        }, vector),
      captured,
    )
    throws(
      () =>
        trace(x => {
          const y = tf.sum(tf.exp(x))
          return whileLoop(
            h => tf.less(tf.sum(h), tf.exp(y)),
            h => tf.mul(h, 2),
            x,
            {},
          )
        }, vector),
      /^whileLoop: expected no tensor of an enclosing trace in Exp, got one made by Sum; /,
    )
    throws(
      () =>
        trace(
          x =>
            grad((v: Tensor) =>
              tf.sum(
                whileLoop(
                  h => tf.less(tf.sum(h), 9),
                  h => tf.mul(h, 2),
                  v,
                  {},
                ),
              ),
            )(x),
          vector,
        ),
      /^whileLoop: expected a vjp where a gradient is taken, got none; give it one, or use scan$/,
    )
  })
})

s.run()
