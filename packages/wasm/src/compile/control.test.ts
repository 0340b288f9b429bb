import { key, leaves, random, scan, valueAndGrad, whileLoop } from '@diffeo/core'
import type { Tree } from '@diffeo/core'
import { jit } from '@diffeo/program'
import { equal, near, ok, suite, useTestBackend } from '@diffeo/testing'
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { useWasmCompiler } from './compiler.ts'

/** What f gives compiled is what it gives eagerly. */
const same = (f: (...args: Tensor[]) => Tree<Tensor>, args: Tensor[], atol = 1e-5): void => {
  const expected = tf.tidy(() => leaves(f(...args)).map(t => t.dataSync()))
  const actual = leaves(jit(f)(...args))
  equal(actual.length, expected.length)
  actual.forEach((t, i) => near(t.dataSync(), expected[i]!, { atol, rtol: atol, what: `result ${i}` }))
}

const s = suite('compiled loops')
s.before(async () => {
  await useTestBackend('cpu')
  useWasmCompiler()
})

const inputs = (): [Tensor, Tensor] => [random.normal(key(1), [3, 3]), random.normal(key(0), [6, 5, 3])]

const layers =
  (reverse: boolean) =>
  (w: Tensor, xs: Tensor): Tree<Tensor> => {
    const { carry, ys } = scan(
      (h: Tensor, x: Tensor) => {
        const next = tf.tanh(tf.add(tf.matMul(h, w), x))
        return { carry: next, y: [tf.sum(next, 1), next] }
      },
      tf.zeros([5, 3]),
      xs,
      { reverse },
    )
    return [carry, ys]
  }

s.test('a scan, forwards and in reverse', () => {
  same(layers(false), inputs())
  same(layers(true), inputs())
})

s.test('scans of one step and of two', () => {
  const [w, x] = inputs()
  for (const length of [1, 2]) same(layers(false), [w, tf.slice(x, [0, 0, 0], [length, 5, 3])])
})

s.test('the gradient of a scan is a scan', () => {
  const loss = (w: Tensor, xs: Tensor): Tree<Tensor> =>
    valueAndGrad(([v, ys]: ReadonlyArray<Tensor>) => tf.mean(tf.square(leaves(layers(false)(v!, ys!))[0]!)))([w, xs]) as Tree<Tensor>
  same(loss, inputs())
})

s.test('a scan whose results are not all used', () => {
  same((w, xs) => leaves(layers(false)(w, xs))[0]!, inputs())
  same((w, xs) => leaves(layers(false)(w, xs))[1]!, inputs())
})

s.test('a scan in a scan', () => {
  same(
    (w, xs) =>
      scan(
        (h: Tensor, x: Tensor) => {
          const { carry } = scan((g: Tensor, row: Tensor) => ({ carry: tf.add(tf.sin(g), tf.mul(row, tf.sum(w))), y: g }), h, x)
          return { carry, y: [] }
        },
        tf.zeros([3]),
        xs,
      ).carry,
    inputs(),
  )
})

s.test('a while loop runs until its condition fails', () => {
  const newton = (a: Tensor): Tree<Tensor> =>
    whileLoop(
      ([root]: ReadonlyArray<Tensor>, [a]: ReadonlyArray<Tensor>) => tf.greater(tf.max(tf.abs(tf.sub(tf.square(root!), a!))), 1e-5),
      ([root]: ReadonlyArray<Tensor>, [a]: ReadonlyArray<Tensor>) => [tf.mul(0.5, tf.add(root!, tf.div(a!, root!)))],
      [tf.onesLike(a)],
      [a],
    )
  same(newton, [tf.tensor1d([2, 3, 10, 0.5])])
  const [none] = leaves(jit(newton)(tf.onesLike(tf.zeros([3]))))
  equal([...none!.dataSync()], [1, 1, 1])
})

s.test('a long scan takes no more code than a short one', () => {
  const f = jit(layers(false))
  const [w] = inputs()
  const sizes = [4, 64].map(length => f.report(w, tf.zeros([length, 5, 3]))!.codeBytes)
  ok(Math.abs(sizes[1]! - sizes[0]!) < 40, sizes.join())
})

s.run()
