import type { FitOptions, FlowSpec, Matrix } from 'diffeo'

/** What a fit sees and what it is scored on: rows in the units in which the nats are given. */
export interface Problem {
  readonly columns: ReadonlyArray<string>
  readonly train: Matrix
  readonly test: Matrix
}

/** How both libraries train: AdamW (with a decay of 0 Adam), gradients clipped to a norm, the parameters that are best on a tenth of the rows. */
export interface Training {
  readonly steps: number
  readonly batchSize: number
  readonly learningRate: number
  /** Half a cosine down to 0 over the steps, or constant. */
  readonly schedule: 'cosine' | 'constant'
  readonly clipNorm: number
  readonly weightDecay: number
  /** Epochs without a better validation loss before a run ends. */
  readonly patience: number
}

/** The same model in zuko, as peers.py reads it. */
export type PeerModel = { readonly family: string } & Readonly<Record<string, string | number | boolean | ReadonlyArray<number>>>

/** Rows as the peer sees them, and what is added to its log-densities to have them in the problem's units. */
export interface PeerRows {
  readonly rows: Matrix
  readonly logVolume?: Float64Array
}

/** A figure of a paper beside which a row of the table stands. */
export interface Published {
  readonly model: string
  readonly nats: number
  /** Whether it was read in a page that quotes the paper, or is recalled and was not read again. */
  readonly source: 'quoted' | 'recalled'
}

/** A flow on a data set. */
export interface Model {
  readonly id: string
  readonly title: string
  readonly flow: FlowSpec
  /** What else `fit` is told, such as the columns' kinds. */
  readonly options?: Pick<FitOptions, 'schema' | 'kinds' | 'columns' | 'given'>
  /** Undefined where zuko has no such model. */
  readonly peer?: PeerModel
  /** The peer's rows, standardized like diffeo's unless said otherwise here. */
  readonly peerRows?: (rows: Matrix, columns: ReadonlyArray<string>) => PeerRows
  readonly peerStandardizes?: boolean
  readonly training: Training
  /** What differs stands in the data set's `differs`. */
  readonly published: ReadonlyArray<Published>
}

/** A data set: how it is read, split and modelled. */
export interface DataSet {
  readonly id: string
  readonly title: string
  /** What the nats are of. */
  readonly units: string
  /** What differs from the published protocol. */
  readonly differs: string
  /** Parts of a cross-validation; 1 for a fixed test set. */
  readonly folds: number
  /** The columns and rows, read once. */
  readonly load: (read: (file: string) => Promise<Matrix>) => Promise<Loaded>
  readonly models: ReadonlyArray<Model>
}

/** A data set in memory: what is trained on and tested for a seed and a fold. */
export type Loaded = (at: { readonly seed: number; readonly fold: number }) => Problem

/** What decides a model's results: it is kept with them, so that those of other settings are not taken for its own. */
export const planOf = ({ flow, options, peer, training, peerStandardizes }: Model): unknown => ({
  flow,
  ...(options !== undefined && { options }),
  ...(peer !== undefined && { peer }),
  ...(peerStandardizes !== undefined && { peerStandardizes }),
  training,
})
