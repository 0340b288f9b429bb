/**
 * A small compiled fit, whole or in parts: `whole`; `part FOLDER STEP` begins and stops there; `resume FOLDER [STEP]` goes on. Writes the SHA-256 of the model
 * file and how the fit was run.
 */
import { key, normalArray, nsf } from '@diffeo/core'
import { describeExecution, fit } from '@diffeo/train'
import type { FitOptions } from '@diffeo/train'
import { createHash } from 'node:crypto'
import { writeSync } from 'node:fs'
import { useTestBackend } from '../harness/backend.ts'

const [how, folder = '', at = ''] = process.argv.slice(2)
await useTestBackend('wasm')

const z = normalArray(key(3), 600)
const rows = Array.from({ length: 300 }, (_, i) => ({ x: z[2 * i]!, y: 0.5 * z[2 * i]! ** 2 + 0.3 * z[2 * i + 1]! }))
const stop = new AbortController()
const options: FitOptions = {
  flow: nsf({ layers: 3, bins: 4, hidden: [8] }),
  batchSize: 32,
  steps: 40,
  ema: 0.9,
  seed: 5,
  baselines: false,
  calibration: false,
}
const model = await fit(rows, {
  ...options,
  ...(how !== 'whole' && { checkpoint: { folder, everySteps: 7, resume: how === 'resume' } }),
  ...(at !== '' && { onStep: ({ step }) => step === Number(at) && stop.abort(), signal: stop.signal }),
})
const scores = await model.logProb(rows)
const samples = await model.sample(100, { seed: 2 })
const hash = createHash('sha256').update(model.encode()).update(new Uint8Array(scores.buffer)).update(JSON.stringify(samples)).digest('hex')
writeSync(1, `${hash} ${describeExecution(model.record.options.execution)}, ${model.record.stopped}`)
