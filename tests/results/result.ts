import { createHash } from 'node:crypto'
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { planOf } from './dataset.ts'
import type { Model } from './dataset.ts'

export type Library = 'diffeo' | 'zuko'

/** Which run is meant. */
export interface Run {
  readonly dataset: string
  readonly model: string
  readonly library: Library
  readonly seed: number
  readonly fold: number
}

/** What a run came to: a line of docs/results.jsonl. */
export interface Result extends Run, Outcome {
  /** A digest of the model and its training. */
  readonly plan: string
  readonly date: string
  readonly processor: string
  readonly versions: string
}

/** What a fit gives. */
export interface Outcome {
  /** The mean log-density of the test rows, and its standard error. */
  readonly nats: number
  readonly se: number
  readonly rows: number
  /** Validation loss of the parameters that were kept, in nats of standardized rows. */
  readonly validation: number
  /** Steps that were taken, and after how many the parameters were best. */
  readonly steps: number
  readonly best: number
  readonly parameters: number
  /** Seconds of a processor for the whole fit. */
  readonly seconds: number
}

export const digestOf = (model: Model): string =>
  createHash('sha256')
    .update(JSON.stringify(planOf(model)))
    .digest('hex')
    .slice(0, 12)

export const readResults = (file: string): ReadonlyArray<Result> =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter(line => line !== '')
        .map(line => JSON.parse(line) as Result)
    : []

export const appendResult = (file: string, result: Result): void => {
  mkdirSync(dirname(file), { recursive: true })
  appendFileSync(file, `${JSON.stringify(result)}\n`)
}

/** The result of a run, if there is one of the model as it is now. */
export const resultOf = (results: ReadonlyArray<Result>, run: Run, plan: string): Result | undefined =>
  results.findLast(
    line =>
      line.plan === plan &&
      line.dataset === run.dataset &&
      line.model === run.model &&
      line.library === run.library &&
      line.seed === run.seed &&
      line.fold === run.fold,
  )
