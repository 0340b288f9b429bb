import type { DecodeErrors } from '@diffeo/codec'
import type { FlowSpec } from '@diffeo/core'
import type { DataProblem } from '../data/error.ts'
import type { Schema } from '../data/schema.ts'
import type { FitOptions } from '../fit/options.ts'
import type { Model } from '../model/contract.ts'
import type { FitRecord } from '../model/record.ts'
import type { SentRows } from './rows.ts'

/** The methods of a model that can be called in a worker. */
export type Method = 'logProb' | 'quantile' | 'toBase' | 'sample' | 'posterior' | 'encode' | 'params' | 'view' | 'dispose'

/** A fit's options without what cannot be sent. */
export type SentOptions = Omit<FitOptions, 'registry' | 'loss' | 'signal' | 'onModel' | Told>

/** The callbacks of a fit whose arguments are sent. */
export type Told = 'onStart' | 'onCompiled' | 'onStep' | 'onEpoch' | 'onPhase' | 'onWarning'

/** What a worker is asked for. */
export type Question =
  | { readonly what: 'start'; readonly backend: string | undefined }
  | { readonly what: 'fit'; readonly rows: SentRows; readonly options: SentOptions; readonly views: Views | undefined }
  | { readonly what: 'load'; readonly bytes: Uint8Array; readonly options: { readonly jit?: boolean; readonly deterministic?: boolean } }
  | {
      readonly what: 'call'
      readonly model: number
      readonly method: Method
      readonly rows?: SentRows
      readonly args: ReadonlyArray<unknown>
    }
  | { readonly what: 'abort'; readonly fit: number }

/** What is to be computed of the model while it is trained. */
export interface Views {
  readonly request: unknown
}

/** A question with its number. Other messages of the same worker are left alone: these are told by their tag. */
export type Request = { readonly diffeo: 'ask'; readonly id: number; readonly question: Question }

/** What a worker says: that it is up, news of a question, its answer, or why there is none. */
export type Reply =
  | { readonly diffeo: 'up'; readonly lock: string | undefined }
  | { readonly diffeo: 'news'; readonly id: number; readonly news: News }
  | { readonly diffeo: 'done'; readonly id: number; readonly value: unknown }
  | { readonly diffeo: 'failed'; readonly id: number; readonly error: SentError }

/** What a fit tells: a callback's name with its argument, once for each call of it, or a view. */
export type News =
  | { readonly event: Told; readonly values: ReadonlyArray<unknown> }
  | { readonly event: 'onView'; readonly values: readonly [view: unknown, progress: unknown] }

/** A model in a worker, as its page knows it. */
export interface SentModel {
  readonly model: number
  readonly spec: FlowSpec
  readonly schema: Schema
  readonly record: FitRecord
}

/** An error as it crosses threads. */
export interface SentError {
  readonly name: string
  readonly message: string
  readonly stack: string | undefined
  readonly problem?: DataProblem
  readonly decoding?: { readonly file: string; readonly errors: DecodeErrors }
}

/** What a page learns of a model in a worker. */
export const sentModel = (model: number, { flow, schema, record }: Model): SentModel => ({ model, spec: flow.spec, schema, record })
