import { jit } from '@diffeo/program'
import { ok, suite, useTestBackend } from '@diffeo/testing'
import { useWasmCompiler } from '@diffeo/wasm'
import { dispose } from '@tensorflow/tfjs-core'
import { specOf } from '../bench/contestants/spec.ts'
import { workOf } from '../bench/workloads.ts'
import { model, trainingStep } from './steps.ts'

const s = suite('memory of the workloads')
s.before(async () => {
  await useTestBackend('cpu')
  useWasmCompiler()
})

for (const id of ['W1', 'W2', 'W3', 'W6'])
  s.test(`${id}: the arena, with scratch memory, is at most 1.3 of the most bytes that live at once`, () => {
    const work = workOf(id)
    for (const rows of [64, 512]) {
      const { flow, params, x } = model(specOf(work), work.dim, rows)
      const { init, step } = trainingStep(flow)
      const jitted = jit(step, { donate: [0, 1] })
      const { arenaBytes, peakBytes } = jitted.report(params, init(params), x)!
      ok(peakBytes > 4 * rows * work.dim, `a peak of ${peakBytes}`)
      ok(arenaBytes <= 1.3 * peakBytes, `${rows} rows: an arena of ${arenaBytes} bytes, a peak of ${peakBytes}`)
      jitted.dispose()
      dispose(x)
    }
  })

s.run()
