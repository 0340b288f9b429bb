import { toHost } from '@diffeo/codec'
import { getBackend, ready } from '@tensorflow/tfjs-core'
import * as E from 'fp-ts/lib/Either.js'
import { fit } from '../fit/fit.ts'
import type { FitOptions, StepProgress } from '../fit/options.ts'
import type { Model, SampleOptions } from '../model/contract.ts'
import { decodeModel } from '../model/load.ts'
import { ModelFileError } from '../model/model-file-error.ts'
import { buffersOf } from './buffers.ts'
import { sentModel } from './messages.ts'
import type { News, Question, Reply, Request, SentModel, Told } from './messages.ts'
import { ownPort } from './own-port.ts'
import type { OwnPort } from './own-port.ts'
import { receivedRows } from './rows.ts'
import { sentError } from './sent-error.ts'
import { lifelongLock } from './worker-like.ts'

/** What a worker brings along: functions, which cannot be sent to it. */
export interface ServeOptions extends Pick<FitOptions, 'registry' | 'loss'> {
  /** Starts the backend that the page asks for; undefined is the worker's own choice. */
  readonly start?: (backend: string | undefined) => void | Promise<void>
  /**
   * Computes what the page wants to see of a model, while it is trained and afterwards. The buffers of typed arrays in its result are
   * moved to the page: they must not be those of tensors that live on.
   */
  readonly view?: (model: Model, request: unknown) => unknown
}

/**
 * `serveWorker` of the package diffeo, on a backend that `start` starts, or that is there: the worker fits and holds models.
 *
 * @throws Error where this is no worker
 */
export const serveFits = (options: ServeOptions = {}): void => {
  const port = ownPort()
  const models = new Map<number, Model>()
  const aborts = new Map<number, AbortController>()
  port.listen(message => {
    if (isRequest(message)) void answer(port, message, { options, models, aborts })
  })
  void lifelongLock().then(lock => say(port, { diffeo: 'up', lock }, []))
}

interface Served {
  readonly options: ServeOptions
  readonly models: Map<number, Model>
  readonly aborts: Map<number, AbortController>
}

const say = (port: OwnPort, reply: Reply, transfer: ReadonlyArray<ArrayBuffer>): void => port.post(reply, transfer)

const isRequest = (message: unknown): message is Request => (Object(message) as { readonly diffeo?: unknown }).diffeo === 'ask'

const answer = async (port: OwnPort, { id, question }: Request, served: Served): Promise<void> => {
  try {
    const value = await answerTo(port, id, question, served)
    say(port, { diffeo: 'done', id, value }, buffersOf(value))
  } catch (thrown) {
    say(port, { diffeo: 'failed', id, error: sentError(thrown) }, [])
  }
}

const answerTo = async (port: OwnPort, id: number, question: Question, served: Served): Promise<unknown> => {
  const { options, models, aborts } = served
  const held = (model: Model): SentModel => {
    models.set(id, model)
    return sentModel(id, model)
  }
  switch (question.what) {
    case 'start':
      await options.start?.(question.backend)
      await ready()
      if (question.backend === undefined || getBackend() === question.backend) return getBackend()
      throw new Error(`connectWorker: expected the backend '${question.backend}', got '${getBackend()}'; serveWorker's start must start it`)
    case 'fit':
      return held(await fitHere(port, id, question, served))
    case 'load': {
      const decoded = decodeModel(question.bytes, { ...question.options, ...(options.registry && { registry: options.registry }) })
      if (E.isLeft(decoded)) throw new ModelFileError('model', decoded.left)
      return held(decoded.right)
    }
    case 'abort':
      return aborts.get(question.fit)?.abort()
    case 'call': {
      const model = models.get(question.model)
      if (model === undefined) throw new Error(`${question.method}: expected a model of this worker, got one that was disposed of`)
      if (question.method === 'dispose') models.delete(question.model)
      return call(model, question, options)
    }
  }
}

const call = (model: Model, { method, rows, args }: Extract<Question, { readonly what: 'call' }>, options: ServeOptions): unknown => {
  const data = rows === undefined ? [] : receivedRows(rows)
  switch (method) {
    case 'logProb':
      return model.logProb(data)
    case 'quantile':
      return model.quantile(data)
    case 'toBase':
      return model.toBase(data)
    case 'sample':
      return model.sample(args[0] as number, args[1] as SampleOptions | undefined) // as the page's types say
    case 'posterior':
      return model.posterior(data, args[0] as string, args[1] as ArrayLike<number> | undefined) // as the page's types say
    case 'view':
      return viewOf(options)(model, args[0])
    case 'params':
      return toHost(model.params)
    case 'encode':
      return model.encode()
    case 'dispose':
      return model.dispose()
  }
}

const viewOf = ({ view }: ServeOptions): NonNullable<ServeOptions['view']> => {
  if (view === undefined) throw new Error('view: expected one in the worker, got none; give it to serveWorker: serveWorker({ view })')
  return view
}

/** Milliseconds for which steps are gathered into one message. */
const gatherTime = 50

const fitHere = async (
  port: OwnPort,
  id: number,
  { rows, options: sent, views }: Extract<Question, { readonly what: 'fit' }>,
  { options, aborts }: Served,
): Promise<Model> => {
  const controller = new AbortController()
  aborts.set(id, controller)
  const steps: StepProgress[] = []
  const state = { posted: performance.now() }
  const post = (news: News): void => say(port, { diffeo: 'news', id, news }, news.event === 'onView' ? buffersOf(news.values[0]) : [])
  const postSteps = (): void => {
    state.posted = performance.now()
    if (steps.length > 0) post({ event: 'onStep', values: steps.splice(0) })
  }
  const tell =
    (event: Told) =>
    (value: unknown): void => {
      postSteps()
      post({ event, values: [value] })
    }
  const onModel = async (model: Model, progress: StepProgress): Promise<void> => {
    const view = await viewOf(options)(model, views!.request)
    postSteps()
    post({ event: 'onView', values: [view, progress] })
  }
  try {
    return await fit(receivedRows(rows), {
      ...sent,
      ...(options.registry && { registry: options.registry }),
      ...(options.loss && { loss: options.loss }),
      onStart: tell('onStart'),
      onCompiled: tell('onCompiled'),
      onEpoch: tell('onEpoch'),
      onPhase: tell('onPhase'),
      onWarning: tell('onWarning'),
      onStep: progress => {
        steps.push(progress)
        if (performance.now() - state.posted >= gatherTime) postSteps()
      },
      ...(views && { onModel }),
      signal: controller.signal,
    })
  } finally {
    postSteps()
    aborts.delete(id)
  }
}
