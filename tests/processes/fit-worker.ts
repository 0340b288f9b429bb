/* A worker of the tests: serves fits, and dies when it is told to. */
import { serveWorker } from 'diffeo'
import type { Model } from 'diffeo'

const view = async (model: Model, request: unknown): Promise<unknown> => {
  if (request === 'throw') throw new RangeError('view: expected nothing, got this')
  if (request === 'exit') process.exit(3)
  if (request === 'hang') return new Promise(() => undefined)
  return { request, scores: await model.logProb([[0.5, 0.5]]), epochs: model.record.epochs.length }
}

serveWorker({ view })
