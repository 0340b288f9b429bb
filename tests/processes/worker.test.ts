import { equal, near, ok, rejects, suite } from '@diffeo/testing'
import { codec, connectWorker, DataError, fit, ModelFileError, realNvp, tableFrom } from 'diffeo'
import type { Epoch, StepProgress, WorkerConnection } from 'diffeo'
import { Worker } from 'node:worker_threads'

const s = suite('training in a thread')

/** Node 20 gives the loader of TypeScript to no thread. */
const url = JSON.stringify(new URL('./fit-worker.ts', import.meta.url).href)
const script = `import('tsx/esm/api').then(({ register }) => { register(); return import(${url}) })`
const start = (): Worker => new Worker(script, { eval: true })
const open: { connection?: WorkerConnection } = {}
const connection = async (): Promise<WorkerConnection> => (open.connection ??= await connectWorker(start()))
s.after(() => open.connection?.terminate())

/** Rows around an arc. */
const rows = Array.from({ length: 300 }, (_, i) => [Math.cos(i), Math.sin(i) + 0.3 * Math.cos(7 * i * i)])
const options = { flow: realNvp({ layers: 3, hidden: [8] }), steps: 12, baselines: false, calibration: false, seed: 4, jit: false }

s.test('the fit of a thread is that of the main thread, bit for bit, and tells the same', async () => {
  const told = { steps: new Array<StepProgress>(), epochs: new Array<Epoch>(), phases: new Array<string>() }
  const here = { steps: new Array<StepProgress>(), epochs: new Array<Epoch>(), phases: new Array<string>() }
  const hearing = (list: typeof told) => ({
    onStep: (progress: StepProgress) => void list.steps.push(progress),
    onEpoch: (epoch: Epoch) => void list.epochs.push(epoch),
    onPhase: (phase: string) => void list.phases.push(phase),
  })
  const worker = await connection()
  equal(worker.backend, 'wasm')
  const [remote, local] = [await worker.fit(rows, { ...options, ...hearing(told) }), await fit(rows, { ...options, ...hearing(here) })]
  equal(told, here)
  equal(Buffer.compare(await remote.encode(), local.encode()), 0)
  equal(await remote.params(), codec.toHost(local.params))
  equal([...(await remote.logProb(rows))], [...(await local.logProb(rows))])
  equal(await remote.sample(3, { seed: 2 }), await local.sample(3, { seed: 2 }))
  equal([...(await remote.toBase(rows)).values], [...(await local.toBase(rows)).values])
  equal([...(await remote.quantile(rows))], [...(await local.quantile(rows))])
  const [there, place] = [await remote.posterior([{ x2: 0.1 }], 'x1', [0, 1]), await local.posterior([{ x2: 0.1 }], 'x1', [0, 1])]
  equal(there, place)
  await remote.dispose()
  await rejects(() => remote.encode(), /^encode: expected a model of this worker, got one that was disposed of$/)
})

s.test('rows of every kind reach the thread', async () => {
  const worker = await connection()
  const flat = Float64Array.from(rows.flat())
  const column = (j: number): Float64Array => Float64Array.from([0, ...rows.map(row => row[j]!)]).subarray(1)
  const kinds = [rows, new Set(rows), tableFrom(flat, { columns: ['x1', 'x2'] }), { x1: column(0), x2: column(1) }]
  const few = { ...options, steps: 3 }
  const files = await Promise.all(kinds.map(async kind => (await worker.fit(kind, few)).params()))
  files.forEach(file => equal(file, files[0]))
})

s.test('views come while it trains, and an abort gives the model so far', async () => {
  const worker = await connection()
  const views: unknown[] = []
  const stop = new AbortController()
  const model = await worker.fit(rows, {
    ...options,
    jit: true,
    steps: 100_000,
    epochs: 100_000,
    patience: 100_000,
    modelEvery: 0.01,
    view: { size: 3 },
    onView: (view, { step }) => {
      views.push([view, step])
      if (views.length === 3) stop.abort()
    },
    signal: stop.signal,
  })
  equal([model.record.stopped, model.record.test], ['aborted', null])
  ok(views.length >= 3)
  const [[first]] = views as [[{ readonly request: unknown; readonly scores: Float64Array }]]
  equal(first.request, { size: 3 })
  ok(Number.isFinite(first.scores[0]))
  ok((await model.logProb(rows)).every(Number.isFinite))
})

s.test('a model moves to another worker by its bytes', async () => {
  const model = await (await connection()).fit(rows, { ...options, steps: 5 })
  const other = await connectWorker(start(), { backend: 'cpu' })
  try {
    const bytes = await model.encode()
    const moved = await other.load(bytes)
    equal(other.backend, 'cpu')
    equal(await moved.params(), await model.params())
    near(await moved.logProb(rows), await model.logProb(rows), { atol: 1e-4 })
    const cut = await other.load(bytes.slice(0, 100)).then(undefined, (thrown: unknown) => thrown)
    ok(cut instanceof ModelFileError && cut.errors.length > 0)
  } finally {
    other.terminate()
  }
})

s.test('errors keep their class and say what is wrong', async () => {
  const worker = await connection()
  const bad = await worker.fit([[1, 2], [1]] as never, options).then(undefined, (thrown: unknown) => thrown)
  ok(bad instanceof DataError && /^rows: row 2: expected/.test(bad.message) && bad.row === 2)
  await rejects(() => worker.fit(rows, { ...options, steps: -1 }), /^fit: expected steps to be an integer >= 1, got -1$/)
  await rejects(
    () => worker.fit(rows, { ...options, view: 'throw', modelEvery: 0, onView: () => undefined }),
    /^view: expected nothing, got this$/,
  )
  await rejects(
    () => worker.fit(rows, { ...options, loss: () => () => 0 } as never),
    /^fit in a worker: expected options that can be sent, got a function in loss; give it to serveWorker$/,
  )
  await rejects(() => connectWorker(start(), { backend: 'webgl' }), /webgl/i)
})

s.test('nothing waits for a worker that ends', async () => {
  const dying = await connectWorker(start())
  const fitted = await dying.fit(rows, { ...options, steps: 3 })
  const [hanging, exiting] = [fitted.view('hang'), fitted.view('exit')]
  await rejects(() => hanging, /^worker: expected an answer, got its end: exit code 3$/)
  await rejects(() => exiting, /exit code 3$/)
  await rejects(() => dying.fit(rows), /exit code 3$/)

  const ended = await connectWorker(start())
  const training = ended.fit(rows, { ...options, steps: 100_000, epochs: 100_000, patience: 100_000, onStart: () => ended.terminate() })
  await rejects(() => training, /^worker: expected an answer, got its end: it was terminated$/)

  const silent = new Worker('setInterval(() => 0, 1000)', { eval: true })
  await rejects(() => connectWorker(silent, { timeout: 0.5 }), /it did not call serveWorker within 0.5 s$/)
  const broken = new Worker('throw new Error("no such thing")', { eval: true })
  await rejects(() => connectWorker(broken), /got its end: no such thing$/)
})

s.run()
