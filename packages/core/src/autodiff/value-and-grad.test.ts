import { allocates, equal, is, near, ok, suite, throws, useTestBackend } from '@diffeo/testing'
import * as tf from '@tensorflow/tfjs-core'
import type { Scalar, Tensor } from '@tensorflow/tfjs-core'
import { tidy } from '../tensor.ts'
import { isolated } from './isolated.ts'
import { stopGradient } from './stop-gradient.ts'
import { grad, valueAndGrad } from './value-and-grad.ts'

type Two = { readonly a: Tensor; readonly b: Tensor }
const values = (x: Tensor): ReadonlyArray<number> => [...x.dataSync()]
const sumOf = (x: Tensor): Scalar => tf.sum(x)

;(['cpu', 'wasm'] as const).forEach(backend => {
  const s = suite(`valueAndGrad on ${backend}`)
  s.before(() => useTestBackend(backend))

  s.test('the gradient has the structure of the parameters', () =>
    tidy(() => {
      const params = { layers: [{ w: tf.tensor2d([[1, 2]]), b: tf.scalar(3) }], none: {} }
      const { value, grads } = valueAndGrad((p: typeof params) => tf.add(sumOf(tf.square(p.layers[0]!.w)), tf.mul(2, p.layers[0]!.b)))(
        params,
      )
      equal(values(value), [11])
      equal(values(grads.layers[0]!.w), [2, 4])
      equal(grads.layers[0]!.w.shape, [1, 2])
      equal(values(grads.layers[0]!.b), [2])
      equal(grads.none, {})
    }),
  )

  s.test('a leaf that is not used has a gradient of zeros', () =>
    tidy(() => {
      const g = grad((p: Two) => sumOf(p.a))({ a: tf.tensor1d([1, 2]), b: tf.ones([2, 3]) })
      equal(values(g.a), [1, 1])
      equal(g.b.shape, [2, 3])
      equal(values(g.b), [0, 0, 0, 0, 0, 0])
      equal(values(grad((_: Two) => tf.mul(tf.ones([]), tf.scalar(3)))({ a: tf.scalar(1), b: tf.scalar(1) }).a), [0])
    }),
  )

  s.test('one tensor in two leaves: each leaf has its own gradient', () =>
    tidy(() => {
      const x = tf.tensor1d([2, 3])
      const g = grad((p: Two) => sumOf(tf.mul(p.a, tf.square(p.b))))({ a: x, b: x })
      equal(values(g.a), [4, 9])
      equal(values(g.b), [8, 18])
    }),
  )

  s.test('a parameter captured from outside is a constant', () =>
    tidy(() => {
      const x = tf.tensor1d([2, 3])
      equal(values(grad((at: Tensor) => sumOf(tf.mul(at, x)))(x)), [2, 3])
    }),
  )

  s.test('without leaves there is a value and no gradient', () =>
    tidy(() => {
      const { value, grads } = valueAndGrad((_: Record<string, never>) => tf.scalar(2))({})
      equal(values(value), [2])
      equal(grads, {})
    }),
  )

  s.test('nested: the third derivative of x^4, and of tanh', () =>
    tidy(() => {
      const derivative = (f: (x: Tensor) => Tensor): ((x: Tensor) => Tensor) => grad((x: Tensor) => sumOf(f(x)))
      const third = (f: (x: Tensor) => Tensor): ((x: Tensor) => Tensor) => derivative(derivative(derivative(f)))
      near(values(third(x => tf.square(tf.square(x)))(tf.tensor1d([0.5, -2]))), [12, -48], { atol: 1e-4 })
      const expected = [0.3, -0.8, 1.4].map(x => {
        const t = Math.tanh(x)
        return (1 - t * t) * (6 * t * t - 2)
      })
      near(values(third(tf.tanh)(tf.tensor1d([0.3, -0.8, 1.4]))), expected, { atol: 1e-5 })
    }),
  )

  s.test('nested: a gradient by the inner function of what the outer one varies', () =>
    tidy(() => {
      // d/da (d/db a b^3) = 3 b^2
      const mixed = grad((a: Tensor) => sumOf(grad((b: Tensor) => sumOf(tf.mul(a, tf.pow(b, 3))))(tf.tensor1d([2]))))(tf.tensor1d([5]))
      near(values(mixed), [12], { atol: 1e-4 })
    }),
  )

  s.test('stopGradient: the same values, constant to the gradient; no copy, the original stays alive', () =>
    tidy(() => {
      const x = tf.tensor1d([2, 3])
      equal(values(grad((at: Tensor) => sumOf(tf.mul(at, stopGradient(at))))(x)), [2, 3])
      const tree = stopGradient({ a: x, b: [tf.square(x)] })
      equal(values(tree.b[0]!), [4, 9])
      ok(tree.a !== x && tree.a.dataId === x.dataId)
      tree.a.dispose()
      is(x.isDisposed, false)
      // the inner gradient is the stopped b^2, so it is constant to the outer one too, as in JAX
      const second = grad((at: Tensor) => sumOf(grad((b: Tensor) => sumOf(tf.mul(stopGradient(tf.square(b)), b)))(at)))
      equal(values(second(x)), [0, 0])
    }),
  )

  s.test('isolated: a gradient taken inside leaves the running tape alone, whatever happens', () =>
    tidy(() => {
      const x = tf.tensor1d([2, 3])
      const f = (at: Tensor): Tensor => {
        const inside = isolated(() => grad((b: Tensor) => sumOf(tf.pow(b, 3)))(at))
        try {
          isolated(() => {
            throw new Error('inside')
          })
        } catch {
          ok(tf.engine().isTapeOn())
        }
        return sumOf(tf.mul(at, inside))
      }
      // the inner gradient 3 x^2 is a constant outside
      near(values(grad(f)(x)), [12, 27], { atol: 1e-4 })
      is(tf.engine().isTapeOn(), false)
      is(
        isolated(() => tf.engine().isTapeOn()),
        false,
      )
    }),
  )

  s.test('allocates the value and one gradient for each leaf, and leaves its arguments alive', () => {
    const params = { a: tf.tensor1d([1, 2]), b: tf.tensor1d([3, 4]) }
    const result = allocates(3, () => valueAndGrad((p: Two) => sumOf(tf.exp(tf.mul(p.a, tf.tanh(p.b)))))(params))
    tf.dispose([result.value, result.grads.a, result.grads.b])
    const only = allocates(2, () => grad((p: Two) => sumOf(tf.square(p.a)))(params))
    tf.dispose([only.a, only.b])
    is(params.a.isDisposed || params.b.isDisposed, false)
    tf.dispose([params.a, params.b])
  })

  s.test('nothing stays behind when f throws, at any depth, and the next gradient is right', () => {
    const x = tf.tensor1d([1, 2])
    const failing = (at: Tensor): Tensor => {
      const y = tf.exp(tf.square(at))
      if (y.size > 0) throw new Error('half way')
      return sumOf(y)
    }
    allocates(0, () => throws(() => valueAndGrad(failing)(x), /half way/))
    allocates(0, () => throws(() => valueAndGrad((at: Tensor) => sumOf(tf.mul(at, grad(failing)(tf.square(at)))))(x), /half way/))
    allocates(0, () =>
      throws(
        () => valueAndGrad((at: Tensor) => tf.square(at))(x),
        /^valueAndGrad: expected f to return a scalar, got a tensor of shape \[2\]$/,
      ),
    )
    allocates(0, () => throws(() => valueAndGrad(() => undefined as unknown as Tensor)(x), /got nothing$/))
    is(tf.engine().isTapeOn(), false)
    const g = allocates(1, () => grad((at: Tensor) => sumOf(tf.square(at)))(x))
    equal(values(g), [2, 4])
    tf.dispose([g, x])
  })

  s.test('where: the branch that is not taken gives nothing, comparisons let no gradient through', () =>
    tidy(() => {
      const x = tf.tensor1d([-2, 0.5, 3])
      equal(values(grad((at: Tensor) => sumOf(tf.where(tf.greater(at, 0), tf.mul(2, at), tf.mul(5, at))))(x)), [5, 2, 2])
      equal(values(grad((at: Tensor) => sumOf(tf.cast(tf.greater(at, 0), 'float32')))(x)), [0, 0, 0])
      // clipped before both branches, the logarithm of a negative number is never differentiated
      const safe = (at: Tensor): Scalar => sumOf(tf.where(tf.greater(at, 0), tf.log(tf.where(tf.greater(at, 0), at, tf.onesLike(at))), at))
      near(values(grad(safe)(x)), [1, 2, 1 / 3])
    }),
  )

  s.test('gather: an index that stands twice gets both gradients; along any axis, of size one too', () =>
    tidy(() => {
      const at = tf.tensor1d([2, 0, 2, 2], 'int32')
      const w = tf.tensor1d([1, 10, 100, 1000])
      equal(values(grad((x: Tensor) => sumOf(tf.mul(w, tf.gather(x, at))))(tf.tensor1d([5, 6, 7]))), [10, 0, 1101])
      const one = tf.tensor1d([0, 0], 'int32')
      equal(values(grad((x: Tensor) => sumOf(tf.gather(x, one, 1)))(tf.ones([2, 1]))), [2, 2])
    }),
  )

  s.test('ties of max, min and maximum: the gradients sum to one', () =>
    tidy(() => {
      equal(values(grad((x: Tensor) => tf.max(x))(tf.tensor1d([3, 1, 3]))), [0.5, 0, 0.5])
      equal(values(grad((x: Tensor) => sumOf(tf.min(x, 1)))(tf.tensor2d([[1, 1], [0, 2]]))), [0.5, 0.5, 1, 0]) // prettier-ignore
      const g = grad((p: Two) => sumOf(tf.maximum(p.a, p.b)))({ a: tf.tensor1d([1]), b: tf.tensor1d([1]) })
      near(values(g.a)[0]! + values(g.b)[0]!, 1)
    }),
  )

  s.test('far out: tanh, softplus, sigmoid and elu have finite gradients at +-1e4', () =>
    tidy(() => {
      const x = tf.tensor1d([-1e4, -50, 50, 1e4])
      ;[tf.tanh, tf.softplus, tf.sigmoid, tf.elu].forEach(f => {
        const first = (at: Tensor): Tensor => grad((b: Tensor) => sumOf((f as (x: Tensor) => Tensor)(b)))(at)
        ok(values(first(x)).every(Number.isFinite))
        ok(values(grad((at: Tensor) => sumOf(first(at)))(x)).every(Number.isFinite))
      })
    }),
  )

  s.run()
})
