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

s.test('a call that is almost like the one before is told apart from it', () => {
  const weight = (arg: unknown): number => {
    if (arg instanceof tf.Tensor) return arg.size * arg.rank + (arg.shape[0] ?? 0) / 16 + (arg.dtype === 'int32' ? 0.5 : 0)
    if (typeof arg !== 'object' || arg === null) return 1000 * Number(arg)
    const parts = Object.entries(arg).map(([name, one], i) => (i + 1 + name.charCodeAt(0) / 128) * weight(one))
    return parts.reduce((sum, part) => sum + part, parts.length / 4)
  }
  const weigh = (...args: ReadonlyArray<never>): Tensor => tf.scalar(weight(args))
  const compiled = (): typeof weigh & { dispose: () => void } => jit(weigh, { ...silent, static: [2] })
  const f = compiled()
  const [x, y] = [tf.ones([2, 3]), tf.ones([4])]
  const calls: ReadonlyArray<ReadonlyArray<unknown>> = [
    [x],
    [tf.ones([3, 2])],
    [tf.ones([2, 3], 'int32')],
    [x, y],
    [x, 2],
    [x, new Uint32Array(2)],
    [x, [y]],
    [x, [y, y]],
    [x, { y }],
    [x, { y, z: y }],
    [x, { z: y, y: x }],
    [x, { y: x, z: y }],
    [x, { y: { y } }],
    [x, y, 1],
    [x, y, 2],
    [x, y, { n: 3 }],
    [x, y, { n: 4 }],
  ]
  const call = (args: ReadonlyArray<unknown>, of = f): number => of(...(args as ReadonlyArray<never>)).dataSync()[0]!
  const alone = calls.map(args => call(args, compiled()))
  ok(new Set(alone).size === calls.length, 'all are different')
  calls.forEach((first, i) =>
    calls.forEach((second, j) => {
      equal([call(first), call(first), call(second)], [alone[i], alone[i], alone[j]], `${i} ${j}`)
    }),
  )
  throws(() => call([x, 'y']), /expected tensors, numbers or keys/)
  call([x, y])
  y.dispose()
  throws(() => call([x, y]), /expected tensors that are alive/)
  f.dispose()
})

s.test('a call like the one before outlives 40 other programs', async () => {
  const f = jit(double, silent)
  f(rows(1))
  f(rows(1))
  for (let n = 2; n < 42; n++) await f.compile(rows(n))
  equal(f(rows(1)).shape, [1, 2])
  f.dispose()
  equal(f(rows(1)).shape, [1, 2])
  f.dispose()
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
