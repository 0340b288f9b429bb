/* What tests ask of a page with a worker. */
import { nsf } from '@diffeo/core'
import { connectWorker } from '@diffeo/train'
import type { RemoteFitOptions, WorkerConnection } from '@diffeo/train'
import { toText } from './bytes.ts'

type Columns = { readonly x: ReadonlyArray<number>; readonly y: ReadonlyArray<number> }

const connect = (script = 'worker.js'): Promise<WorkerConnection> => connectWorker(new Worker(script, { type: 'module' }))

const messageOf = async (body: () => Promise<unknown>): Promise<string> => {
  try {
    await body()
    return ''
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown)
  }
}

const options: RemoteFitOptions = { flow: nsf({ layers: 3, hidden: [16] }), steps: 60, baselines: false, calibration: false, jit: true }
const open: { worker?: WorkerConnection } = {}
const shared = async (): Promise<WorkerConnection> => (open.worker ??= await connect())

const tasks = {
  fit: async (rows: Columns) => {
    const worker = await shared()
    const steps: number[] = []
    const model = await worker.fit(rows, { ...options, onStep: ({ step }) => void steps.push(step) })
    const scores = [...(await model.logProb(rows))]
    const { leaves } = await model.params()
    const again = await worker.load(await model.encode())
    const same = JSON.stringify((await again.params()).leaves.map(({ data }) => [...data].map(String)))
    const equal = same === JSON.stringify(leaves.map(({ data }) => [...data].map(String)))
    return {
      backend: worker.backend,
      isolated: crossOriginIsolated,
      shared: 'SharedArrayBuffer' in globalThis,
      steps,
      scores,
      equal,
      model: toText(await model.encode()),
    }
  },
  /** How many messages of progress came while it trained. */
  told: async (rows: Columns, steps: number) => {
    let told = 0
    const count = (): void => void told++
    const model = await (await shared()).fit(rows, { ...options, steps, modelEvery: 0.05, onStep: count, onEpoch: count, onView: count })
    await model.dispose()
    return told
  },
  abort: async (rows: Columns) => {
    const stop = new AbortController()
    const views: unknown[] = []
    const model = await (
      await shared()
    ).fit(rows, {
      ...options,
      steps: 1_000_000,
      epochs: 1_000_000,
      patience: 1_000_000,
      modelEvery: 0.02,
      onView: view => void (views.push(view), views.length === 2 && stop.abort()),
      signal: stop.signal,
    })
    return [model.record.stopped, views.length >= 2]
  },
  /** The lengths, in the worker, of an array that it sends twice. */
  moved: async (rows: Columns) => {
    const model = await (await shared()).fit(rows, { ...options, steps: 2, jit: false })
    const lengths = [await model.view('kept'), await model.view('kept')] as ReadonlyArray<{ readonly length: number }>
    return lengths.map(({ length }) => length)
  },
  ends: async (rows: Columns) => {
    const ended = async (how: string): Promise<string> => {
      const worker = await connect()
      const model = await worker.fit(rows, { ...options, steps: 2, jit: false })
      const asked = model.view(how).then(() => model.view('after'))
      const message = await messageOf(() =>
        Promise.all([asked, new Promise(resolve => setTimeout(resolve, 5000)).then(() => model.view('later'))]),
      )
      worker.terminate()
      return message
    }
    return [await messageOf(() => connect('nowhere.js')), await ended('close'), await ended('throw')]
  },
}
Object.assign(globalThis, { tasks })
