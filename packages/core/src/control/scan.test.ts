import { allocates, equal, near, suite, throws, useTestBackend } from '@diffeo/testing'
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { grad, valueAndGrad } from '../autodiff/value-and-grad.ts'
import { tidy } from '../tensor.ts'
import { scan } from './scan.ts'

const values = (x: Tensor): ReadonlyArray<number> => [...x.dataSync()]

;(['cpu', 'wasm'] as const).forEach(backend => {
  const s = suite(`scan on ${backend}`)
  s.before(() => useTestBackend(backend))

  s.test('running sums, forward and in reverse: y_i stands beside x_i', () =>
    tidy(() => {
      const xs = tf.tensor2d([[1, 10], [2, 20], [3, 30]]) // prettier-ignore
      const body = (sum: Tensor, x: Tensor): { readonly carry: Tensor; readonly y: Tensor } => ({ carry: tf.add(sum, x), y: sum })
      const forward = scan(body, tf.zeros([2]), xs)
      equal([values(forward.carry), values(forward.ys)], [[6, 60], [0, 0, 1, 10, 3, 30]]) // prettier-ignore
      const backward = scan(body, tf.zeros([2]), xs, { reverse: true })
      equal([values(backward.carry), values(backward.ys)], [[6, 60], [5, 50, 3, 30, 0, 0]]) // prettier-ignore
    }),
  )

  s.test('trees of carries, rows and results; a length without rows; integers', () =>
    tidy(() => {
      const { carry, ys } = scan(
        ({ n, x }, { w }: { readonly w: Tensor }) => ({
          carry: { n: tf.add(n, tf.scalar(1, 'int32')), x: tf.mul(x, w) },
          y: [n, { half: tf.mul(x, 0.5) }] as const,
        }),
        { n: tf.scalar(0, 'int32') as Tensor, x: tf.tensor1d([1, 2]) as Tensor },
        { w: tf.tensor1d([2, 3]) },
      )
      equal([carry.n.dtype, values(carry.n), values(carry.x)], ['int32', [2], [6, 12]])
      equal([ys[0].dtype, values(ys[0]), values(ys[1].half)], ['int32', [0, 1], [0.5, 1, 1, 2]])
      const powers = scan((p: Tensor) => ({ carry: tf.mul(p, 2), y: {} }), tf.scalar(1), {}, { length: 10 })
      equal([values(powers.carry), powers.ys], [[1024], {}])
    }),
  )

  s.test('gradients by carry, rows and what is captured, of first and second order', () =>
    tidy(() => {
      const at = { c: tf.tensor1d([0.5, -1]), xs: tf.tensor2d([[0.3, 1], [-0.4, 0.2], [1, -2]]), w: tf.scalar(0.7) } // prettier-ignore
      const scanned = ({ c, xs, w }: typeof at): Tensor => {
        const { carry, ys } = scan((h: Tensor, x: Tensor) => ({ carry: tf.tanh(tf.add(tf.mul(w, h), x)), y: tf.square(h) }), c, xs)
        return tf.add(tf.sum(carry), tf.sum(ys))
      }
      const unrolled = ({ c, xs, w }: typeof at): Tensor => {
        let [h, sum] = [c, tf.scalar(0) as Tensor]
        for (let i = 0; i < 3; i++) {
          sum = tf.add(sum, tf.sum(tf.square(h)))
          h = tf.tanh(tf.add(tf.mul(w, h), tf.reshape(tf.slice(xs, [i, 0], [1, 2]), [2])))
        }
        return tf.add(tf.sum(h), sum)
      }
      const second = (f: typeof scanned): typeof at =>
        grad((p: typeof at) => {
          const g = grad(f)(p)
          return tf.add(tf.sum(tf.square(g.c)), tf.add(tf.sum(tf.square(g.xs)), tf.square(g.w)))
        })(at)
      for (const leaf of ['c', 'xs', 'w'] as const) {
        near(values(grad(scanned)(at)[leaf]), values(grad(unrolled)(at)[leaf]), { atol: 1e-5 })
        near(values(second(scanned)[leaf]), values(second(unrolled)[leaf]), { atol: 1e-4 })
      }
    }),
  )

  s.test('allocates its results alone, which are tensors of their own', () => {
    const [c, xs] = [tf.tensor1d([1, 2]), tf.ones([4, 2])]
    const still = allocates(2, () => scan((h: Tensor, x: Tensor) => ({ carry: h, y: x }), c, xs))
    tf.dispose([still.carry, still.ys])
    const captured = allocates(1, () => scan(() => ({ carry: c, y: {} }), c, xs).carry)
    captured.dispose()
    equal([c.isDisposed, xs.isDisposed], [false, false])
    const loss = (h: Tensor): Tensor =>
      tf.sum(scan((v: Tensor, x: Tensor) => ({ carry: tf.mul(tf.exp(tf.mul(v, 0.1)), x), y: v }), h, xs).ys)
    const { value, grads } = allocates(2, () => valueAndGrad(loss)(c))
    tf.dispose([value, grads])
    const failing = (h: Tensor): Tensor => {
      tf.exp(h)
      throw new Error('half way')
    }
    allocates(0, () => throws(() => scan((h: Tensor) => ({ carry: failing(h), y: {} }), c, xs), /half way/))
    allocates(0, () => throws(() => grad((v: Tensor) => scan((h: Tensor) => ({ carry: failing(h), y: {} }), v, xs).carry)(c), /half way/))
    tf.dispose([c, xs])
  })

  s.run()
})

const s = suite('scan, errors')
s.before(() => useTestBackend('cpu'))

s.test('no step, lengths that differ and carries that change are errors', () =>
  tidy(() => {
    const [c, xs] = [tf.tensor1d([1, 2]), tf.ones([4, 2])]
    const keep = (h: Tensor): { readonly carry: Tensor; readonly y: {} } => ({ carry: h, y: {} }) // eslint-disable-line @typescript-eslint/no-empty-object-type
    throws(() => scan(keep, c, {}), /^scan: expected one step or more, got neither xs nor a length$/)
    throws(() => scan(keep, c, tf.ones([0, 2])), /^scan: expected one step or more, got 0$/)
    throws(() => scan(keep, c, {}, { length: 1.5 }), /got 1\.5$/)
    throws(() => scan(keep, c, xs, { length: 3 }), /^scan: expected 3 rows in each of xs, got a tensor of shape \[4, 2\] at \$$/)
    throws(() => scan(keep, c, { a: xs, b: tf.scalar(1) }), /^scan: expected 4 rows in each of xs, got a tensor of shape \[\] at b$/)
    throws(
      () => scan((h: Tensor) => ({ carry: tf.sum(h), y: {} }), c, xs),
      /^scan: expected a carry of float32\[2\] of a step, got float32\[\] at \$$/,
    )
    throws(
      () => scan(({ h }: { readonly h: Tensor }) => ({ carry: { h: tf.cast(h, 'int32') }, y: {} }), { h: c }, xs),
      /^scan: expected a carry of float32\[2\] of a step, got int32\[2\] at h$/,
    )
    throws(
      () => scan(({ h }: { readonly h: Tensor }) => ({ carry: [h] as unknown as { h: Tensor }, y: {} }), { h: c }, xs),
      /^scan: expected a record of 1 \(h\) in the carry of a step, got a list of 1 at \$$/,
    )
  }),
)

s.run()
