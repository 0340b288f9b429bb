import type { TrainingOptions } from './options.ts'

/** A fit's options with nothing left open: what decides its steps. Stands in its checkpoints and its record. */
export interface Plan {
  readonly seed: number
  readonly batchSize: number
  readonly stepsPerEpoch: number
  readonly epochs: number
  /** The last step. */
  readonly steps: number
  /** What sets it. */
  readonly limit: 'steps' | 'epochs'
  readonly patience: number
  readonly learningRate: number
  readonly schedule: 'cosine' | 'constant'
  readonly clipNorm: number | null
  readonly weightDecay: number
  readonly ema: number | null
}

/**
 * The plan for a number of training rows.
 *
 * @throws RangeError naming the option that is out of range
 */
export const planOf = (options: TrainingOptions, seed: number, trainingRows: number): Plan => {
  const {
    batchSize = Math.min(256, Math.max(32, Math.floor(trainingRows / 20))),
    epochs = 100,
    steps,
    patience = 20,
    learningRate = 2e-3,
    schedule = 'cosine',
    clipNorm = 5,
    weightDecay = 0,
    ema = null,
  } = options
  whole('seed', seed, 0)
  whole('batchSize', batchSize, 1)
  whole('epochs', epochs, 1)
  if (steps !== undefined) whole('steps', steps, 1)
  whole('patience', patience, 1)
  within('learningRate', learningRate, 0, 10)
  if (schedule !== 'cosine' && schedule !== 'constant')
    throw new RangeError(`fit: expected schedule 'cosine' or 'constant', got '${String(schedule)}'`)
  if (clipNorm !== null) within('clipNorm', clipNorm, 0, Number.MAX_VALUE)
  if (!(weightDecay >= 0 && Number.isFinite(weightDecay))) throw new RangeError(`fit: expected weightDecay >= 0, got ${weightDecay}`)
  if (ema !== null) within('ema', ema, 0, 1)
  const rows = Math.min(batchSize, trainingRows)
  const stepsPerEpoch = Math.max(1, Math.floor(trainingRows / rows))
  const planned = Math.min(steps ?? Infinity, epochs * stepsPerEpoch)
  return {
    seed,
    batchSize: rows,
    stepsPerEpoch,
    epochs: Math.ceil(planned / stepsPerEpoch),
    steps: planned,
    limit: steps !== undefined && steps <= epochs * stepsPerEpoch ? 'steps' : 'epochs',
    patience,
    learningRate,
    schedule,
    clipNorm,
    weightDecay,
    ema,
  }
}

const whole = (name: string, value: number, least: number): void => {
  if (!Number.isSafeInteger(value) || value < least)
    throw new RangeError(`fit: expected ${name} to be an integer >= ${least}, got ${value}`)
}

const within = (name: string, value: number, low: number, high: number): void => {
  if (!(value > low && value < high)) throw new RangeError(`fit: expected ${name} between ${low} and ${high}, got ${value}`)
}
