import { fit, meanWithError, leaves, tableFrom } from 'diffeo'
import type { Matrix, Rows } from 'diffeo'
import type { Model, Problem } from './dataset.ts'
import type { Outcome } from './result.ts'

/** The share of the training rows on which parameters are chosen. */
export const validation = 0.1

const tableOf = ({ values }: Matrix, columns: ReadonlyArray<string>): Rows => tableFrom(values, { columns })

/** A fit by diffeo, as a user would have it: `fit`, compiled, with the training rows; then the test rows are scored. */
export const byDiffeo = async ({ flow, options, training }: Model, { columns, train, test }: Problem, seed: number): Promise<Outcome> => {
  const start = process.cpuUsage()
  const model = await fit(tableOf(train, columns), {
    flow,
    ...options,
    ...training,
    epochs: training.steps,
    seed,
    validation,
    test: 0,
    dequantize: false,
    baselines: false,
    calibration: false,
    jit: true,
  })
  const { user, system } = process.cpuUsage(start)
  try {
    const scores = await model.logProb(tableOf(test, columns))
    const { mean, standardError } = meanWithError(scores)
    const { best, epochs } = model.record
    return {
      nats: mean,
      se: standardError,
      rows: test.rows,
      validation: best?.validation ?? NaN,
      steps: epochs.at(-1)?.step ?? 0,
      best: epochs.find(({ epoch }) => epoch === best?.epoch)?.step ?? 0,
      parameters: leaves(model.params).reduce((sum, leaf) => sum + leaf.size, 0),
      seconds: (user + system) / 1e6,
    }
  } finally {
    model.dispose()
  }
}
