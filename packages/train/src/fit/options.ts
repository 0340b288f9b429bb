import type { Flow, FlowParams, FlowSpec, Loss, Registry } from '@diffeo/core'
import type { ExecutionOptions } from '../execution/choose.ts'
import type { Execution } from '../execution/execution.ts'
import type { TableSchema } from '../table/kind.ts'
import type { ColumnKinds, SchemaOption } from '../table/resolve.ts'
import type { Model } from '../model/contract.ts'
import type { Epoch, RowCounts } from '../model/record.ts'

/** What a fit tells when it begins. */
export interface FitStart {
  readonly columns: ReadonlyArray<string>
  readonly given: ReadonlyArray<string>
  /** What the columns are taken for; undefined where all are plain numbers. */
  readonly schema?: TableSchema | undefined
  readonly rows: RowCounts
  readonly notes: ReadonlyArray<string>
  /** Number of trained values. */
  readonly parameters: number
  readonly stepsPerEpoch: number
  readonly epochs: number
  readonly execution: Execution
  /** The step at which it begins: more than 0 when it was resumed. */
  readonly step: number
}

/** What a fit tells after each step: the mean loss of this epoch so far. */
export interface StepProgress {
  readonly step: number
  readonly epoch: number
  /** Planned in all. */
  readonly steps: number
  readonly loss: number
}

/** What a fit is doing. */
export type Phase = 'reading' | 'training' | 'baselines' | 'calibration' | 'done'

/** Where and how often the state of training is written. */
export interface CheckpointOptions {
  readonly folder: string
  /** Steps between checkpoints; one is written at the end of training too. Default 100. */
  readonly everySteps?: number
  /** How many are kept. Default 2. */
  readonly keep?: number
  /** Go on from the newest checkpoint that is whole. */
  readonly resume?: boolean
  /** Go on even where this machine, these options or this version of the library give other last bits. Default false. */
  readonly allowDifferentBits?: boolean
}

/** How the flow is trained. */
export interface TrainingOptions {
  /** Rows for each step. Default: a twentieth of the training rows, from 32 to 256. */
  readonly batchSize?: number
  /** Most epochs. Default 100. */
  readonly epochs?: number
  /** Most steps in all, if fewer than the epochs come to. */
  readonly steps?: number
  /** Epochs without a better validation loss before the fit stops. Default 20. */
  readonly patience?: number
  /** Default 2e-3. */
  readonly learningRate?: number
  /** Half a cosine down to 0 over the planned steps (default), or constant. */
  readonly schedule?: 'cosine' | 'constant'
  /** Gradients are scaled to at most this norm; null leaves them. Default 5. */
  readonly clipNorm?: number | null
  /** AdamW's decay. Default 0. */
  readonly weightDecay?: number
  /** Decay of an average over the parameters, which is then what is validated and kept; null (default) for none. */
  readonly ema?: number | null
  /** What is minimized; the negative log-likelihood unless said. */
  readonly loss?: (flow: Flow) => Loss<FlowParams>
}

/** How the table is read. */
export interface TableOptions {
  /** The event's columns; all that are not given, unless said. */
  readonly columns?: ReadonlyArray<string>
  /** The conditioning columns. */
  readonly given?: ReadonlyArray<string>
  /** Shares of the rows held out. Default 0.1 each. */
  readonly validation?: number
  readonly test?: number
  /** Rows that share a value of this column stay on one side of the split. */
  readonly splitBy?: string
  /** Rows with a missing cell: an error (default), or left out and counted. */
  readonly missing?: 'refuse' | 'drop'
  /** Add noise of one step to columns whose values repeat. Default true. */
  readonly dequantize?: boolean
  /** For columns with a value of its own weight, such as a cap: drop the column, or mask the rows that hold the value. */
  readonly atoms?: { readonly [column: string]: 'drop' | 'mask' }
  /**
   * What the columns are: `'infer'` from their values, or a kind for some of them, such as `{ wind: 'degrees', city: 'categorical' }`, the
   * others being real. All are real numbers unless said.
   */
  readonly schema?: SchemaOption
  /**
   * Known Gaussian errors of the inputs: for some columns the name of the one that holds their standard errors, such as
   * `{ magnitude: 'magnitude_error' }`. Every training step draws the values anew within their errors.
   */
  readonly errors?: { readonly [column: string]: string }
  /** Kinds of some columns, where `'infer'` would take them for something else. */
  readonly kinds?: ColumnKinds
}

/** All that `fit` can be told. */
export interface FitOptions extends TrainingOptions, TableOptions, ExecutionOptions {
  /** Default `nsf()`. */
  readonly flow?: FlowSpec
  /** The tags that the flow's spec may use; `register` adds your own. Default `builtins`. */
  readonly registry?: Registry
  readonly seed?: number
  readonly checkpoint?: CheckpointOptions
  /** Score a Gaussian, a mixture and a kernel estimate on the test rows. Default true. */
  readonly baselines?: boolean
  /** Test the fit's calibration on the test rows. Default true. */
  readonly calibration?: boolean
  readonly onStart?: (start: FitStart) => void
  /** The training step was compiled; it took so many seconds. */
  readonly onCompiled?: (seconds: number) => void
  readonly onStep?: (progress: StepProgress) => void
  readonly onEpoch?: (epoch: Epoch) => void
  readonly onPhase?: (phase: Phase) => void
  /** A damaged checkpoint that was passed over. */
  readonly onWarning?: (message: string) => void
  /**
   * Looks at the model as it stands, from time to time while it is trained; training goes on when it is done. The model is lent until then.
   */
  readonly onModel?: (model: Model, progress: StepProgress) => void | Promise<void>
  /** Seconds of training between two looks of `onModel`. Default 0.25. */
  readonly modelEvery?: number
  readonly signal?: AbortSignal
}
