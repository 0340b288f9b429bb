import { defineOp, foldIn, key, leaves, maf, mean, normal, tidy, valueAndGrad } from '@diffeo/core'
import type { FlowParams, Key, Params, Tree } from '@diffeo/core'
import { adam, applyUpdates } from '@diffeo/optim'
import type { AdamState } from '@diffeo/optim'
import { currentCompiler, jit, parallel, setCompiler } from '@diffeo/program'
import type { Reduce } from '@diffeo/program'
import { allocates, equal, near, ok, rejects, suite, throws, useTestBackend } from '@diffeo/testing'
import { useWasmCompiler } from '@diffeo/wasm'
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Worker as NodeWorker } from 'node:worker_threads'
import { model } from './steps.ts'

interface Threads {
  Worker: typeof NodeWorker
}

/** Every worker that was started, and how many of the next shards find a worker that ends before it has heard of them. */
const watched = { started: new Array<NodeWorker>(), deaths: 0 }
const watchWorkers = (): void => {
  const threads = process.getBuiltinModule('node:worker_threads') as Threads
  threads.Worker = class extends threads.Worker {
    constructor(...args: ConstructorParameters<Threads['Worker']>) {
      super(...args)
      watched.started.push(this)
    }
    override postMessage(...args: Parameters<NodeWorker['postMessage']>): void {
      const dies = watched.deaths > 0 && 'frame' in (args[0] as object)
      if (!dies) return super.postMessage(...args)
      watched.deaths -= 1
      void this.terminate()
    }
  }
}
const running = async (): Promise<number> => {
  for (let i = 0; i < 200 && watched.started.some(({ threadId }) => threadId !== -1); i++) await new Promise(r => setTimeout(r, 10))
  return watched.started.filter(({ threadId }) => threadId !== -1).length
}

const numbers = (tree: Tree<Tensor>): ReadonlyArray<ArrayLike<number>> => leaves(tree).map(leaf => leaf.dataSync())
const bits = (tree: Tree<Tensor>): string =>
  numbers(tree)
    .map(data => Buffer.from(Float32Array.from(data).buffer).toString('base64'))
    .join()
const bitsAndDispose = (tree: Tree<Tensor>): string => {
  const text = bits(tree)
  tf.dispose([...leaves(tree)])
  return text
}

/** Leaf by leaf, relative to the largest number of the leaf. */
const nearLeaves = (actual: Tree<Tensor>, expected: Tree<Tensor>, tolerance: number): void => {
  const wanted = numbers(expected)
  numbers(actual).forEach((leaf, i) => {
    const scale = Math.max(1e-6, ...Array.from(wanted[i]!, Math.abs))
    near(leaf, wanted[i]!, { atol: tolerance * scale, what: `leaf ${i}` })
  })
}

watchWorkers()
await useTestBackend('cpu')
useWasmCompiler()
const { flow, params, x } = model(maf({ layers: 2, hidden: [24, 24] }), 5, 4096)
const lossAndGrad = (p: FlowParams, batch: Tensor): { readonly value: Tensor; readonly grads: Params } => {
  const { value, grads } = valueAndGrad((q: FlowParams) => tf.neg(mean(flow.logProb(q, batch))))(p)
  return { value, grads: grads as Params }
}
const rows = (n: number): Tensor => tf.slice(x, [0, 0], [n, 5])
const twoWorkers = { workers: 2, shard: [1], reduce: 'mean' as Reduce }

const open: { dispose: () => void }[] = []
const inWorkers: typeof parallel = (f, options) => {
  const made = parallel(f, options)
  open.push(made)
  return made
}

const s = suite('parallel')
const test = (name: string, body: () => void | Promise<void>): void =>
  s.test(name, async () => {
    try {
      await body()
    } finally {
      open.splice(0).forEach(({ dispose }) => dispose())
    }
  })

test('the gradient of two workers is that of one, within 1e-6, and that of jit', async () => {
  const [alone, one, two] = [jit(lossAndGrad), inWorkers(lossAndGrad, { ...twoWorkers, workers: 1 }), inWorkers(lossAndGrad, twoWorkers)]
  const expected = alone(params, x)
  equal(bits(await one(params, x)), bits(expected))
  const actual = await two(params, x)
  nearLeaves(actual, expected, 1e-6)
  equal(Object.keys(actual), ['value', 'grads'])
  equal(two.explain(params, x).split('\n').slice(0, 2), [
    '2 shards of 2048, 2048 rows, mean of the results; in workers',
    'shards of 2048 rows in 4 parts:',
  ])
  alone.dispose()
})

test('large shards run in parts of 512 rows at most, where the results of parts may be added', async () => {
  const at = (n: number): Tensor => tf.reshape(tf.range(0, 2 * n), [n, 2])
  const parts = (text: string): string => /shards of .*:/.exec(text)![0]
  const moments = (a: Tensor): Tree<Tensor> => ({ sum: tf.sum(tf.exp(tf.sin(a)), 0), squares: tf.sum(tf.square(tf.sin(a))) })
  const total = inWorkers(moments, { workers: 2, shard: [0], reduce: 'sum' })
  nearLeaves(
    await total(at(3000)),
    tidy(() => moments(at(3000))),
    1e-6,
  )
  equal(parts(total.explain(at(3000))), 'shards of 1500 rows in 3 parts:')
  // 1031 is a prime
  nearLeaves(
    await total(at(2062)),
    tidy(() => moments(at(2062))),
    1e-6,
  )
  equal(parts(total.explain(at(2062))), 'shards of 1031 rows:')

  const doubled = inWorkers((a: Tensor) => tf.mul(a, 2), { workers: 2, shard: [0], reduce: 'mean' })
  const all = Array.from({ length: 2048 }, (_, i) => 2 * i + 2048)
  equal([...(await doubled(at(2048))).dataSync()], all, 'a mean of rows keeps the rows of a shard')
  equal(parts(doubled.explain(at(2048))), 'shards of 1024 rows:')

  const noisy = inWorkers((k: Key, a: Tensor) => mean(tf.add(a, normal(k, [a.shape[0]!, 2]))), { workers: 2, shard: [1], reduce: 'mean' })
  const noise = [0, 1].map(i => tidy(() => mean(normal(foldIn(key(5), i), [1024, 2])).dataSync()[0]!))
  near((await noisy(key(5), tf.zeros([2048, 2]))).dataSync(), [(noise[0]! + noise[1]!) / 2], { atol: 1e-6, what: 'a key for each shard' })
  const counted = inWorkers((a: Tensor) => tf.sum(tf.cast(tf.greater(a, 2), 'int32')), { workers: 2, shard: [0], reduce: 'sum' })
  equal([...(await counted(at(2048))).dataSync()], [4093])
})

test('100 runs give the same bits, and so do 100 that are under way at once', async () => {
  const f = inWorkers(lossAndGrad, { ...twoWorkers, workers: 3 })
  const batch = rows(3072) // two parts a shard: whoever is first takes those of others
  const expected = bitsAndDispose(await f(params, batch))
  for (let run = 0; run < 100; run++) equal(bitsAndDispose(await f(params, batch)), expected)
  const all = await Promise.all(Array.from({ length: 100 }, () => f(params, batch)))
  all.forEach(result => equal(bitsAndDispose(result), expected))
})

for (const n of [1, 2, 3, 7, 301])
  test(`${n} rows over three workers: a mean is weighted by rows`, async () => {
    const f = inWorkers(lossAndGrad, { ...twoWorkers, workers: 3 })
    const batch = rows(n)
    nearLeaves(
      await f(params, batch),
      tidy(() => lossAndGrad(params, batch)),
      1e-5,
    )
    const sizes = f.explain(params, batch).match(/shards of \d+ rows:/g)!
    equal(sizes.length, n % 3 === 0 || n < 3 ? 1 : 2)
  })

test('sums and concatenations, of int32 and bool too, in the order of the rows', async () => {
  const f = (c: Tensor, a: Tensor): { readonly ints: Tensor; readonly sum: Tensor } => ({
    ints: tf.sum(tf.cast(tf.greater(a, c), 'int32'), 0),
    sum: tf.sum(a),
  })
  const a = tf.tensor2d(
    Array.from({ length: 22 }, (_, i) => Math.sin(i)),
    [11, 2],
  )
  const total = inWorkers(f, { workers: 4, shard: [1], reduce: 'sum' })
  const { ints, sum } = await total(tf.scalar(0.1), a)
  equal([ints.dtype, ...ints.dataSync()], ['int32', ...tf.sum(tf.cast(tf.greater(a, 0.1), 'int32'), 0).dataSync()])
  near(sum.dataSync(), tf.sum(a).dataSync(), { atol: 1e-6 })
  const g = (both: { readonly a: Tensor; readonly i: Tensor }): ReadonlyArray<Tensor> => [
    tf.mul(both.a, 2),
    tf.greater(both.a, 0),
    tf.add(both.i, both.i),
  ]
  const i = tf.tensor1d([...Array(11).keys()], 'int32')
  const [twice, positive, ints2] = await inWorkers(g, { workers: 3, shard: [0], reduce: 'concat' })({ a, i })
  equal([...twice!.dataSync()], [...tf.mul(a, 2).dataSync()])
  equal([twice!.shape, positive!.shape, positive!.dtype, ints2!.dtype], [[11, 2], [11, 2], 'bool', 'int32'])
  equal([...positive!.dataSync()], [...tf.greater(a, 0).dataSync()])
  equal([...ints2!.dataSync()], [...tf.add(i, i).dataSync()])
})

test('no rows are one empty shard', async () => {
  const f = inWorkers((a: Tensor) => tf.mul(a, 2), { workers: 2, shard: [0], reduce: 'concat' })
  equal((await f(tf.zeros([0, 3]))).shape, [0, 3])
})

test('each shard has a key of its own, one shard the key itself', async () => {
  const f = (k: Key, a: Tensor): Tensor => tf.add(a, normal(k, [a.shape[0]!, 2]))
  const a = tf.zeros([6, 2])
  const shards = [0, 1, 2].map(i => jit(f)(foldIn(key(3), i), tf.zeros([2, 2])))
  const three = inWorkers(f, { workers: 3, shard: [1], reduce: 'concat' })
  equal(
    [...(await three(key(3), a)).dataSync()],
    shards.flatMap(y => [...y.dataSync()]),
  )
  const one = inWorkers(f, { workers: 1, shard: [1], reduce: 'concat' })
  equal([...(await one(key(3), a)).dataSync()], [...jit(f)(key(3), a).dataSync()])
  const draws = inWorkers((k: Key) => normal(k, [2, 2]), { workers: 3, shard: [], reduce: 'concat' })
  equal(draws.explain(key(3)).split('\n').slice(0, 2), ['3 shards of the whole, concat of the results; in workers', 'each:'])
  equal(
    [...(await draws(key(3))).dataSync()],
    shards.flatMap(y => [...y.dataSync()]),
  )
})

test('a training step of two programs is the step of one', async () => {
  const optimizer = adam(1e-2)
  const gradients = inWorkers(lossAndGrad, twoWorkers)
  const update = jit((grads: Params, state: AdamState, p: FlowParams) => {
    const { updates, state: next } = optimizer.update(grads, state, p as Params)
    return { params: applyUpdates(p as Params, updates) as FlowParams, state: next }
  })
  const whole = jit((p: FlowParams, state: AdamState, batch: Tensor) => {
    const { grads } = lossAndGrad(p, batch)
    const { updates, state: next } = optimizer.update(grads, state, p as Params)
    return { params: applyUpdates(p as Params, updates) as FlowParams, state: next }
  })
  const start = { params, state: optimizer.init(params as Params) }
  const batch = rows(1000)
  let [a, b] = [start, start]
  for (let step = 0; step < 5; step++) {
    const { grads } = await gradients(a.params, batch)
    a = update(grads, a.state, a.params)
    b = whole(b.params, b.state, batch)
  }
  nearLeaves(a.params as Params, b.params as Params, 1e-3)
  gradients.dispose()
})

test('arguments may be disposed, and written over, as soon as the call has returned', async () => {
  const f = inWorkers((a: Tensor, factor: number) => tf.mul(a, factor), { workers: 2, shard: [0], reduce: 'concat' })
  const a = tf.tensor1d([1, 2, 3])
  const pending = f(a, 3)
  a.dispose()
  equal([...(await pending).dataSync()], [3, 6, 9])
})

test('calls under way at once, and one after the other, have the numbers of their own arguments', async () => {
  const f = inWorkers((c: Tensor, a: Tensor, factor: number) => tf.mul(tf.add(a, c), factor), { workers: 2, shard: [1], reduce: 'concat' })
  const call = async (i: number): Promise<ReadonlyArray<number>> => [
    ...(await f(tf.scalar(i), tf.tensor1d([1, 2, 3].map(n => n * i)), i + 1)).dataSync(),
  ]
  const expected = (i: number): ReadonlyArray<number> => [1, 2, 3].map(n => (n * i + i) * (i + 1))
  const all = [1, 2, 3, 4, 5]
  for (let round = 0; round < 2; round++) equal(await Promise.all(all.map(call)), all.map(expected))
  for (const i of all) equal(await call(i), expected(i))
})

test('nothing is left behind: tensors, blocks, workers', async () => {
  const f = inWorkers(lossAndGrad, { ...twoWorkers, workers: 3 })
  const batch = rows(50)
  const count = leaves(params as Params).length + 1
  tf.dispose([...leaves<Tensor>((await f(params, batch)) as Tree<Tensor>)])
  const before = [tf.memory().numTensors, tf.findBackend('diffeo').numDataIds()]
  for (let call = 0; call < 20; call++) {
    const result = await f(params, batch)
    equal(tf.memory().numTensors, before[0]! + count)
    tf.dispose([...leaves<Tensor>(result as Tree<Tensor>)])
  }
  equal([tf.memory().numTensors, tf.findBackend('diffeo').numDataIds()], before)
  allocates(0, () => f.explain(params, batch))
  await allocates(0, () => f.compile(params, rowsOnce))
})
const rowsOnce = rows(60)

test('a worker that dies is replaced, and the results are the same bits', async () => {
  const f = inWorkers(lossAndGrad, twoWorkers)
  const batch = rows(512)
  const expected = bitsAndDispose(await f(params, batch))
  const started = watched.started.length
  watched.deaths = 1
  equal(bitsAndDispose(await f(params, batch)), expected)
  equal(watched.started.length, started + 1)
  watched.deaths = 2
  equal(bitsAndDispose(await f(params, batch)), expected)
  equal(watched.started.length, started + 3)
  await Promise.all(watched.started.map(worker => worker.terminate()))
  equal(bitsAndDispose(await f(params, batch)), expected)
})

test('a worker that dies again fails the call, and the next call works', async () => {
  const f = inWorkers(lossAndGrad, { ...twoWorkers, workers: 1 })
  const batch = rows(512)
  const expected = bitsAndDispose(await f(params, batch))
  const before = tf.memory().numTensors
  watched.deaths = 2
  await rejects(
    () => f(params, batch),
    /^parallel: expected worker 0 to give results, got its end \(exit code \d\), and that of the worker in its place \(exit code \d\)$/,
  )
  equal([watched.deaths, tf.memory().numTensors], [0, before])
  equal(bitsAndDispose(await f(params, batch)), expected)
})

const twice = defineOp({
  name: 'test.twice',
  shape: ([type]) => [type!],
  host: ([data]) => [data!.map(value => 2 * value)],
})

test('a program that needs the host runs in the caller, with the same results, and says so', async () => {
  const warnings: string[] = []
  const f = (k: Key, a: Tensor): Tensor => tf.add(twice([a], {})[0]!, normal(k, [a.shape[0]!]))
  const g = inWorkers(f, { workers: 2, shard: [1], reduce: 'concat', warn: text => void warnings.push(text) })
  const a = tf.tensor1d([1, 2, 3, 4])
  const expected = [0, 1].flatMap(i => [...jit(f)(foldIn(key(1), i), tf.slice(a, 2 * i, 2)).dataSync()])
  const before = tf.memory().numTensors
  for (let call = 0; call < 2; call++) equal([...(await g(key(1), a)).dataSync()], expected)
  equal(tf.memory().numTensors, before + 2)
  ok(
    g
      .explain(key(1), a)
      .startsWith('2 shards of 2, 2 rows, concat of the results; in the caller, one after the other: no worker has test.twice\n'),
  )
  equal(warnings, ['parallel: f runs in the caller, one shard after the other: no worker has test.twice'])
})

test('where no worker starts, the caller does it all, with the same bits', async () => {
  const threads = process.getBuiltinModule('node:worker_threads') as Threads
  const { Worker } = threads
  const f = inWorkers(lossAndGrad, twoWorkers)
  const expected = bits(await f(params, x))
  f.dispose()
  equal(await running(), 0)
  const warnings: string[] = []
  const g = inWorkers(lossAndGrad, { ...twoWorkers, warn: text => void warnings.push(text) })
  threads.Worker = class extends Worker {
    constructor() {
      throw new Error('not here')
      super('')
    }
  }
  try {
    equal(bits(await g(params, x)), expected)
  } finally {
    threads.Worker = Worker
  }
  equal(warnings, ['parallel: lossAndGrad runs in the caller, one shard after the other: no worker starts: not here'])
})

test('without a compiler the shards run eagerly', async () => {
  const compiler = currentCompiler()
  setCompiler(undefined)
  try {
    for (const n of [1, 2, 9]) {
      const batch = rows(n)
      const expected = tidy(() => lossAndGrad(params, batch))
      const f = inWorkers(lossAndGrad, twoWorkers)
      const before = tf.memory().numTensors
      const actual = await f(params, batch)
      equal(tf.memory().numTensors, before + leaves(actual as Tree<Tensor>).length)
      nearLeaves(actual, expected, 1e-5)
      ok(f.explain(params, batch).endsWith('runs eagerly: no compiler serves the active backend'))
    }
    const f = inWorkers((k: Key, a: Tensor) => tf.add(a, normal(k, [a.shape[0]!])), { workers: 2, shard: [1], reduce: 'concat' })
    const expected = [0, 1].flatMap(i => [...normal(foldIn(key(1), i), [2]).dataSync()])
    equal([...(await f(key(1), tf.zeros([4]))).dataSync()], expected)
  } finally {
    setCompiler(compiler)
  }
})

test('dispose lets calls under way finish, ends the workers with the last function, and a later call starts anew', async () => {
  const [f, g] = [inWorkers(lossAndGrad, twoWorkers), inWorkers((a: Tensor) => tf.neg(a), { workers: 3, shard: [0], reduce: 'concat' })]
  const batch = rows(64)
  const expected = bits(await f(params, batch))
  await g(batch)
  const pending = f(params, batch)
  f.dispose()
  equal(bits(await pending), expected)
  equal(watched.started.filter(({ threadId }) => threadId !== -1).length, 3)
  const first = g(rows(10)) // compiles
  g.dispose()
  equal((await first).shape, [10, 5])
  equal(await running(), 0)
  equal(bits(await f(params, batch)), expected)
  f.dispose()
  equal(await running(), 0)
})

test('idle workers let a process end', () => {
  const script = `
    import { parallel } from '@diffeo/program'
    import { useWasmCompiler } from '@diffeo/wasm'
    import '@tensorflow/tfjs-backend-cpu'
    import { mul, setBackend, tensor1d } from '@tensorflow/tfjs-core'
    await setBackend('cpu')
    useWasmCompiler()
    const f = parallel(a => mul(a, 2), { workers: 2, shard: [0], reduce: 'concat' })
    console.log('gives', (await f(tensor1d([1, 2, 3]))).dataSync().join())`
  const out = execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 30_000,
  }).toString()
  ok(out.includes('gives 2,4,6'), out)
})

test('what cannot be dealt out or reduced is an error that names it', async () => {
  const f = (a: Tensor, b: Tree<Tensor>): Tree<Tensor> => ({ y: tf.add(a, leaves(b)[0]!), n: tf.sum(tf.cast(a, 'int32')) })
  const mean2 = inWorkers(f, { workers: 2, shard: [0, 1], reduce: 'mean' })
  const [a, b] = [tf.zeros([4, 2]), tf.zeros([4, 2])]
  await rejects(() => mean2(a, [b, tf.zeros([3])]), /^parallel: expected 4 rows, as arg0 has, got 3 at arg1\[1\]$/)
  await rejects(() => mean2(a, { b: tf.scalar(1) }), /^parallel: expected tensors with rows in what is sharded, got a scalar at arg1\.b$/)
  await rejects(() => mean2(a, 3 as never), /got a number at arg1$/)
  await rejects(() => mean2(a, key(1) as never), /got a key at arg1$/)
  await rejects(() => (mean2 as unknown as (a: Tensor) => Promise<never>)(a), /got undefined at arg1$/)
  await rejects(() => mean2(a, [b]), /^parallel: expected results of float32 for the mean, got int32 \[\] at n; choose another reduce$/)
  await rejects(
    () => inWorkers(f, { workers: 2, shard: [0, 1], reduce: 'concat' })(a, b),
    /expected results of rows for the concat, got int32 \[\] at n/,
  )
  await rejects(() => inWorkers((y: Tensor) => tf.greater(y, 0), { workers: 2, shard: [0], reduce: 'sum' })(a), /got bool \[2, 2\] at \$/)
  await rejects(
    () => inWorkers((_: unknown, y: Tensor) => y, { workers: 2, shard: [1], reduce: 'sum' })('a', a),
    /^parallel: expected tensors, numbers or keys, got a string at arg0; .* static: \[0\]$/,
  )
  await rejects(() => inWorkers((y: Tensor) => (y.dataSync(), y), { workers: 2, shard: [0], reduce: 'sum' })(a), /dataSync|read/)
  await inWorkers((y: Tensor) => tf.neg(y), { workers: 2, shard: [0], reduce: 'concat' })(a)
  open.splice(0).forEach(({ dispose }) => dispose())
  equal(await running(), 0)
  throws(() => inWorkers(f, { workers: 0, shard: [0], reduce: 'sum' }), /^parallel: expected a number of workers from 1, got 0$/)
  throws(() => inWorkers(f, { workers: 1.5, shard: [0], reduce: 'sum' }), /got 1\.5$/)
  throws(
    () => inWorkers(f, { workers: 1, shard: [-1], reduce: 'sum' }),
    /^parallel: expected numbers of arguments in shard and static, got -1$/,
  )
  throws(() => inWorkers(f, { workers: 1, shard: [0], reduce: 'sum', static: [0] }), /got both for 0$/)
  throws(() => inWorkers(f, { workers: 1, shard: [0], reduce: 'max' as never }), /got max$/)
})

test('inside a trace and while a gradient is taken it is an error', async () => {
  const f = inWorkers((a: Tensor) => tf.mul(a, 2), { workers: 2, shard: [0], reduce: 'sum' })
  const failures: Promise<unknown>[] = []
  const call = (a: Tensor): Tensor => {
    failures.push(f(a))
    return tf.sum(a)
  }
  jit(call)(tf.ones([4]))
  valueAndGrad(call)(tf.ones([4]))
  equal(failures.length, 2)
  for (const failure of failures) await rejects(() => failure, /^parallel: expected a call outside of traces and gradients, got one inside/)
})

test('static arguments are part of the program', async () => {
  const f = inWorkers((how: { readonly power: number }, a: Tensor) => tf.pow(a, how.power), {
    workers: 2,
    shard: [1],
    static: [0],
    reduce: 'concat',
  })
  const a = tf.tensor1d([1, 2, 3])
  near((await f({ power: 2 }, a)).dataSync(), [1, 4, 9], { rtol: 1e-6 })
  near((await f({ power: 3 }, a)).dataSync(), [1, 8, 27], { rtol: 1e-6 })
})

s.run()
