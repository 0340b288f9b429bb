import { grad, isolated, leaves, valueAndGrad } from '@diffeo/core'
import type { Tree } from '@diffeo/core'
import { allocates, equal, near, ok, suite, throws, useTestBackend } from '@diffeo/testing'
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { evaluate } from '../evaluate/evaluate.ts'
import { print } from '../print.ts'
import type { Program } from '../program.ts'
import { trace } from './trace.ts'

const vector = { shape: [3], dtype: 'float32' } as const
const scalar = { shape: [], dtype: 'float32' } as const

const results = (program: Program, ...inputs: ReadonlyArray<ReadonlyArray<number>>): ReadonlyArray<ReadonlyArray<number>> =>
  leaves(evaluate(program, inputs)).map(data => [...data])

/** The data id's backend as tfjs knows it: moved data have another. */
const homeOf = (tensor: Tensor): unknown =>
  (
    tf.engine() as unknown as { readonly state: { readonly tensorInfo: WeakMap<object, { readonly backend: unknown }> } }
  ).state.tensorInfo.get(tensor.dataId)?.backend

const s = suite('trace')
s.before(() => useTestBackend('cpu'))

s.test('a function of a tree becomes a program with named inputs and the tree of its results', () => {
  const { program, outputs } = trace(
    ({ w, b }, x) => ({ y: [tf.add(tf.matMul(x, w), b)], x }),
    { w: { shape: [2, 3], dtype: 'float32' }, b: tf.tensor1d([1, 2, 3]) } as const,
    { shape: [4, 2], dtype: 'float32' } as const,
  )
  equal(
    print(program),
    [
      'input   %0 f32[2,3]  arg0.w',
      'input   %1 f32[3]  arg0.b',
      'input   %2 f32[4,2]  arg1',
      '        %3 f32[4,3] = matmul{transposeA=false transposeB=false} %2 %0',
      '        %4 f32[4,3] = broadcast{shape=[4,3] axes=[1]} %1',
      '        %5 f32[4,3] = add %3 %4',
      'output  y[0]: %5',
      'output  x: %2',
    ].join('\n'),
  )
  equal(outputs, [
    { path: ['y', 0], shape: [4, 3], dtype: 'float32' },
    { path: ['x'], shape: [4, 2], dtype: 'float32' },
  ])
})

s.test('numbers are float32 scalars', () => {
  const { program } = trace((a, b) => tf.mul(a, b), 2, vector)
  equal(results(program, [3], [1, 2, 3]), [[3, 6, 9]])
})

s.test('a program is plain data', () => {
  const w = tf.tensor1d([1, 2, 3])
  const { program } = trace(x => [tf.add(x, w), tf.sum(x)], vector)
  equal(structuredClone(program), program)
  equal(results(structuredClone(program), [1, 1, 1]), [[2, 3, 4], [3]])
})

s.test('a captured tensor is read once, stays where it is and is alive after', () => {
  const w = tf.tensor1d([1, 2, 3])
  const home = homeOf(w)
  const { program } = trace(x => tf.add(tf.mul(x, w), tf.reshape(tf.reshape(w, [1, 3]), [3])), vector)
  equal(program.constants.length, 1)
  ok(homeOf(w) === home)
  equal([...w.dataSync()], [1, 2, 3])
  equal([...tf.add(w, 1).dataSync()], [2, 3, 4])
  equal(results(program, [1, 1, 1]), [[2, 4, 6]])
})

s.test('constants are copies: what the user writes into an array later is not seen', () => {
  const numbers = Float32Array.of(1, 2, 3)
  const { program } = trace(x => tf.add(x, tf.tensor1d(numbers)), vector)
  numbers.fill(9)
  equal(results(program, [0, 0, 0]), [[1, 2, 3]])
})

s.test('an array of one repeated value is a fill', () => {
  const { program } = trace(x => tf.add(x, tf.zeros([3])), vector)
  equal(program.constants, [{ shape: [3], dtype: 'float32', fill: 0 }])
})

s.test('reading a traced value is an error that names the op and says what to do', () => {
  const text =
    /^trace: expected no read of a traced tensor, got one of f32\[3\], made by Exp; its numbers are not known .* tf\.where instead of if/
  throws(() => trace(x => tf.scalar(tf.exp(x).dataSync()[0]!), vector), text)
  throws(() => trace(x => tf.scalar(tf.exp(x).arraySync() as unknown as number), vector), text)
  throws(() => trace(x => tf.scalar(x.dataSync()[0]!), vector), /made by the argument arg0/)
})

s.test('reading asynchronously is the same error', async () => {
  const reads: Promise<unknown>[] = []
  trace(x => (reads.push(x.data().catch((e: Error) => e.message)), x), vector)
  ok(/expected no read of a traced tensor/.test((await Promise.all(reads))[0] as string))
})

s.test('constants and what is made of them alone can be read', () => {
  const w = tf.tensor1d([3, 1, 2])
  const { program } = trace(x => {
    equal([...tf.tensor1d([2, 0, 1], 'int32').dataSync()], [2, 0, 1])
    equal([...w.dataSync()], [3, 1, 2])
    const largest = tf.max(tf.mul(w, 2)).dataSync()[0]!
    return largest > 5 ? tf.neg(x) : x
  }, vector)
  equal(results(program, [1, 2, 3]), [[-1, -2, -3]])
})

s.test('a variable, a disposed tensor, a promise and other results are errors', () => {
  const variable = tf.variable(tf.scalar(1), true, 'scale')
  throws(
    () => trace(x => tf.mul(x, variable), vector),
    /^trace: expected tensors, got the variable 'scale' in Multiply, .* pass it as an argument/,
  )
  variable.dispose()
  const gone = tf.tensor1d([1, 2, 3])
  gone.dispose()
  throws(() => trace(x => tf.mul(x, gone), vector), /^trace: expected tensors that are alive, got one for Multiply that was disposed/)
  throws(() => trace(() => tf.scalar(1), gone), /got one that was disposed at arg0/)
  throws(
    () => trace((async (x: Tensor) => x) as unknown as (x: Tensor) => Tensor, vector),
    /got a promise; a traced function may not be async/,
  )
  throws(
    () => trace(() => ({ a: 1 }) as unknown as Tensor, vector),
    /^trace: expected a function that returns a tree of tensors, got number at a$/,
  )
  throws(() => trace(() => undefined as unknown as Tensor, vector), /got undefined/)
  throws(
    () => trace(x => x, { flow: 'nsf' } as unknown as Tensor),
    /^trace: expected tensors, .* numbers or keys, got a string at arg0\.flow$/,
  )
  throws(() => trace(x => x, Uint32Array.of(0, 1, 2)), /got 3 words, where a key has 2 at arg0$/)
  throws(() => trace(x => x, tf.tensor(['a']) as Tensor), /got a string one at arg0/)
})

s.test('a tensor disposed inside the trace fails as it does outside', () => {
  const use = (x: Tensor): Tensor => {
    const y = tf.exp(x)
    y.dispose()
    return tf.neg(y)
  }
  throws(() => trace(use, vector), /got one for Neg that was disposed, made by Exp/)
})

s.test('a tensor that escapes says so when it is used', () => {
  let escaped: Tensor | undefined
  trace(x => (escaped = tf.exp(x)), vector)
  const text = /escaped from a trace that is over \(f32\[3\], made by Exp\); return it from the traced function/
  throws(() => tf.add(escaped!, 1), text)
  trace(x => (escaped = tf.keep(tf.exp(x))), vector)
  throws(() => escaped!.dataSync(), text)
  throws(() => trace(x => tf.add(x, escaped!), vector), text)
  escaped!.dispose()
})

s.test('nothing leaks, neither when the function throws', () => {
  const w = tf.tensor1d([1, 2, 3])
  const memory = (): ReadonlyArray<number> => [tf.memory().numTensors, tf.memory().numDataBuffers, tf.memory().numBytes]
  const before = memory()
  allocates(0, () => trace(p => valueAndGrad((q: Tensor) => tf.sum(tf.tanh(tf.mul(q, w))))(p), vector))
  equal(memory(), before)
  throws(() => trace(p => grad((q: Tensor) => tf.sum(tf.add(tf.exp(tf.mul(q, w)), tf.zeros([7]))))(p), vector), /./)
  equal(memory(), before)
  tf.tidy(() => void trace(x => tf.exp(x), vector))
  equal(memory(), before)
})

s.test('the backend comes back, also when the function throws', () => {
  trace(x => (equal(tf.getBackend(), 'diffeo-trace'), x), vector)
  equal(tf.getBackend(), 'cpu')
  throws(
    () =>
      trace(() => {
        throw new Error('mine')
      }, vector),
    /mine/,
  )
  equal(tf.getBackend(), 'cpu')
  equal([...tf.add(tf.tensor1d([1]), 1).dataSync()], [2])
})

s.test('a trace inside a trace stands alone; only the outermost switches the backend', () => {
  const set = tf.engine().setBackend.bind(tf.engine())
  let switches = 0
  Object.assign(tf.engine(), { setBackend: (name: string) => ((switches += 1), set(name)) })
  let inner: Program | undefined
  const { program } = trace(x => {
    inner = trace(y => tf.mul(y, 2), vector).program
    return tf.exp(x)
  }, vector)
  Object.assign(tf.engine(), { setBackend: set })
  equal(switches, 2)
  equal(program.nodes.length, 1)
  equal(results(inner!, [1, 2, 3]), [[2, 4, 6]])
  throws(
    () => trace(x => (trace(y => tf.mul(y, x), vector), x), vector),
    /expected no tensor of an enclosing trace in Multiply, got one made by the argument arg0/,
  )
})

s.test('a trace while a gradient is taken leaves the running tape alone', () => {
  const before = tf.memory().numTensors
  const x = tf.scalar(0.5)
  const g = grad((v: Tensor) => {
    const y = tf.mul(tf.exp(v), v)
    trace(p => grad((q: Tensor) => tf.sum(tf.square(q)))(p), vector)
    return y
  })(x)
  near(g.dataSync(), [Math.exp(0.5) * 1.5])
  tf.dispose([x, g])
  equal(tf.memory().numTensors, before)
})

const bell = Math.exp(-1.1) / (1 + Math.exp(-1.1)) ** 2

/** d/dx and d2/dx2 at 1.1, by hand. */
const curves: Readonly<Record<string, readonly [(x: Tensor) => Tensor, number, number]>> = {
  'x exp x': [x => tf.mul(x, tf.exp(x)), 2.1 * Math.exp(1.1), 3.1 * Math.exp(1.1)],
  tanh: [tf.tanh, 1 / Math.cosh(1.1) ** 2, (-2 * Math.tanh(1.1)) / Math.cosh(1.1) ** 2],
  sigmoid: [tf.sigmoid, bell, bell * (1 - 2 / (1 + Math.exp(-1.1)))],
  'pow 3': [x => tf.pow(x, 3), 3.63, 6.6],
  'x relu': [x => tf.mul(x, tf.relu(x)), 2.2, 2],
  'where x > 0': [x => tf.where(tf.greater(x, 0), tf.square(x), x), 2.2, 2],
}

for (const [name, [f, first, second]] of Object.entries(curves))
  s.test(`first and second derivative of ${name}, traced`, () => {
    const { program } = trace(x => [grad(f)(x), grad((v: Tensor) => grad(f)(v))(x)], scalar)
    near(results(program, [1.1]).flat(), [first, second], { rtol: 2e-5 })
  })

s.test('one tensor in two leaves has the gradient of each leaf alone', () => {
  const a = tf.tensor1d([0.5])
  const product = (tree: { readonly a: Tensor; readonly b: Tensor }): Tensor => tf.sum(tf.mul(tf.square(tree.a), tree.b))
  const { program } = trace(tree => grad(product)(tree), { a, b: a })
  near(results(program, [0.5], [0.5]).flat(), [0.5, 0.25])
  const shared = trace(x => grad(product)({ a: x, b: x }), { shape: [1], dtype: 'float32' } as const)
  near(results(shared.program, [0.5]).flat(), [0.5, 0.25])
})

s.test('a leaf that is not used has a gradient of zeros', () => {
  const { program } = trace(tree => grad((t: typeof tree) => tf.sum(t.a))(tree), { a: vector, b: scalar })
  equal(results(program, [1, 2, 3], [1]), [[1, 1, 1], [0]])
})

s.test('gradient rules that were overwritten are put back', () => {
  tf.registerGradient({ kernelName: 'Abs', inputsToSave: ['x'], gradFunc: dy => ({ x: () => tf.mul(dy as Tensor, 7) }) })
  const { program } = trace(x => tf.grad((v: Tensor) => tf.sum(tf.abs(v)))(x), vector)
  equal(results(program, [1, 1, 1]), [[1, 1, 1]])
})

s.test('integers keep all 32 bits', () => {
  const { program } = trace((a, b) => tf.mul(a, b), { shape: [1], dtype: 'int32' } as const, { shape: [1], dtype: 'int32' } as const)
  equal(results(program, [0x7fffffff], [0x7ffffffd]), [[3]])
})

s.test('a function may be traced under isolation and with a trees of lists', () => {
  const list: Tree<Tensor> = [tf.scalar(1), [tf.scalar(2)]]
  const { program, outputs } = isolated(() => trace(tree => tree, list))
  equal(
    program.inputs.map(({ name }) => name),
    ['arg0[0]', 'arg0[1][0]'],
  )
  equal(outputs.length, 2)
})

s.test('tensors of the wasm backend are captured where they are, too', async () => {
  await useTestBackend('wasm')
  const w = tf.tensor1d([1, 2, 3])
  const home = homeOf(w)
  const { program } = allocates(0, () => trace(x => tf.where(tf.greater(x, 0), tf.mul(x, w), w), vector))
  equal(tf.getBackend(), 'wasm')
  ok(homeOf(w) === home)
  equal([...w.dataSync(), ...tf.add(w, 1).dataSync()], [1, 2, 3, 2, 3, 4])
  equal(results(program, [1, -1, 2]), [[1, 2, 6]])
  await useTestBackend('cpu')
})

s.run()
