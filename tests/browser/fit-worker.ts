/* A worker of the tests: serves fits, closes itself when it is told to, and keeps an array that it sends. */
import { serveWorker } from 'diffeo'
import type { Model } from 'diffeo'

const kept = new Float32Array(1000)

const view = async (model: Model, request: unknown): Promise<unknown> => {
  if (request === 'close') return void close()
  if (request === 'throw') return void setTimeout(() => Promise.reject(new Error('thrown')).catch(thrown => reportError(thrown)), 0)
  if (request === 'kept') return { length: kept.length, ...(kept.length > 0 && { kept }) }
  return { parameters: model.schema.columns.length, scores: await model.logProb([{ x: 0.5, y: 0.5 }]) }
}

serveWorker({ view })
