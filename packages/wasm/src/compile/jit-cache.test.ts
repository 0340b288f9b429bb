import { currentCompiler, jit, setCompiler } from '@diffeo/program'
import { equal, ok, rejects, suite, throws, useTestBackend } from '@diffeo/testing'
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { storage } from '../backend/storage.ts'
import { useWasmCompiler, wasmCompiler } from './compiler.ts'

/** How often programs were compiled, at once and without blocking. */
const counts = { now: 0, later: 0 }

const s = suite('what jit keeps')
s.before(async () => {
  await useTestBackend('cpu')
  useWasmCompiler()
  setCompiler({
    ...wasmCompiler,
    compile: (...args) => {
      counts.now += 1
      return wasmCompiler.compile(...args)
    },
    compileAsync: (...args) => {
      counts.later += 1
      return wasmCompiler.compileAsync(...args)
    },
  })
})

const compiles = (body: () => void): number => {
  const before = counts.now
  body()
  return counts.now - before
}
const rows = (n: number): Tensor => tf.ones([n, 2])
const double = (x: Tensor): Tensor => tf.mul(x, 2)
const silent = { warn: () => undefined }

s.test('the compiler stays the one that was set', () => {
  const before = currentCompiler()
  useWasmCompiler()
  ok(currentCompiler() === before && before !== wasmCompiler)
})

s.test('one compilation for each set of shapes and dtypes', () => {
  const f = jit(double, silent)
  equal(
    compiles(() => [1, 2, 1, 2, 1].forEach(n => tf.tidy(() => void f(rows(n))))),
    2,
  )
  equal(
    compiles(() => tf.tidy(() => void f(tf.ones([1, 2], 'int32')))),
    1,
  )
  equal(
    compiles(() => tf.tidy(() => void f(tf.ones([2])))),
    1,
  )
  f.dispose()
})

s.test('a tree of other names or another order is another program', () => {
  const f = jit((p: { readonly [name: string]: Tensor }) => tf.addN(Object.values(p)), silent)
  const x = tf.scalar(1)
  const trees = [{ a: x, b: x }, { a: x, c: x }, { b: x, a: x }, { 'a:float32;1 b': x }, { a: x }]
  equal(
    compiles(() => tf.tidy(() => trees.forEach(tree => f(tree)))),
    5,
  )
  equal(
    compiles(() => tf.tidy(() => trees.forEach(tree => f(tree)))),
    0,
  )
  f.dispose()
  x.dispose()
})

s.test('the 32 last used stay', () => {
  const f = jit(double, silent)
  const { blocks } = storage().runtime.stats()
  const call = (n: number): number => compiles(() => tf.tidy(() => void f(rows(n))))
  for (let n = 1; n <= 32; n++) equal(call(n), 1)
  const full = storage().runtime.stats().blocks
  equal(call(1), 0, 'the oldest is used again')
  equal(call(33), 1)
  equal(call(1), 0)
  equal(call(2), 1, 'the one that was used longest ago went')
  equal(storage().runtime.stats().blocks, full, 'what went frees its memory')
  f.dispose()
  ok(storage().runtime.stats().blocks <= blocks + 1) // the scratch memory
  equal(call(2), 1, 'after dispose it compiles again')
  f.dispose()
})

s.test('the fifth compilation warns, once, and names what changes', () => {
  const said: string[] = []
  const f = jit(
    function score(p: { readonly w: Tensor }, x: Tensor): Tensor {
      return tf.mul(p.w, x)
    },
    { warn: text => said.push(text) },
  )
  tf.tidy(() => {
    const p = { w: tf.scalar(1) }
    for (let n = 1; n <= 8; n++) {
      f(p, rows(n))
      f(p, rows(n))
      equal(said.length, n < 5 ? 0 : 1)
    }
  })
  ok(/^jit: score was compiled for 5 sets of shapes; what changes is .*1,2, .*5,2\. /.test(said[0]!), said[0])
  f.dispose()
})

s.test('compile prepares a call', async () => {
  const f = jit((x: Tensor, how: string) => (how === 'twice' ? double(x) : x), { static: [1] })
  const x = rows(3)
  const { numTensors } = tf.memory()
  const before = counts.later
  await f.compile(x, 'twice')
  await f.compile(x, 'twice')
  equal(counts.later - before, 1)
  equal(tf.memory().numTensors, numTensors, 'nothing is run')
  equal(
    compiles(() => tf.tidy(() => equal([...f(x, 'twice').dataSync()], [2, 2, 2, 2, 2, 2]))),
    0,
  )
  equal(
    compiles(() => tf.tidy(() => void f(x, 'once'))),
    1,
  )
  await Promise.all([f.compile(rows(4), 'twice'), f.compile(rows(4), 'twice')])
  equal(
    compiles(() => tf.tidy(() => void f(rows(4), 'twice'))),
    0,
  )
  await rejects(() => f.compile('no' as unknown as Tensor, 'twice'), /jit: expected tensors, numbers or keys, got a string at arg0/)
  f.dispose()
})

s.test('explain and report say what runs', () => {
  const f = jit((x: Tensor, w: Tensor) => tf.softmax(tf.relu(tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D))))
  const [x, w] = [rows(5), tf.ones([2, 7])]
  const text = f.explain(x, w)
  ok(/matmul \[5,7\]/.test(text), text)
  ok(/\d+ steps, \d+ kernels, \d+ bytes of code, arena \d+ \(peak \d+\), constants \d+$/.test(text), text)
  const report = f.report(x, w)!
  ok(report.codeBytes > 100 && report.kernels > 0 && report.lines.length > 1)
  equal(
    compiles(() => tf.tidy(() => void f(x, w))),
    0,
    'explaining compiles',
  )
  f.dispose()
  tf.dispose([x, w])
})

s.test('a program that was disposed of', () => {
  const program = { version: 1, inputs: [], constants: [], nodes: [], outputs: [] } as const
  const executable = wasmCompiler.compile(program, { deterministic: true, donated: [] })
  equal(executable.call([]), [])
  executable.dispose()
  executable.dispose()
  throws(() => executable.call([]), /jit: expected a compiled function that is alive, got one that was disposed/)
})

s.test('the same bits where it is asked for', () => {
  const options: unknown[] = []
  const before = currentCompiler()!
  setCompiler({ ...before, compile: (program, given) => (options.push(given), before.compile(program, given)) })
  try {
    tf.tidy(() => {
      jit(double)(rows(1))
      jit((a: Tensor, b: ReadonlyArray<Tensor>, c: Tensor) => tf.addN([a, ...b, c]), { deterministic: true, donate: [1, 2] })(
        rows(1),
        [rows(1), rows(1)],
        rows(1),
      )
    })
    equal(options, [
      { deterministic: false, donated: [] },
      { deterministic: true, donated: [1, 2, 3] },
    ])
  } finally {
    setCompiler(before)
  }
})

s.run()
