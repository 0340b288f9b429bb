/* What tests ask of a page: models, and backends, as a user's page would have them. */
import '@tensorflow/tfjs-backend-webgl'
import '@tensorflow/tfjs-backend-webgpu'
import { fit, loadModel, nsf, useBackend } from 'diffeo'
import type { BackendName } from 'diffeo'
import { env, getBackend, memory } from '@tensorflow/tfjs-core'
import { fromText, toText } from './bytes.ts'

type Rows = ReadonlyArray<ReadonlyArray<number>>

/** The message of what went wrong, or nothing. */
const messageOf = async (body: () => Promise<unknown>): Promise<string> => {
  try {
    await body()
    return ''
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown)
  }
}

const tasks = {
  isolated: () => crossOriginIsolated,
  /** Nothing was started: `loadModel` starts what runs best. */
  loadFirst: async (model: string) => {
    const before = getBackend()
    const loaded = await loadModel(fromText(model))
    loaded.dispose()
    return [before, getBackend()]
  },
  start: (name?: BackendName) => messageOf(() => useBackend(name)),
  backend: () => getBackend(),
  /** As a browser whose graphics card has float16 textures only. */
  startOnFloat16: async () => {
    env().set('WEBGL_RENDER_FLOAT32_ENABLED', false)
    const message = await messageOf(() => useBackend('webgl'))
    env().set('WEBGL_RENDER_FLOAT32_ENABLED', true)
    return message
  },
  logProb: async (name: BackendName, model: string, rows: Rows) => {
    await useBackend(name)
    const loaded = await loadModel(fromText(model))
    try {
      return [...(await loaded.logProb(rows))]
    } finally {
      loaded.dispose()
    }
  },
  /** Loaded by its address. */
  logProbAt: async (address: string, rows: Rows) => {
    await useBackend('wasm')
    const loaded = await loadModel(address)
    const scores = [...(await loaded.logProb(rows))]
    loaded.dispose()
    return scores
  },
  failureOf: (address: string) => messageOf(() => loadModel(address)),
  fit: async (name: BackendName, rows: Rows, steps: number) => {
    await useBackend(name)
    const before = memory().numTensors
    const model = await fit(rows, { flow: nsf({ layers: 3, hidden: [16] }), steps, baselines: false, calibration: false })
    const result = { model: toText(model.encode()), scores: [...(await model.logProb(rows.slice(0, 100)))] }
    model.dispose()
    return { ...result, left: memory().numTensors - before }
  },
  /** A fit that is stopped half way and resumed, with its checkpoints in the private file system, gives the bytes of one that never stopped. */
  resumed: async (rows: Rows) => {
    await useBackend('wasm')
    const options = { flow: nsf({ layers: 3, hidden: [8] }), steps: 40, baselines: false, calibration: false } as const
    const whole = await fit(rows, { ...options, checkpoint: { folder: 'runs/whole', everySteps: 10 } })
    const stop = new AbortController()
    const checkpoint = { folder: 'runs/stopped', everySteps: 10 }
    const first = await fit(rows, {
      ...options,
      checkpoint,
      signal: stop.signal,
      onStep: ({ step }: { readonly step: number }) => void (step === 25 && stop.abort()),
    })
    const second = await fit(rows, { ...options, checkpoint: { ...checkpoint, resume: true } })
    return [toText(whole.encode()) === toText(second.encode()), toText(first.encode()) === toText(second.encode())]
  },
  save: async (model: string, name: string) => {
    const loaded = await loadModel(fromText(model))
    await loaded.save(name)
    loaded.dispose()
  },
}
Object.assign(globalThis, { tasks })
