import { affine, autoregressive, batchNorm, chain, flow, invert, made, reverse, standardNormal } from '@diffeo/core'
import type { Params } from '@diffeo/core'
import { ok, suite, useTestBackend } from '@diffeo/testing'
import type { Tensor } from '@tensorflow/tfjs-core'
import { tableFrom } from '../data/table-from.ts'
import { fit } from './fit.ts'

const s = suite('fit: layers that follow their data')
s.before(() => useTestBackend('cpu'))

/** x = e^z, one number in a row after another. */
const rows = Float32Array.from({ length: 600 }, (_, i) => Math.exp(Math.sin(1.7 * i) + 0.3 * Math.cos(i * i)))

const meanAfter = async (momentum: number, steps: number): Promise<ReadonlyArray<number>> => {
  const layer = autoregressive(made({ hidden: [8] }), affine())
  const spec = flow({ base: standardNormal(), bijector: invert(chain(layer, invert(batchNorm({ momentum })), reverse(), layer)) })
  const model = await fit(tableFrom(rows, { columns: ['a', 'b'] }), {
    flow: spec,
    steps,
    batchSize: 64,
    learningRate: 5e-3,
    seed: 0,
    baselines: false,
    calibration: false,
  })
  ok(Number.isFinite(model.record.test?.nats ?? NaN))
  const norm = (model.params.bijector as ReadonlyArray<Params>)[1] as { readonly mean: Tensor }
  return [...norm.mean.dataSync()]
}

s.test('batchNorm between the layers of a flow: set from the first rows, then moved in every step', async () => {
  const [still, moving] = [await meanAfter(1e-9, 40), await meanAfter(0.5, 40)]
  ok(still.every((value, i) => Number.isFinite(value) && Math.abs(value - moving[i]!) > 0.02))
})
s.run()
