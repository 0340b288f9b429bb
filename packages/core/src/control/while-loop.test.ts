import { allocates, equal, near, suite, throws, useTestBackend } from '@diffeo/testing'
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { grad, valueAndGrad } from '../autodiff/value-and-grad.ts'
import { tidy } from '../tensor.ts'
import { whileLoop } from './while-loop.ts'

const values = (x: Tensor): ReadonlyArray<number> => [...x.dataSync()]

/** By Newton's method, all numbers until the last is done; d sqrt(a) = da / (2 sqrt(a)). */
const root = (a: Tensor): Tensor =>
  whileLoop(
    (x: Tensor, b: Tensor) => tf.any(tf.greater(tf.abs(tf.sub(tf.square(x), b)), tf.mul(1e-6, b))),
    (x: Tensor, b: Tensor) => tf.mul(0.5, tf.add(x, tf.div(b, x))),
    tf.onesLike(a),
    a,
    { vjp: ({ cotangent, result }) => ({ consts: tf.div(cotangent, tf.mul(2, result)) }) },
  )

;(['cpu', 'wasm'] as const).forEach(backend => {
  const s = suite(`whileLoop on ${backend}`)
  s.before(() => useTestBackend(backend))

  s.test('runs while the condition holds, and not at all where it does not', () =>
    tidy(() => {
      near(values(root(tf.tensor1d([2, 9, 0.25]))), [Math.SQRT2, 3, 0.5], { rtol: 1e-6 })
      const { n, x } = whileLoop(
        ({ n }, { most }) => tf.less(n, most),
        ({ n, x }) => ({ n: tf.add(n, tf.scalar(1, 'int32')), x: tf.mul(x, 2) }),
        { n: tf.scalar(0, 'int32') as Tensor, x: tf.scalar(1) as Tensor },
        { most: tf.scalar(10, 'int32') },
      )
      equal([n.dtype, values(n), values(x)], ['int32', [10], [1024]])
      const c = tf.scalar(3)
      const same = whileLoop(
        () => tf.scalar(false, 'bool'),
        (v: Tensor) => v,
        c,
        {},
      )
      equal([values(same), same === c], [[3], false])
    }),
  )

  s.test('the gradient is what vjp says, and has a gradient', () =>
    tidy(() => {
      const a = tf.tensor1d([2, 9, 0.25])
      const first = (x: Tensor): Tensor => grad((v: Tensor) => tf.sum(root(v)))(x)
      near(values(first(a)), [0.5 / Math.SQRT2, 1 / 6, 1], { rtol: 1e-5 })
      near(
        values(grad((v: Tensor) => tf.sum(first(v)))(a)),
        [2, 9, 0.25].map(v => -0.25 * v ** -1.5),
        { rtol: 1e-5 },
      )
      const chained = (x: Tensor): Tensor => tf.sum(tf.square(root(tf.exp(x))))
      near(values(grad(chained)(tf.tensor1d([0.3, 1]))), [Math.exp(0.3), Math.exp(1)], { rtol: 1e-5 })
    }),
  )

  s.test('allocates its results alone; the tape is off inside', () => {
    const a = tf.tensor1d([2, 9])
    const y = allocates(1, () => tidy(() => root(a)))
    tf.dispose(y)
    const { value, grads } = allocates(2, () => valueAndGrad((v: Tensor) => tf.sum(root(v)))(a))
    tf.dispose([value, grads])
    const taped: boolean[] = []
    const looking = (v: Tensor): Tensor =>
      tf.sum(
        whileLoop(
          (x: Tensor) => (taped.push(tf.engine().isTapeOn()), tf.less(x, 5)),
          (x: Tensor) => tf.mul(x, 2),
          tf.sum(v),
          {},
          { vjp: ({ cotangent }) => ({ carry: cotangent }) },
        ),
      )
    tf.dispose(allocates(1, () => grad(looking)(a)))
    equal(taped, taped.map(() => false)) // prettier-ignore
    tf.dispose(a)
  })

  s.run()
})

const s = suite('whileLoop, errors')
s.before(() => useTestBackend('cpu'))

s.test('no rule, other conditions, carries that change and steps that throw', () => {
  const a = tf.tensor1d([2, 9])
  const once = (x: Tensor): Tensor => tf.less(tf.sum(x), 12)
  const loop = (body: (x: Tensor) => Tensor, cond = once): Tensor => whileLoop(cond, body, a, {})
  allocates(0, () => {
    throws(
      () => grad((x: Tensor) => tf.sum(whileLoop(once, (v: Tensor) => tf.mul(v, 2), x, {})))(a),
      /^whileLoop: expected a vjp where a gradient is taken, got none; give it one, or use scan$/,
    )
    throws(() => loop(tf.neg, x => tf.less(x, 3)), /^whileLoop: expected one bool of cond, got bool\[2\]$/)
    throws(() => loop(tf.neg, x => tf.sum(x)), /^whileLoop: expected one bool of cond, got float32\[\]$/)
    throws(() => loop(x => tf.sum(x)), /^whileLoop: expected a carry of float32\[2\] of a step, got float32\[\] at \$$/)
    throws(
      () =>
        loop(x => {
          tf.exp(x)
          throw new Error('half way')
        }),
      /half way/,
    )
    throws(() => whileLoop(() => tf.scalar(true, 'bool'), x => x, {}, a), /^whileLoop: expected a carry of one tensor or more, got none$/) // prettier-ignore
    throws(
      () =>
        grad((x: Tensor) =>
          tf.sum(
            whileLoop(once, (v: Tensor) => tf.mul(v, 2), x, {}, { vjp: ({ cotangent }) => ({ carry: [cotangent] as unknown as Tensor }) }),
          ),
        )(a),
      /^whileLoop: expected gradients of the structure of carry, got another$/,
    )
  })
  a.dispose()
})

s.run()
