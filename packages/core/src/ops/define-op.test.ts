import { allocates, equal, is, near, ok, suite, throws, useTestBackend } from '@diffeo/testing'
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { grad, valueAndGrad } from '../autodiff/value-and-grad.ts'
import { tidy } from '../tensor.ts'
import { defineOp } from './define-op.ts'
import type { Json } from './json.ts'
import { opNamed } from './op.ts'

type Scale = { readonly scale: number }
const values = (x: Tensor): ReadonlyArray<number> => [...x.dataSync()]

/** scale x e^y and x^2 y */
const two = defineOp<Scale>({
  name: 'test.two',
  composite: ([x, y], { scale }) => [tf.mul(scale, tf.mul(x!, tf.exp(y!))), tf.mul(tf.square(x!), y!)],
})
const plainTwo = ([x, y]: ReadonlyArray<Tensor>, { scale }: Scale): ReadonlyArray<Tensor> => [
  tf.mul(scale, tf.mul(x!, tf.exp(y!))),
  tf.mul(tf.square(x!), y!),
]

/** x^3 with a rule of its own, which is an op again */
const threeSquares = defineOp({ name: 'test.threeSquares', composite: ([d, x]) => [tf.mul(d!, tf.mul(3, tf.square(x!)))] })
const cube = defineOp({
  name: 'test.cube',
  composite: ([x]) => [tf.mul(x!, tf.square(x!))],
  vjp: ([d], [x]) => threeSquares([d!, x!], {}),
})

/** the derivative of x^4, by a gradient taken inside */
const slope = defineOp({ name: 'test.slope', composite: ([x]) => [grad((v: Tensor) => tf.sum(tf.pow(v, 4)))(x!)] })

/** sin on typed arrays */
const hostSin = defineOp<Scale>({
  name: 'test.sin',
  host: ([x], { scale }) => [Float32Array.from(x!, v => scale * Math.sin(v)), Uint8Array.from(x!, v => +(v > 0))],
  shape: ([x]) => [x!, { shape: x!.shape, dtype: 'bool' }],
  vjp: ([d], [x], { scale }) => [tf.mul(d!, tf.mul(scale, tf.cos(x!)))],
})

const identity = defineOp({ name: 'test.identity', composite: ([x]) => [x!, x!] })
const failing = defineOp({
  name: 'test.failing',
  composite: ([x]) => {
    const y = tf.exp(tf.square(x!))
    if (y.size > 0) throw new Error('half way')
    return [y]
  },
})
const pick = defineOp({ name: 'test.pick', composite: ([x, at]) => [tf.square(tf.gather(x!, at!)), at!] })
const hostOnly = defineOp({ name: 'test.hostOnly', host: ([x]) => [x!], shape: ([x]) => [x!] })

;(['cpu', 'wasm'] as const).forEach(backend => {
  const s = suite(`defineOp on ${backend}`)
  s.before(() => useTestBackend(backend))

  s.test('an op gives what its composite gives: outputs, shapes and nothing else alive', () => {
    const [x, y] = [tf.tensor1d([1, 2]), tf.tensor1d([0.5, -1])]
    const [p, q] = allocates(2, () => two([x, y], { scale: 3 }))
    near(p!.dataSync(), [3 * Math.exp(0.5), 6 * Math.exp(-1)], { rtol: 1e-6 })
    near(q!.dataSync(), [0.5, -4])
    tf.dispose([x, y, p!, q!])
  })

  s.test('first and second derivatives are those of the composite, of one output, the other or both', () =>
    tidy(() => {
      const at = { x: tf.tensor1d([1.1, -0.4]), y: tf.tensor1d([0.3, 0.8]) }
      const w = tf.tensor1d([1.5, -2])
      const uses: ReadonlyArray<(outputs: ReadonlyArray<Tensor>) => Tensor> = [
        ([p]) => tf.sum(tf.mul(w, p!)),
        ([, q]) => tf.sum(tf.mul(w, tf.square(q!))),
        ([p, q]) => tf.sum(tf.mul(tf.sin(p!), q!)),
      ]
      for (const use of uses) {
        const first =
          (op: typeof plainTwo) =>
          (p: typeof at): typeof at =>
            grad((v: typeof at) => use(op([v.x, v.y], { scale: 2 })))(p)
        const second = (op: typeof plainTwo): typeof at =>
          grad((p: typeof at) => tf.sum(tf.add(tf.square(first(op)(p).x), first(op)(p).y)))(at)
        for (const leaf of ['x', 'y'] as const) {
          near(values(first(two)(at)[leaf]), values(first(plainTwo)(at)[leaf]), { rtol: 1e-6 })
          near(values(second(two)[leaf]), values(second(plainTwo)[leaf]), { rtol: 1e-5, atol: 1e-5 })
        }
      }
    }),
  )

  s.test('derivatives by a rule that is an op: 1st to 3rd of x^3', () =>
    tidy(() => {
      const derivative =
        (f: (x: Tensor) => Tensor) =>
        (x: Tensor): Tensor =>
          grad((v: Tensor) => tf.sum(f(v)))(x)
      const f = (x: Tensor): Tensor => cube([x], {})[0]!
      const x = tf.tensor1d([1.5, -2])
      near(values(derivative(f)(x)), [6.75, 12], { rtol: 1e-6 })
      near(values(derivative(derivative(f))(x)), [9, -12], { rtol: 1e-6 })
      near(values(derivative(derivative(derivative(f)))(x)), [6, 6], { rtol: 1e-6 })
    }),
  )

  s.test('a gradient inside of a composite, differentiated: 12 x^2 and 24 x', () =>
    tidy(() => {
      const f = (x: Tensor): Tensor => tf.sum(slope([x], {})[0]!)
      const x = tf.tensor1d([1.5, -2])
      near(values(slope([x], {})[0]!), [13.5, -32], { rtol: 1e-5 })
      near(values(grad(f)(x)), [27, 48], { rtol: 1e-5 })
      near(values(grad((v: Tensor) => tf.sum(grad(f)(v)))(x)), [36, -48], { rtol: 1e-5 })
    }),
  )

  s.test('a host op: numbers, dtypes, derivatives of any order by its rule', () =>
    tidy(() => {
      const x = tf.tensor1d([0.3, -1.2])
      const [y, positive] = hostSin([x], { scale: 2 })
      near(values(y!), [2 * Math.sin(0.3), 2 * Math.sin(-1.2)])
      equal(positive!.dtype, 'bool')
      equal(values(positive!), [1, 0])
      const f = (v: Tensor): Tensor => tf.sum(hostSin([v], { scale: 2 })[0]!)
      near(values(grad(f)(x)), [2 * Math.cos(0.3), 2 * Math.cos(-1.2)])
      near(values(grad((v: Tensor) => tf.sum(grad(f)(v)))(x)), [-2 * Math.sin(0.3), -2 * Math.sin(-1.2)], { atol: 1e-6 })
    }),
  )

  s.test('one tensor as both inputs has the sum of both gradients', () =>
    tidy(() => {
      const f = (x: Tensor): Tensor => tf.sum(two([x, x], { scale: 1 })[1]!)
      near(values(grad(f)(tf.tensor1d([2, 3]))), [12, 27])
    }),
  )

  s.test('what is given back is a handle of its own', () => {
    const x = tf.tensor1d([1, 2])
    const [a, b] = allocates(2, () => identity([x], {}))
    a!.dispose()
    equal([values(b!), x.isDisposed], [[1, 2], false])
    near(values(grad((v: Tensor) => tf.sum(tf.mul(...(identity([v], {}) as [Tensor, Tensor]))))(x)), [2, 4])
    const [c] = hostOnly([x], {})
    x.dispose()
    equal(values(c!), [1, 2])
    tf.dispose([b!, c!])
  })

  s.test('integers pass, and have a gradient of nothing', () =>
    tidy(() => {
      const x = tf.tensor1d([1, 2, 3])
      const at = tf.tensor1d([2, 0], 'int32')
      const [y, i] = pick([x, at], {})
      equal([values(y!), values(i!), i!.dtype], [[9, 1], [2, 0], 'int32'])
      equal(values(grad((v: Tensor) => tf.sum(pick([v, at], {})[0]!))(x)), [2, 0, 6])
    }),
  )

  s.test('nothing stays behind: gradients, outputs that are not used, composites that throw', () => {
    const at = { x: tf.tensor1d([1.1, -0.4]), y: tf.tensor1d([0.3, 0.8]) }
    const f = (p: typeof at): Tensor => tf.sum(two([p.x, p.y], { scale: 2 })[1]!)
    const result = allocates(3, () => valueAndGrad(f)(at))
    tf.dispose([result.value, result.grads.x, result.grads.y])
    const second = allocates(2, () => grad((p: typeof at) => tf.sum(grad(f)(p).x))(at))
    tf.dispose([second.x, second.y])
    allocates(0, () => throws(() => failing([at.x], {}), /half way/))
    allocates(0, () => throws(() => grad((x: Tensor) => tf.sum(failing([tf.square(x)], {})[0]!))(at.x), /half way/))
    is(tf.engine().isTapeOn(), false)
    tf.dispose([at.x, at.y])
  })

  s.test('a gradient of a host op without a rule is an error that says so; integers alone need none', () => {
    const x = tf.tensor1d([1, 2])
    throws(
      () => grad((v: Tensor) => tf.sum(hostOnly([v], {})[0]!))(x),
      /^test\.hostOnly: expected a vjp where a gradient is taken, got none; /,
    )
    x.dispose()
  })

  s.run()
})

const s = suite('defineOp, errors')
s.before(() => useTestBackend('cpu'))

s.test('names are there, and taken once', () => {
  throws(() => defineOp({ name: 'test.two', composite: x => x }), /^defineOp: expected a name of its own, got 'test\.two', which is taken$/)
  throws(() => defineOp({ name: '', composite: x => x }), /^defineOp: expected a name, got ""$/)
  equal(opNamed('test.two')?.name, 'test.two')
  equal(opNamed('test.none'), undefined)
})

s.test('attributes are plain JSON', () => {
  const x = tf.scalar(1)
  const call = (attrs: unknown) => (): unknown => hostOnly([x], attrs as Json)
  throws(call({ a: [1, NaN] }), /^test\.hostOnly: expected attributes of plain JSON, got NaN at attrs\.a\[1\]$/)
  throws(call({ a: -0 }), /got -0 at attrs\.a$/)
  throws(call({ f: () => 1 }), /got a function at attrs\.f$/)
  throws(call({ k: new Uint32Array(2) }), /got a Uint32Array at attrs\.k$/)
  throws(call(undefined), /got undefined at attrs$/)
  tf.dispose([hostOnly([x], { a: null, b: [true, 'c', { d: 1.5 }] })[0]!, x])
})

s.test('results and gradients of other shapes, and none, are errors', () => {
  const x = tf.tensor1d([1, 2])
  const short = defineOp({ name: 'test.short', host: () => [new Float32Array(1)], shape: ([t]) => [t!] })
  throws(() => short([x], {}), /^test\.short: expected 2 float32 numbers of its host, got a Float32Array of 1 at result 0$/)
  const fewer = defineOp({ name: 'test.fewer', host: () => [], shape: ([t]) => [t!] })
  throws(() => fewer([x], {}), /^test\.fewer: expected 1 results of its host, got 0$/)
  const none = defineOp({ name: 'test.none', composite: () => [] })
  throws(() => none([x], {}), /^test\.none: expected one output or more of its composite, got none$/)
  const wrong = defineOp({ name: 'test.wrong', composite: ([v]) => [tf.neg(v!)], vjp: ([d]) => [tf.sum(d!)] })
  throws(() => grad((v: Tensor) => tf.sum(wrong([v], {})[0]!))(x), /expected a gradient of shape \[2\], got \[\] at input 0$/)
  const many = defineOp({ name: 'test.many', composite: ([v]) => [tf.neg(v!)], vjp: ([d]) => [d!, d!] })
  throws(() => grad((v: Tensor) => tf.sum(many([v], {})[0]!))(x), /expected 1 gradients of its vjp, got 2$/)
  throws(() => none([tf.tensor(['a'])], {}), /^test\.none: expected float32, int32 or bool tensors, got string at input 0$/)
  ok(!tf.engine().isTapeOn())
  x.dispose()
})

s.run()
