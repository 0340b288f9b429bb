import { allocates, equal, near, ok, suite, throws, useTestBackend } from '@diffeo/testing'
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { grad } from '../autodiff/value-and-grad.ts'
import { tidy } from '../tensor.ts'
import { slopedBy } from '../transformers/from-function.ts'
import { monotoneRoot } from './monotone-root.ts'
import type { RootOptions, Sloped } from './monotone-root.ts'

const values = (x: Tensor): ReadonlyArray<number> => [...x.dataSync()]

/** x + a sinh x; its root by bisection in float64. */
const f = (x: Tensor, a: Tensor): Sloped => ({
  y: tf.add(x, tf.mul(a, tf.sinh(x))),
  logDeriv: tf.log(tf.add(1, tf.mul(a, tf.cosh(x)))),
})
const exact = (y: number, a: number): number => {
  let [low, high] = [-200, 200]
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2
    if (middle + a * Math.sinh(middle) < y) low = middle
    else high = middle
  }
  return low
}

const ofFunction = (g: (x: Tensor) => Tensor, ys: ReadonlyArray<number>, options?: RootOptions): ReadonlyArray<number> =>
  tidy(() => values(monotoneRoot(x => slopedBy(g, x), tf.tensor1d([...ys]), {}, options)))

;(['cpu', 'wasm'] as const).forEach(backend => {
  const s = suite(`monotoneRoot on ${backend}`)
  s.before(() => useTestBackend(backend))

  s.test('roots near and far, steep and flat', () =>
    tidy(() => {
      const ys = [0, 1e-6, -0.5, 3, -40, 1e3, 1e6, -1e9, 1e30]
      const as = [0.5, 2, 1e-3, 10]
      as.forEach(a => {
        const x = values(monotoneRoot(f, tf.tensor1d(ys), tf.scalar(a)))
        near(x, ys.map(y => exact(y, a)), { atol: 1e-6, rtol: 4e-7 }) // prettier-ignore
      })
      near(
        ofFunction(x => tf.mul(1e-3, x), [5, -1e4]),
        [5e3, -1e7],
        { rtol: 3e-7 },
      )
      near(
        ofFunction(x => tf.mul(1e5, x), [5, -1e4]),
        [5e-5, -0.1],
        { rtol: 3e-7 },
      )
      // at the first guess the value leaves float32, the slope does not
      near(
        ofFunction(x => tf.mul(1e10, x), [1e30, -1e35]),
        [1e20, -1e25],
        { rtol: 3e-7 },
      )
      // the slope jumps, and is 0 at one place
      near(
        ofFunction(x => tf.where(tf.greater(x, 0), tf.mul(x, 1e3), tf.mul(x, 1e-3)), [2, -2, 0]),
        [2e-3, -2e3, 0],
        { rtol: 3e-7 },
      )
      near(
        ofFunction(x => tf.mul(x, tf.square(x)), [8, -27, 1e-3, 0]),
        [2, -3, 0.1, 0],
        { atol: 1e-2 },
      )
    }),
  )

  s.test('bounded domains', () => {
    const log = (x: Tensor): Tensor => tf.log(x)
    near(ofFunction(log, [0, 5, -5, -60, 60], { domain: { _tag: 'positive' } }), [0, 5, -5, -60, 60].map(Math.exp), { rtol: 3e-5 })
    const logit = (x: Tensor): Tensor => tf.sub(tf.log(x), tf.log(tf.sub(1, x)))
    const sigmoid = (y: number): number => 1 / (1 + Math.exp(-y))
    near(ofFunction(logit, [0, 3, -3, -20], { domain: { _tag: 'interval', low: 0, high: 1 } }), [0, 3, -3, -20].map(sigmoid), {
      rtol: 1e-5,
    })
  })

  s.test('what is found for a number does not depend on the others', () => {
    const ys = [0.3, -2, 1e6, 7, -1e-3]
    const together = ofFunction(x => tf.add(x, tf.mul(x, tf.square(x))), ys)
    equal(ys.flatMap(y => ofFunction(x => tf.add(x, tf.mul(x, tf.square(x))), [y])), together) // prettier-ignore
    equal(
      ofFunction(x => tf.add(x, tf.mul(x, tf.square(x))), [NaN, 0.3, Infinity, -2, -Infinity]),
      [NaN, together[0]!, Infinity, together[1]!, -Infinity],
    )
    equal(
      ofFunction(x => x, []),
      [],
    )
  })

  s.test('NaN out of f is NaN, in its place alone', () =>
    tidy(() => {
      const x = values(monotoneRoot(f, tf.tensor1d([1, 1, 1]), tf.tensor1d([0.5, NaN, 0.5])))
      ok(Number.isNaN(x[1]), `got ${x[1]}`)
      near([x[0]!, x[2]!], [exact(1, 0.5), exact(1, 0.5)], { atol: 1e-6 })
    }),
  )

  s.test('derivatives by y and by what is given, first and second', () =>
    tidy(() => {
      const [ys, as] = [[0.7, -3, 12], [0.5, 2, 0.1]] // prettier-ignore
      const [y, a] = [tf.tensor1d(ys), tf.tensor1d(as)]
      const h = 1e-4
      const each = (of: (y: number, a: number) => number): ReadonlyArray<number> => ys.map((v, i) => of(v, as[i]!))
      const root = (t: { readonly y: Tensor; readonly a: Tensor }): Tensor => monotoneRoot(f, t.y, t.a)
      const first = (t: { readonly y: Tensor; readonly a: Tensor }) => grad((at: typeof t) => tf.sum(root(at)))(t)
      near(
        values(first({ y, a }).y),
        each((v, b) => (exact(v + h, b) - exact(v - h, b)) / (2 * h)),
        { rtol: 1e-5 },
      )
      near(
        values(first({ y, a }).a),
        each((v, b) => (exact(v, b + h) - exact(v, b - h)) / (2 * h)),
        { rtol: 1e-5 },
      )
      const second = (by: 'y' | 'a') => grad((t: { readonly y: Tensor; readonly a: Tensor }) => tf.sum(first(t)[by]))({ y, a })
      const yy = each((v, b) => (exact(v + 1e-3, b) - 2 * exact(v, b) + exact(v - 1e-3, b)) / 1e-6)
      const aa = each((v, b) => (exact(v, b + 1e-3) - 2 * exact(v, b) + exact(v, b - 1e-3)) / 1e-6)
      const ya = each((v, b) => (exact(v + h, b + h) - exact(v - h, b + h) - exact(v + h, b - h) + exact(v - h, b - h)) / (4 * h * h))
      near(values(second('y').y), yy, { rtol: 2e-3, atol: 1e-5 })
      near(values(second('a').a), aa, { rtol: 2e-3, atol: 1e-5 })
      near(values(second('y').a), ya, { rtol: 2e-3, atol: 1e-5 })
      near(values(second('a').y), ya, { rtol: 2e-3, atol: 1e-5 })
    }),
  )

  s.test('the gradient of one tensor given twice', () =>
    tidy(() => {
      const a = tf.tensor1d([0.5])
      const g = (x: Tensor, { p, q }: { readonly p: Tensor; readonly q: Tensor }): Sloped => slopedBy(at => tf.mul(at, tf.add(p, q)), x)
      near(values(grad((v: Tensor) => tf.sum(monotoneRoot(g, tf.tensor1d([3]), { p: v, q: v })))(a)), [-3 / (2 * 0.25)], { rtol: 1e-5 })
    }),
  )

  s.test('allocates one tensor', () => {
    const [y, a] = [tf.tensor1d([1, 2]), tf.scalar(1)]
    const x = allocates(1, () => monotoneRoot(f, y, a))
    tf.dispose([x, y, a])
  })

  s.test('values without a root are an error that names the rows', () => {
    const saturated = (ys: ReadonlyArray<number>, columns: number): (() => unknown) => {
      const y = tidy(() => tf.reshape(tf.tensor1d([...ys]), [-1, columns]))
      return () => {
        try {
          monotoneRoot(x => slopedBy(tf.tanh, x), y, {})
        } finally {
          y.dispose()
        }
      }
    }
    allocates(0, () => {
      throws(
        saturated([0, 0.5, 2, 0.1, -3], 1),
        /^monotoneRoot: expected values that the function takes, got 2 in row 2; without a root: rows 2, 4$/,
      )
      throws(saturated([0, 0.5, 2, 0.1, -3, NaN], 2), /got 2 in row 1; without a root: rows 1, 2$/)
      throws(() => ofFunction(x => tf.zerosLike(x), [1]), /got 1 in row 0; without a root: rows 0$/)
      throws(() => ofFunction(x => tf.log(x), [30000], { domain: { _tag: 'positive' } }), /without a root: rows 0$/)
    })
    ok(ofFunction(x => tf.mul(x, NaN), [1]).every(Number.isNaN), 'NaN out of f')
  })

  s.run()
})
