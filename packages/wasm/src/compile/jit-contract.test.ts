import { key, normal, uniformArray, valueAndGrad } from '@diffeo/core'
import type { Key, TracedKey } from '@diffeo/core'
import { currentCompiler, jit, setCompiler, trace } from '@diffeo/program'
import { allocates, equal, near, not, ok, suite, throws, useTestBackend } from '@diffeo/testing'
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { backendName } from '../backend/storage.ts'
import { useWasmCompiler, wasmCompiler } from './compiler.ts'

const s = suite('the contract of jit')
s.before(async () => {
  await useTestBackend('wasm')
  await useTestBackend('cpu')
  useWasmCompiler()
})

const numbers = (x: Tensor): ReadonlyArray<number> => [...x.dataSync()]
/** Where tfjs holds a tensor's numbers. */
const homeOf = (x: Tensor): string => {
  const { state } = tf.engine() as unknown as { readonly state: { readonly tensorInfo: WeakMap<object, { readonly backend: object }> } }
  const { backend } = state.tensorInfo.get(x.dataId)!
  return ['cpu', 'wasm', backendName].find(name => tf.engine().findBackend(name) === backend) ?? 'elsewhere'
}

/** A test whose tensors are gone at its end, whatever it threw. */
const test = (name: string, body: () => void | Promise<void>): void =>
  s.test(name, async () => {
    const before = tf.memory().numTensors
    tf.engine().startScope()
    try {
      await body()
    } finally {
      tf.engine().endScope()
    }
    equal(tf.memory().numTensors, before, 'tensors left')
  })

test('results are fresh: an input, a constant and a twin come back as copies', () => {
  const c = tf.tensor1d([7, 8])
  const f = jit((x: Tensor, y: Tensor) => {
    const z = tf.add(x, y)
    return { x, c, z, again: z, moved: tf.reshape(z, [2, 1]), one: tf.ones([2]) }
  })
  const [x, y] = [tf.tensor1d([1, 2]), tf.tensor1d([3, 4])]
  const r = allocates(6, () => f(x, y))
  equal([r.x, r.c, r.z, r.again, r.moved, r.one].map(numbers), [
    [1, 2],
    [7, 8],
    [4, 6],
    [4, 6],
    [4, 6],
    [1, 1],
  ])
  equal(r.moved.shape, [2, 1])
  equal(new Set([x, y, c, ...Object.values(r)].map(t => t.dataId)).size, 9)
  tf.dispose([x, c, r.z])
  equal([r.x, r.again, r.moved].map(numbers), [
    [1, 2],
    [4, 6],
    [4, 6],
  ])
  equal(numbers(y), [3, 4])
})

test('parameters of earlier steps stay as they were', () => {
  const step = jit((p: Tensor) => tf.mul(p, 2))
  const all = [tf.scalar(1)]
  for (let i = 0; i < 10; i++) all.push(step(all.at(-1)!) as tf.Scalar)
  equal(
    all.map(p => numbers(p)[0]),
    [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024],
  )
})

for (const backend of ['cpu', 'wasm'] as const)
  test(`tensors of ${backend} go in and eager ops take the results out again`, async () => {
    await useTestBackend(backend)
    const f = jit((x: Tensor) => tf.mul(x, 3))
    const x = tf.mul(tf.tensor1d([1, 2, 3]), 1)
    equal(homeOf(x), backend)
    const y = f(x)
    equal([homeOf(x), homeOf(y)], [backendName, backendName])
    equal(numbers(y), [3, 6, 9])
    equal(homeOf(y), backendName, 'reading moves nothing')
    const eager = tf.add(y, x)
    equal(homeOf(y), backend)
    equal(numbers(eager), [4, 8, 12])
    equal(numbers(f(y)), [9, 18, 27])
    equal(homeOf(y), backendName)
    const alias = tf.reshape(y, [3, 1]) as Tensor
    equal(numbers(f(alias)), [9, 18, 27])
    y.dispose()
    equal(numbers(alias), [3, 6, 9])
    await useTestBackend('cpu')
  })

test('reads of all sorts', async () => {
  const f = jit((x: Tensor) => ({ x: tf.add(x, 1), positive: tf.greater(x, 0), whole: tf.cast(x, 'int32') }))
  const { x, positive, whole } = f(tf.tensor2d([
    [1.5, -2.5],
    [0, 3],
  ])) // prettier-ignore
  equal(await x.array(), [
    [2.5, -1.5],
    [1, 4],
  ])
  equal(positive.dtype, 'bool')
  equal([...positive.dataSync()], [1, 0, 0, 1])
  ok(positive.dataSync() instanceof Uint8Array)
  equal([...(await whole.data())], [1, -2, 0, 3])
  ok(whole.dataSync() instanceof Int32Array)
  equal((await x.buffer()).get(1, 1), 4)
})

test('inside a tidy and outside', () => {
  const f = jit((x: Tensor) => ({ y: tf.add(x, 1), z: tf.sum(x) }))
  const x = tf.tensor1d([1, 2])
  const y = allocates(1, () => tf.tidy(() => f(x).y))
  equal(numbers(y), [2, 3])
  allocates(0, () => tf.tidy(() => void f(x)))
  allocates(2, () => f(x))
  const kept = allocates(1, () => tf.tidy(() => tf.keep(f(x).z)))
  equal(numbers(kept), [3])
  kept.dispose()
})

test('while a gradient is taken it is part of the gradient', () => {
  const g = jit((x: Tensor) => tf.sin(x))
  const x = tf.scalar(0.7)
  const slope = tf.grad((at: Tensor) => tf.add(tf.square(at), g(at)))(x)
  near(numbers(slope), [1.4 + Math.cos(0.7)])
  const { value, grads } = valueAndGrad((p: Tensor[]) => tf.mul(g(p[0]!), p[1]!) as tf.Scalar)([x, tf.scalar(3)])
  near(numbers(value), [3 * Math.sin(0.7)])
  near(numbers(grads[0]!), [3 * Math.cos(0.7)])
  near(numbers(grads[1]!), [Math.sin(0.7)])
  const second = tf.grad((at: Tensor) => tf.grad((b: Tensor) => g(b))(at))(x)
  near(numbers(second), [-Math.sin(0.7)])
})

test('a gradient inside', () => {
  const f = jit((x: Tensor) => valueAndGrad((at: Tensor) => tf.sum(tf.exp(at)))(x))
  const x = tf.tensor1d([0, 1])
  const { value, grads } = allocates(2, () => f(x))
  near(numbers(value), [1 + Math.E])
  near(numbers(grads), [1, Math.E])
})

test('jit within jit, and within a trace', () => {
  const compiled: number[] = []
  const compiler = currentCompiler()!
  setCompiler({ ...compiler, compile: (program, options) => (compiled.push(program.nodes.length), compiler.compile(program, options)) })
  try {
    const inner = jit((x: Tensor) => tf.exp(x))
    const outer = jit((x: Tensor) => tf.add(inner(x), 1))
    near(numbers(outer(tf.scalar(1))), [Math.E + 1])
    equal(compiled.length, 1)
    equal(
      trace((x: Tensor) => inner(x), tf.scalar(1)).program.nodes.map(({ op }) => op),
      ['exp'],
    )
    equal(compiled.length, 1)
    const half = jit((x: Tensor, by: number | Tensor) => tf.div(x, tf.reshape(by as Tensor, [1])))
    near(numbers(jit((x: Tensor) => half(x, 2))(tf.scalar(3))), [1.5])
    near(numbers(tf.grad((x: Tensor) => half(x, 2))(tf.scalar(3))), [0.5])
  } finally {
    setCompiler(compiler)
  }
})

test('numbers, keys, trees and static arguments', () => {
  const f = jit((p: { readonly w: Tensor; readonly list: ReadonlyArray<Tensor> }, rate: number | Tensor) =>
    tf.mul(tf.add(p.w, p.list[1]!), rate),
  )
  const p = { w: tf.scalar(2), list: [tf.scalar(0), tf.scalar(3)] }
  equal(numbers(f(p, 10)), [50])
  equal(numbers(f(p, -0.5)), [-2.5])
  equal(numbers(f(p, tf.scalar(0.1)))[0], Math.fround(0.5))
  ok(Number.isNaN(numbers(f(p, NaN))[0]))
  const draw = jit((k: Key | TracedKey) => normal(k as Key, [4]))
  const near6 = (a: Tensor, b: Tensor): void => near(numbers(a), numbers(b), { atol: 1e-6 })
  near6(draw(key(3)), normal(key(3), [4]))
  near6(draw(key(4)), normal(key(4), [4]))
  not.equal(numbers(draw(key(3))), numbers(draw(key(4))))
  ok(uniformArray(key(3), 1).length === 1)

  let traced = 0
  const g = jit(
    (x: Tensor, how: { readonly kind: string; readonly by?: number }, map: (x: Tensor) => Tensor) => {
      traced += 1
      return map(how.kind === 'add' ? tf.add(x, how.by ?? 1) : tf.neg(x))
    },
    { static: [1, 2] },
  )
  const [x, same, twice] = [tf.scalar(3), (v: Tensor): Tensor => v, (v: Tensor): Tensor => tf.mul(v, 2)]
  equal(numbers(g(x, { kind: 'add', by: 4 }, same)), [7])
  equal(numbers(g(x, { kind: 'add', by: 4 }, same)), [7])
  equal(traced, 1)
  equal(numbers(g(x, { kind: 'add', by: 5 }, same)), [8])
  equal(numbers(g(x, { kind: 'neg' }, same)), [-3])
  equal(numbers(g(x, { kind: 'neg' }, twice)), [-6])
  equal(traced, 4)
})

test('static arguments that look alike are told apart', () => {
  const f = jit((x: Tensor, how: unknown) => tf.add(x, describe(how)), { static: [1] })
  const alike: ReadonlyArray<unknown> = [
    'NaN',
    NaN,
    'undefined',
    undefined,
    null,
    'null',
    0,
    -0,
    '0',
    [0],
    { 0: 0 },
    new Map([[1, 2]]),
    new Map(),
    () => 1,
    () => 2,
  ]
  alike.forEach((how, i) => equal(numbers(f(tf.scalar(0), how)), [describe(how)], `value ${i}`))
  const how = describe({ a: 1, b: [NaN, 'x'] })
  const spec = seenBefore[how]
  equal(numbers(f(tf.scalar(0), spec)), [how])
  equal(numbers(f(tf.scalar(0), { a: 1, b: [NaN, 'x'] })), [how], 'by value')
})

const seenBefore: unknown[] = []
/** A number for each value. */
const describe = (value: unknown): number => {
  const at = seenBefore.findIndex(other => Object.is(other, value))
  return at >= 0 ? at : seenBefore.push(value) - 1
}

test('errors', () => {
  const f = jit((x: Tensor, how?: unknown) => (how === undefined ? tf.neg(x) : x)) as unknown as (...args: unknown[]) => Tensor
  const x = tf.scalar(1)
  throws(() => f(x, 'mean'), /^jit: expected tensors, numbers or keys, got a string at arg1; .*static: \[1\]/)
  throws(() => f(x, { a: [x, true] }), /got a boolean at arg1\.a\[1\]/)
  throws(() => f(x, null), /got null at arg1/)
  throws(() => f(x, () => 1), /got a function at arg1/)
  throws(() => f(tf.tensor(['a'])), /expected float32, int32 or bool tensors, got a string one/)
  throws(() => f(tf.complex(1, 2)), /expected float32, int32 or bool tensors, got a complex64 one/)
  const dead = tf.scalar(1)
  dead.dispose()
  throws(() => f(dead), /jit: .*disposed.* arg0/)
  throws(() => f({ p: [dead] }), /jit: .*disposed.* arg0\.p\[0\]/)
  throws(() => jit((a: Tensor, _: unknown) => a, { static: [1] })(x, x), /jit: expected static arguments without tensors, got one in arg1/)
  throws(() => jit((a: Tensor) => a, { static: [-1] }), /jit: expected numbers of arguments/)
  throws(() => jit((a: Tensor) => a, { static: [0], donate: [0] }), /either|both for 0/)
  throws(() => jit((a: Tensor) => tf.scalar(a.dataSync()[0]!))(x), /arg0/)
  throws(() => jit((async (a: Tensor) => a) as unknown as (a: Tensor) => Tensor)(x), /promise/)
  throws(() => jit((() => 3) as unknown as () => Tensor)(), /expected a function that returns a tree of tensors, got number/)
})

test('errors inside leave nothing behind, and the next call works', () => {
  let fails = true
  const f = jit((x: Tensor) => {
    const y = tf.exp(x)
    if (fails) throw new Error('planned')
    return y
  })
  const x = tf.scalar(0)
  allocates(0, () => throws(() => f(x), /planned/))
  equal(tf.getBackend(), 'cpu')
  fails = false
  equal(numbers(f(x)), [1])
  allocates(0, () => throws(() => jit((a: Tensor) => tf.matMul(a as tf.Tensor2D, a as tf.Tensor2D))(x), /matMul|rank/i))
  allocates(
    0,
    () =>
    throws(() => jit((a: Tensor) => valueAndGrad((p: Tensor) => { tf.exp(p); throw new Error('planned too') })(a).value)(x), /planned too/), // prettier-ignore
  )
})

test('without a compiler, or with another backend, the same results eagerly', async () => {
  const compiler = currentCompiler()!
  const c = tf.tensor1d([7, 8])
  const f = jit(
    (x: Tensor, by: number | Tensor, k: Key | TracedKey, how: string) => {
      const y = how === 'twice' ? tf.mul(x, 2) : x
      return {
        x,
        c,
        y,
        again: y,
        by: tf.add(y, by),
        shape: (by as Tensor).shape === undefined ? tf.scalar(0) : tf.scalar(1),
        k: normal(k as Key, [2]),
      }
    },
    { static: [3] },
  )
  const x = tf.tensor1d([1, 2])
  const jitted = f(x, 3, key(1), 'twice')
  setCompiler(undefined)
  try {
    equal(f.report(x, 3, key(1), 'twice'), undefined)
    ok(/eager/.test(f.explain(x, 3, key(1), 'twice')))
    await f.compile(x, 3, key(1), 'twice')
    const eager = allocates(7, () => f(x, 3, key(1), 'twice'))
    Object.entries(eager).forEach(([name, tensor]) => near(numbers(tensor), numbers(jitted[name as 'x']), { atol: 1e-6, what: name }))
    // results may be disposed of, as compiled ones
    tf.dispose([eager.x, eager.c, eager.y])
    equal([x, c, eager.again].map(numbers), [
      [1, 2],
      [7, 8],
      [2, 4],
    ])
  } finally {
    setCompiler(compiler)
  }
})

test('a backend that the compiler does not serve', () => {
  ok(['cpu', 'wasm', backendName].every(wasmCompiler.serves))
  ok(!['webgl', 'webgpu', 'tensorflow'].some(wasmCompiler.serves))
})

test('scalars, empty tensors, bools and whole numbers in and out', () => {
  const f = jit((x: Tensor, b: Tensor, i: Tensor) => ({
    x: tf.add(x, 1),
    rows: tf.sum(x, 0),
    row: tf.sum(x, 1),
    b: tf.logicalNot(b),
    any: tf.any(b),
    i: tf.mul(i, tf.scalar(2, 'int32')),
    where: tf.where(b, tf.ones(b.shape), tf.zeros(b.shape)),
  }))
  const r = f(tf.zeros([0, 3]), tf.tensor1d([true, false, true], 'bool'), tf.scalar(2 ** 30 - 1, 'int32'))
  equal([r.x.shape, r.rows.shape, r.row.shape], [[0, 3], [3], [0]])
  equal(numbers(r.x), [])
  equal(numbers(r.rows), [0, 0, 0])
  equal(numbers(r.b), [0, 1, 0])
  equal(numbers(r.any), [1])
  equal(numbers(r.i), [2 ** 31 - 2])
  equal(numbers(r.where), [1, 0, 1])
  equal([r.b.dtype, r.any.dtype, r.i.dtype], ['bool', 'bool', 'int32'])
  equal(numbers(jit((x: Tensor) => tf.matMul(x as tf.Tensor2D, tf.ones([0, 4])))(tf.zeros([3, 0]))), new Array(12).fill(0))
})

s.run()
