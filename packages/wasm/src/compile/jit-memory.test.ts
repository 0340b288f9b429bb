import { defineOp, leaves, scan, valueAndGrad, whileLoop } from '@diffeo/core'
import type { Tree } from '@diffeo/core'
import { jit } from '@diffeo/program'
import { equal, near, ok, suite, throws, useTestBackend } from '@diffeo/testing'
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { storage } from '../backend/storage.ts'
import { useWasmCompiler } from './compiler.ts'

const s = suite('memory of jitted functions')
s.before(async () => {
  await useTestBackend('cpu')
  useWasmCompiler()
})

const numbers = (x: Tensor): ReadonlyArray<number> => [...x.dataSync()]
const ramp = (n: number, from = 0): Tensor => tf.tensor1d(Float32Array.from({ length: n }, (_, i) => from + i))
const addressOf = (x: Tensor): number => storage().bring(x)

/** Everything that lives: tensors, those of compiled code, blocks and bytes of memory. */
const living = (): ReadonlyArray<number> => {
  const { blocks, live } = storage().runtime.stats()
  const { numTensors, numDataBuffers, numBytes } = tf.memory()
  return [numTensors, numDataBuffers, numBytes, storage().count(), blocks, live]
}

/** A test that leaves memory as it was; what it compiles it disposes of. */
const test = (name: string, body: (compiled: <F extends (...args: never[]) => unknown>(f: F) => F) => void | Promise<void>): void =>
  s.test(name, async () => {
    storage().runtime.scratch(1 << 20)
    const before = living()
    const made: { readonly dispose: () => void }[] = []
    tf.engine().startScope()
    try {
      await body(f => {
        made.push(f as unknown as { readonly dispose: () => void })
        return f
      })
    } finally {
      tf.engine().endScope()
      made.forEach(f => f.dispose())
    }
    equal(living(), before, 'tensors, their buffers and bytes, tensors of compiled code, blocks, bytes')
  })

test('a donated tensor gives its block to a result of its size', compiled => {
  const f = compiled(jit((p: Tensor, g: Tensor) => tf.sub(p, tf.mul(g, 0.5)), { donate: [0] }))
  const [p, g] = [ramp(1000), ramp(1000, 1)]
  const block = addressOf(p)
  const q = f(p, g)
  equal(addressOf(q), block)
  equal(
    numbers(q),
    Array.from({ length: 1000 }, (_, i) => i - 0.5 * (i + 1)),
  )
  equal(numbers(g)[999], 1000)
  ok(p.isDisposed)
})

test('a result of another shape or type in the block of a donated tensor is what it says, also to another backend', compiled => {
  const f = compiled(
    jit((p: Tensor, q: Tensor) => ({ p: tf.reshape(tf.add(p, 1), [2, 3]), q: tf.cast(tf.mul(q, 2), 'int32') }), { donate: [0, 1] }),
  )
  const [p, q] = [ramp(6), ramp(4)]
  const blocks = [p, q].map(addressOf)
  const next = f(p, q)
  equal([addressOf(next.p), addressOf(next.q)], blocks)
  equal([next.p.shape, next.p.dtype, next.q.shape, next.q.dtype], [[2, 3], 'float32', [4], 'int32'])
  equal([numbers(next.p), numbers(next.q)], [[1, 2, 3, 4, 5, 6], [0, 2, 4, 6]]) // prettier-ignore
  equal([numbers(tf.sum(next.p, 0)), numbers(tf.add(next.q, tf.scalar(1, 'int32')))], [[5, 7, 9], [1, 3, 5, 7]]) // prettier-ignore
})

test('what touches a donated tensor later is told which argument it was', compiled => {
  const f = compiled(jit((p: { readonly w: Tensor; readonly b: Tensor }, x: Tensor) => tf.add(tf.mul(p.w, x), p.b), { donate: [0] }))
  const [w, b, x] = [ramp(3), ramp(3), ramp(3)]
  f({ w, b }, x)
  const after = /^jit: expected no use of a tensor after it was donated, got one of the argument arg0\.w$/
  throws(() => w.dataSync(), after)
  throws(() => f({ w, b: x }, x), after)
  throws(() => tf.add(w, 1), after)
  throws(() => tf.matMul(tf.reshape(w, [1, 3]), tf.ones([3, 1])), after)
  throws(() => w.clone(), after)
  throws(() => b.print(), /argument arg0\.b/)
  w.dispose()
  equal(numbers(x), [0, 1, 2])
})

test('donated tensors of which there is another handle stay', compiled => {
  const f = compiled(jit((p: Tensor) => tf.add(p, 1), { donate: [0] }))
  const x = ramp(5)
  addressOf(x)
  const other = tf.reshape(x, [5]) as Tensor
  const y = f(x)
  ok(x.isDisposed && !other.isDisposed)
  equal(numbers(other), [0, 1, 2, 3, 4])
  equal(numbers(y), [1, 2, 3, 4, 5])
})

test('one tensor as a donated argument and another one, and twice', compiled => {
  const f = compiled(
    jit(
      (p: Tensor, x: Tensor) => {
        const y = tf.mul(p, 2)
        return { y, z: tf.add(tf.reverse(x), tf.reverse(y)) }
      },
      { donate: [0] },
    ),
  )
  const x = ramp(4, 1)
  const { y, z } = f(x, x)
  equal(numbers(y), [2, 4, 6, 8])
  equal(numbers(z), [12, 9, 6, 3])
  const g = compiled(jit((p: ReadonlyArray<Tensor>) => [tf.mul(p[0]!, 2), tf.add(tf.reverse(p[1]!), 1)], { donate: [0] }))
  const w = ramp(4, 1)
  equal(g([w, w]).map(numbers), [
    [2, 4, 6, 8],
    [5, 4, 3, 2],
  ])
})

test('donated tensors that are results, unused, of other sizes or dtypes', compiled => {
  const f = compiled(
    jit(
      (p: Tensor, q: Tensor, b: Tensor, i: Tensor) => ({
        p,
        same: p,
        twice: tf.add(q, 1),
        first: tf.slice(q, [0], [1]),
        not: tf.logicalNot(b),
        i: tf.mul(i, i),
      }),
      { donate: [0, 1, 2, 3] },
    ),
  )
  for (let round = 0; round < 3; round++) {
    const given = [ramp(4), ramp(4, 10), tf.tensor1d([true, false], 'bool'), tf.tensor1d([3, 4], 'int32')] as const
    const r = f(...given)
    equal([r.p, r.same, r.twice, r.first, r.not, r.i].map(numbers), [[0, 1, 2, 3], [0, 1, 2, 3], [11, 12, 13, 14], [10], [0, 1], [9, 16]])
    ok(given.every(tensor => tensor.isDisposed))
  }
})

test('a donated input that is read after a result of its size is written', compiled => {
  const f = compiled(
    jit(
      (p: Tensor, x: Tensor) => {
        const first = tf.cumsum(x)
        return { first, later: tf.add(tf.reverse(p), tf.cumsum(first)) }
      },
      { donate: [0] },
    ),
  )
  const { first, later } = f(ramp(6), ramp(6, 1))
  equal(numbers(first), [1, 3, 6, 10, 15, 21])
  equal(numbers(later), [1 + 5, 4 + 4, 10 + 3, 20 + 2, 35 + 1, 56])
})

test('what is made of a product takes the place of what the loop behind it reads, the product itself does not', compiled => {
  const grid = (rows: number, columns: number, odd: number): Tensor =>
    tf.tensor2d(
      Float32Array.from({ length: rows * columns }, (_, i) => ((odd * i) % 7) - 3),
      [rows, columns],
    )
  // deep enough for a product in two blocks
  const [x, dy] = [grid(600, 40, 3), grid(600, 48, 5)]
  const gradient = numbers(tf.matMul(x, dy, true))
  const [p, m] = [grid(40, 48, 9), grid(40, 48, 11)]
  const moments = numbers(m).map((v, i) => 0.5 * v + gradient[i]!)
  const parameters = numbers(p).map((v, i) => v - 0.25 * moments[i]!)
  const blocks = [p, m].map(addressOf)
  const step = compiled(
    jit(
      ([p, m]: ReadonlyArray<Tensor>, x: Tensor, dy: Tensor) => {
        const next = tf.add(tf.mul(m!, 0.5), tf.matMul(x, dy, true))
        return [tf.sub(p!, tf.mul(next, 0.25)), next]
      },
      { donate: [0] },
    ),
  )
  const updated = step([p, m], x, dy)
  equal(updated.map(numbers), [parameters, moments])
  equal(new Set(updated.map(addressOf)), new Set(blocks))

  const both = compiled(
    jit(
      (p: Tensor, x: Tensor, dy: Tensor) => {
        const product = tf.matMul(x, dy, true)
        return { product, sum: tf.add(product, p) }
      },
      { donate: [0] },
    ),
  )
  const addend = grid(40, 48, 9)
  const sums = numbers(addend).map((v, i) => gradient[i]! + v)
  const { product, sum } = both(addend, x, dy)
  equal([numbers(product), numbers(sum)], [gradient, sums])

  const gated = compiled(
    jit(
      (h: Tensor, x: Tensor, dy: Tensor) => {
        const product = tf.matMul(x, dy, true)
        const zero = tf.zerosLike(product)
        return tf.where(tf.greater(h, zero), product, zero)
      },
      { donate: [0] },
    ),
  )
  const gate = grid(40, 48, 9)
  const kept = numbers(gate).map((v, i) => (v > 0 ? gradient[i]! : 0))
  equal(numbers(gated(gate, x, dy)), kept)
})

test('numbers and keys in a donated argument are no tensors', compiled => {
  const f = compiled(jit((p: { readonly rate: number | Tensor; readonly w: Tensor }) => tf.mul(p.w, p.rate), { donate: [0] }))
  equal(numbers(f({ rate: 3, w: ramp(3) })), [0, 3, 6])
})

test('a function that is called many times', compiled => {
  const step = compiled(
    jit(
      (p: { readonly w: Tensor; readonly m: Tensor }, x: Tensor) => {
        const m = tf.add(tf.mul(p.m, 0.9), tf.mul(tf.mean(x), 0.1))
        return { p: { w: tf.sub(p.w, m), m }, loss: tf.sum(p.w) }
      },
      { donate: [0] },
    ),
  )
  const x = ramp(100)
  let p = { w: tf.zeros([70]) as Tensor, m: tf.zeros([70]) as Tensor }
  const once = step(p, x)
  p = once.p
  once.loss.dispose()
  const before = living()
  for (let i = 0; i < 500; i++) {
    const { p: next, loss } = step(p, x)
    loss.dispose()
    p = next
  }
  equal(living(), before)
})

test('memory that grows between two calls, and within one', compiled => {
  const f = compiled(jit((x: Tensor, y: Tensor) => ({ big: tf.add(x, tf.sum(y)), small: tf.sum(y) })))
  const { memory } = storage().runtime
  const y = ramp(4)
  const small = f(ramp(4), y)
  const large = (): Tensor => tf.fill([Math.ceil(memory.buffer.byteLength / 4 / 2)], 2)
  for (let round = 0; round < 3; round++) {
    const size = memory.buffer.byteLength
    const x = large()
    const { big } = f(x, y)
    ok(memory.buffer.byteLength > size, 'the memory grew')
    equal(big.dataSync()[big.size - 1], 8)
    equal(numbers(y), [0, 1, 2, 3])
    equal(numbers(small.big), [6, 7, 8, 9])
    tf.dispose([x, big])
  }
})

test('two functions that share the arena, in turns', compiled => {
  const chain = (depth: number) => (x: Tensor) => {
    let y = x
    for (let i = 0; i < depth; i++) y = tf.cumsum(tf.reverse(y))
    return y
  }
  const [f, g] = [compiled(jit(chain(3))), compiled(jit(chain(5)))]
  const [x, large] = [ramp(50), ramp(5000)]
  const [fx, gl] = [numbers(f(x)), numbers(g(large))]
  for (let round = 0; round < 5; round++) {
    const [a, b] = [f(x), g(large)]
    const c = f(tf.slice(large, 0, 50))
    equal(numbers(a), fx)
    equal(numbers(b), gl)
    equal(numbers(c), fx)
  }
})

const state = { fails: false }
const inner = jit((x: Tensor) => tf.cumsum(tf.reverse(tf.cumsum(tf.mul(x, 0.5)))))
/** An op of the host that calls a jitted function, which nobody should need. */
const nested = defineOp<null>({
  name: 'jitMemoryTest',
  shape: ([x]) => [x!],
  host: ([x]) => {
    if (state.fails) throw new Error('planned by the host')
    return tf.tidy(() => [Float32Array.from(inner(tf.tensor1d(x as Float32Array)).dataSync())])
  },
})

test('an op of the host that calls a jitted function, and one that fails', compiled => {
  const moved = (x: Tensor): Tensor => tf.cumsum(tf.reverse(x))
  const f = compiled(jit((x: Tensor) => tf.add(nested([moved(x)], null)[0]!, moved(moved(x))), { donate: [0] }))
  const x = (): Tensor => tf.tensor1d([1, 2, 3, 4])
  // moved: 4 7 9 10; its half summed: 2 5.5 10 15; reversed and summed: 15 25 30.5 32.5
  const expected = [15 + 10, 25 + 19, 30.5 + 26, 32.5 + 30]
  equal(numbers(f(x())), expected)
  equal(numbers(f(x())), expected)
  compiled(inner)
  state.fails = true
  try {
    for (let i = 0; i < 3; i++) throws(() => f(x()), /planned by the host/)
  } finally {
    state.fails = false
  }
  equal(numbers(f(x())), expected)
})

const hypotenuse = defineOp<null>({
  name: 'jitMemoryTestHypotenuse',
  shape: ([x]) => [x!],
  host: ([x]) => [Float32Array.from(x!, v => Math.hypot(v, 1))],
  vjp: ([g], [x]) => [tf.div(tf.mul(g!, x!), tf.sqrt(tf.add(tf.square(x!), 1)))],
})

test('loops whose bodies hold an op of the host', compiled => {
  const along = (w: Tensor, xs: Tensor): ReadonlyArray<Tensor> => {
    const { carry, ys } = scan(
      (h: Tensor, x: Tensor) => {
        const [next] = hypotenuse([tf.add(tf.mul(h, w), x)], null)
        return { carry: next!, y: tf.sum(next!) }
      },
      tf.zeros([3]),
      xs,
    )
    return [carry, ys]
  }
  const grown = (x: Tensor): Tree<Tensor> =>
    whileLoop(
      ([y]: ReadonlyArray<Tensor>) => tf.less(tf.sum(y!), 100),
      ([y]: ReadonlyArray<Tensor>) => [hypotenuse([tf.mul(y!, 2)], null)[0]!],
      [x],
      [],
    )
  const slopes = (w: Tensor, xs: Tensor): Tensor => valueAndGrad((v: Tensor) => tf.sum(along(v, xs)[0]!))(w).grads
  const [w, xs] = [tf.tensor1d([0.1, 0.2, 0.3]), tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3])]
  const all = (a: Tensor, b: Tensor): Tree<Tensor> => [...along(a, b), grown(a), slopes(a, b)]
  const f = compiled(jit(all))
  ok(/scan: host/.test(f.explain(w, xs)) && /while: host/.test(f.explain(w, xs)), f.explain(w, xs))
  const expected = leaves(all(w, xs))
  leaves(f(w, xs)).forEach((tensor, i) => near(numbers(tensor), numbers(expected[i]!), { atol: 1e-5, what: `result ${i}` }))
})

s.run()
