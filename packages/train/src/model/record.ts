import * as t from 'io-ts'
import { executionCodec } from '../execution/execution.ts'
import type { Execution } from '../execution/execution.ts'

/** A mean over rows, in nats per row in the data's own units, and its standard error. */
export interface Nats {
  readonly nats: number
  readonly se: number
}

/** A baseline's score on the test rows, and the flow's lead over it on the same rows with the paired standard error. */
export interface BaselineScore extends Nats {
  /** 'gaussian', 'mixture' or 'kernel'. */
  readonly name: string
  readonly detail: string
  readonly lead: Nats
}

/** One epoch of a fit: mean losses in nats per row of standardized data. */
export interface Epoch {
  readonly epoch: number
  readonly step: number
  readonly train: number
  readonly validation: number
  readonly learningRate: number
}

/** One calibration test on the test rows: a statistic, and a p-value where it has one. */
export interface CalibrationScore {
  readonly name: string
  readonly statistic: number
  readonly p: number | null
}

/** The score on rows that the fit never saw. */
export interface TestScore extends Nats {
  readonly rows: number
  readonly baselines: ReadonlyArray<BaselineScore>
  readonly calibration: ReadonlyArray<CalibrationScore>
}

/** Why a fit ended. */
export type Stopped = 'patience' | 'epochs' | 'steps' | 'aborted' | 'nonFinite'

/** How rows were shared out and what was left out. */
export interface RowCounts {
  readonly read: number
  readonly used: number
  readonly train: number
  readonly validation: number
  readonly test: number
}

/** What happened in a fit: everything that a report needs and no clock time. */
export interface FitRecord {
  readonly library: string
  readonly data: string
  readonly seed: number
  readonly rows: RowCounts
  /** Remarks on the data, one sentence each. */
  readonly notes: ReadonlyArray<string>
  /** False when values that repeat were kept as they are: the nats then mean nothing. */
  readonly density: boolean
  readonly options: {
    readonly batchSize: number
    readonly epochs: number
    readonly steps: number | null
    readonly patience: number
    readonly learningRate: number
    readonly schedule: 'cosine' | 'constant'
    readonly clipNorm: number | null
    readonly weightDecay: number
    readonly ema: number | null
    /** How its numbers were computed. */
    readonly execution: Execution
  }
  readonly epochs: ReadonlyArray<Epoch>
  readonly best: { readonly epoch: number; readonly validation: number } | null
  readonly stopped: Stopped
  readonly test: TestScore | null
  /** Sorted log-densities of held-out rows in the data's units, at most 1,000 evenly spaced ranks: what `quantile` compares with. */
  readonly heldOut: ReadonlyArray<number>
}

const nats = { nats: t.number, se: t.number }
const rowsCodec: t.Type<RowCounts> = t.strict(
  { read: t.number, used: t.number, train: t.number, validation: t.number, test: t.number },
  'Rows',
)
const epochCodec: t.Type<Epoch> = t.strict(
  { epoch: t.number, step: t.number, train: t.number, validation: t.number, learningRate: t.number },
  'Epoch',
)
const testCodec: t.Type<TestScore> = t.strict(
  {
    ...nats,
    rows: t.number,
    baselines: t.readonlyArray(t.strict({ ...nats, name: t.string, detail: t.string, lead: t.strict(nats) }), 'baselines'),
    calibration: t.readonlyArray(t.strict({ name: t.string, statistic: t.number, p: t.union([t.number, t.null]) }), 'calibration'),
  },
  'TestScore',
)
const optionalNumber = t.union([t.number, t.null])

/** Reads a fit's record from a model file. */
export const recordCodec: t.Type<FitRecord> = t.strict(
  {
    library: t.string,
    data: t.string,
    seed: t.number,
    rows: rowsCodec,
    notes: t.readonlyArray(t.string, 'notes'),
    density: t.boolean,
    options: t.strict(
      {
        batchSize: t.number,
        epochs: t.number,
        steps: optionalNumber,
        patience: t.number,
        learningRate: t.number,
        schedule: t.union([t.literal('cosine'), t.literal('constant')]),
        clipNorm: optionalNumber,
        weightDecay: t.number,
        ema: optionalNumber,
        execution: executionCodec,
      },
      'options',
    ),
    epochs: t.readonlyArray(epochCodec, 'epochs'),
    best: t.union([t.strict({ epoch: t.number, validation: t.number }), t.null], 'best'),
    stopped: t.union(
      [t.literal('patience'), t.literal('epochs'), t.literal('steps'), t.literal('aborted'), t.literal('nonFinite')],
      'stopped',
    ),
    test: t.union([testCodec, t.null], 'test'),
    heldOut: t.readonlyArray(t.number, 'heldOut'),
  },
  'FitRecord',
)
