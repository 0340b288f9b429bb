import type { TreeData } from '@diffeo/codec'
import type { FlowSpec } from '@diffeo/core'
import type { Schema } from '../data/schema.ts'
import type { Matrix } from '../matrix.ts'
import type { Data, NumberRow, SampledRow, SampleOptions } from '../model/contract.ts'
import type { Posterior } from '../model/posterior.ts'
import type { FitRecord } from '../model/record.ts'
import type { Conversation } from './conversation.ts'
import type { Method, SentModel } from './messages.ts'
import { sentRows } from './rows.ts'

/**
 * A model that lives in a worker: what `Model` does, done there. Arrays come back moved, not copied. `V` is what the `view` of the worker's
 * `serveWorker` gives.
 */
export interface RemoteModel<V = unknown> {
  readonly spec: FlowSpec
  readonly schema: Schema
  readonly record: FitRecord
  /** Log-densities of rows, in nats, in the data's own units. */
  logProb(rows: Data): Promise<Float64Array>
  /** Where the log-densities of rows stand among those of held-out rows, in [0, 1]. */
  quantile(rows: Data): Promise<Float64Array>
  /** The latents of rows, [N, D] row-major. */
  toBase(rows: Data): Promise<Matrix>
  /** n rows in the data's units. */
  sample<R extends SampledRow = NumberRow>(n: number, options?: SampleOptions): Promise<ReadonlyArray<R>>
  /** The density of one column given all the others, for each row. */
  posterior(rows: Data, column: string, grid?: ArrayLike<number>): Promise<Posterior>
  /** What the worker's `view` computes of the model. */
  view(request?: unknown): Promise<V>
  /** The parameters on the host, bit for bit; `toTensors` makes tensors of them. */
  params(): Promise<TreeData>
  /** The bytes of the model file: for a download, or for `load` in another worker. */
  encode(): Promise<Uint8Array<ArrayBuffer>>
  /** Frees the model in the worker. */
  dispose(): Promise<void>
}

/** The page's side of a model. */
export const remoteModel = <V>({ ask }: Conversation, { model, spec, schema, record }: SentModel): RemoteModel<V> => {
  const call = async <A>(method: Method, ...args: ReadonlyArray<unknown>): Promise<A> =>
    (await ask({ what: 'call', model, method, args }).answer) as A // the method's own result
  const callRows = async <A>(method: Method, rows: Data, ...args: ReadonlyArray<unknown>): Promise<A> =>
    (await ask({ what: 'call', model, method, rows: await sentRows(rows), args }).answer) as A // the method's own result
  return {
    spec,
    schema,
    record,
    logProb: rows => callRows('logProb', rows),
    quantile: rows => callRows('quantile', rows),
    toBase: rows => callRows('toBase', rows),
    sample: (n, options) => call('sample', n, options),
    posterior: (rows, column, grid) => callRows('posterior', rows, column, grid),
    view: request => call('view', request),
    params: () => call('params'),
    encode: () => call('encode'),
    dispose: () => call('dispose'),
  }
}
