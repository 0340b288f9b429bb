import { connectWorker } from '@diffeo/train'
import type { RemoteModel, WorkerConnection } from '@diffeo/train'
import type { BackendChoice } from './backends.ts'
import type { Frame, Picture, PictureRequest } from './picture.ts'
import { ownFrame } from './state.ts'
import type { State } from './state.ts'

/** What an action tells the page. */
export interface Told {
  /** Something of the state changed. */
  readonly changed: () => void
  /** A line for the person, now; `later` ones may be skipped, as in the middle of a training. */
  readonly say: (text: string, how?: 'later' | 'bad') => void
}

/** A worker with its backend. */
export const startWorker = ({ backend }: BackendChoice): Promise<WorkerConnection<Picture>> =>
  connectWorker<Picture>(new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' }), { backend })

const requestOf = ({ frame, backend, points }: State): PictureRequest => ({ frame, cells: 80, samples: 1500, jit: backend.jit, points })

/** The steps of a training: a few seconds of compiled ones. */
const plannedSteps = 1500

/** Trains the chosen flow on the points, until it is done or stopped. */
export const train = async (state: State, { changed, say }: Told): Promise<void> => {
  const stop = new AbortController()
  const rows = Array.from({ length: state.points.length / 2 }, (_, k) => ({ x: state.points[2 * k]!, y: state.points[2 * k + 1]! }))
  const before = state.model
  Object.assign(state, { stop, step: 0, steps: plannedSteps, history: [], picture: undefined, model: undefined, frame: ownFrame })
  say('Getting ready: tracing and compiling the training step.')
  changed()
  try {
    const worker = await state.worker
    void before?.dispose().catch(() => undefined)
    const model = await worker.fit(rows, {
      flow: state.flow.spec,
      steps: plannedSteps,
      epochs: plannedSteps,
      patience: plannedSteps,
      batchSize: Math.max(32, Math.min(256, Math.floor(rows.length / 8))),
      learningRate: 4e-3,
      validation: 0.1,
      test: 0,
      dequantize: false,
      baselines: false,
      calibration: false,
      jit: state.backend.jit,
      seed: 1,
      view: requestOf(state),
      modelEvery: state.backend.jit ? 0.15 : 0.6,
      onStep: ({ step }) => (state.step = step),
      onEpoch: epoch => {
        state.history = [...state.history, epoch]
        say(
          `Training: step ${epoch.step.toLocaleString('en')} of ${plannedSteps.toLocaleString('en')}, held-out loss ${epoch.validation.toFixed(2)}.`,
          'later',
        )
        changed()
      },
      onView: picture => {
        state.picture = picture
        changed()
      },
      signal: stop.signal,
    })
    const picture = await model.view(requestOf(state))
    Object.assign(state, { model, picture })
    const how = model.record.stopped === 'aborted' ? 'Stopped' : 'Done'
    const best = model.record.best
    say(
      `${how} after ${state.step.toLocaleString('en')} steps.${best === null ? '' : ` Held-out loss ${best.validation.toFixed(2)}, of epoch ${best.epoch}, which is kept.`}`,
    )
  } catch (thrown) {
    say(messageOf(thrown), 'bad')
  } finally {
    state.stop = undefined
    changed()
  }
}

/** Another backend: another worker, which the model moves to. False where it does not start; then nothing has changed. */
export const switchBackend = async (state: State, choice: BackendChoice, { changed, say }: Told): Promise<boolean> => {
  const [model, old] = [state.model, state.worker]
  say(`Starting ${choice.title}.`)
  try {
    const next = await startWorker(choice)
    const moved = model === undefined ? undefined : await movedTo(next, model, choice, state)
    Object.assign(state, { backend: choice, worker: Promise.resolve(next), ...(moved && { model: moved.model, picture: moved.picture }) })
    void old.then(
      worker => worker.terminate(),
      () => undefined,
    )
    say(
      moved === undefined
        ? `${choice.title} is ready.`
        : `The model moved to ${choice.title}: log-densities differ by at most ${moved.difference.toExponential(0)}.`,
    )
    return true
  } catch (thrown) {
    say(messageOf(thrown), 'bad')
    return false
  } finally {
    changed()
  }
}

/** The model in another worker, and how far its log-densities are from those in the first. */
const movedTo = async (
  worker: WorkerConnection<Picture>,
  model: RemoteModel<Picture>,
  choice: BackendChoice,
  state: State,
): Promise<{ readonly model: RemoteModel<Picture>; readonly picture: Picture; readonly difference: number }> => {
  const moved = await worker.load(await model.encode(), { jit: choice.jit })
  const probes = await model.sample(200, { seed: 3 })
  const [before, after] = [await model.logProb(probes), await moved.logProb(probes)]
  const difference = before.reduce((worst, value, k) => Math.max(worst, Math.abs(value - after[k]!)), 0)
  return { model: moved, picture: await moved.view({ ...requestOf(state), jit: choice.jit }), difference }
}

/** Offers the model's file as a download. */
export const save = async ({ model, title }: State, { say }: Told): Promise<void> => {
  if (model === undefined) return
  const name = `${title.toLowerCase().replaceAll(' ', '-')}.safetensors`
  const bytes = await model.encode()
  const url = URL.createObjectURL(new Blob([bytes], { type: 'application/octet-stream' }))
  Object.assign(document.createElement('a'), { href: url, download: name }).click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000) // the download begins later
  say(`Saved ${name}, ${Math.ceil(bytes.length / 1024)} kB.`)
}

/** Takes a model from its file, and shows it. */
export const load = async (state: State, file: File, { changed, say }: Told): Promise<void> => {
  try {
    const worker = await state.worker
    const model = await worker.load(new Uint8Array(await file.arrayBuffer()), { jit: state.backend.jit })
    const frame = frameOf(model)
    const points = frame === ownFrame ? state.points : new Float64Array(0)
    const picture = await model.view({ ...requestOf(state), frame, points })
    const last = model.record.epochs.at(-1)?.step ?? 0
    void state.model?.dispose().catch(() => undefined)
    if (frame !== ownFrame)
      Object.assign(state, { points: new Float64Array(0), title: file.name, about: `${file.name}.`, gaussian: undefined })
    Object.assign(state, { model, frame, picture, history: model.record.epochs, step: last, steps: last })
    say(`Loaded ${file.name}.`)
  } catch (thrown) {
    say(`${file.name}: ${messageOf(thrown)}`, 'bad')
  } finally {
    changed()
  }
}

/** The part of the plane that a model lies in: the page's own where that holds it. */
const frameOf = ({ schema }: RemoteModel<Picture>): Frame => {
  const [x, y] = schema.columns
  if (x === undefined || y === undefined) return ownFrame
  if ([x, y].every(({ shift, scale }) => Math.abs(shift) + 2 * scale <= 3.6 && scale > 0.2)) return ownFrame
  return { x: x.shift, y: y.shift, half: 3 * Math.max(x.scale, y.scale) }
}

const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown))
