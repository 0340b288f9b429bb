import { foldIn, key } from '@diffeo/core'
import type { FlowParams } from '@diffeo/core'
import type { ColumnSchema, Schema } from '../data/schema.ts'
import { standardizeGiven, standardizeInto } from '../data/standardize.ts'
import type { ContextRows, FlowFunctions } from '../execution/flow-functions.ts'
import { noiseDraws, rowNoise, wholeColumns } from './noise.ts'
import { poolOf, propose } from './proposal.ts'
import type { Pool } from './proposal.ts'
import { centred } from './rows.ts'
import type { TableChunk } from './rows.ts'
import { logMeans } from './running-mean.ts'

/** Log-densities of rows with their standard errors: 0 where nothing was drawn. */
export interface RowScores {
  readonly logProb: Float64Array
  readonly standardError: Float64Array
}

/** Scores chunks of a table's rows under a model. `of` is the number of rows in all, where it is known. */
export type Scorer = (chunk: TableChunk, of: number) => RowScores

/** Draws for the missing cells of a row. */
export const missingDraws = 256
/** Samples that tell where missing cells may be: for all rows, or for one row at its given values. */
const [poolSize, ownPoolSize] = [2048, 256]

/**
 * Scores rows by what they hold: a complete row of numbers exactly; one with whole numbers by the log-mean of 32 densities with noise on
 * [0, 1), a lower bound on its log-mass on average; one with missing cells by the log-mean of 256 draws of them, weighted by how they
 * were drawn.
 *
 * @param fixed  the context of all rows where the conditioning columns are fixed; the chunks then have no such columns
 */
export const scorerOf = (functions: FlowFunctions, params: FlowParams, schema: Schema, fixed: ContextRows | undefined): Scorer => {
  const { columns } = schema
  const given = fixed === undefined ? schema.given : []
  const [d, width] = [columns.length, columns.length + given.length]
  const whole = wholeColumns(columns)
  const draws = whole.length === 0 ? 1 : noiseDraws
  const pool = poolFor(functions, params, columns)

  const contextOf = (values: Float64Array, rows: ReadonlyArray<number>): ContextRows | undefined => {
    if (fixed !== undefined) return fixed
    return given.length === 0
      ? undefined
      : { rows: rows.length, values: standardizeGiven(schema, gathered(values, rows, d, given.length, width)) }
  }
  /** The event of some rows, with the noise of one draw. */
  const eventOf = (values: Float64Array, rows: ReadonlyArray<number>, noise: (k: number, c: number) => number): Float32Array => {
    const own = gathered(values, rows, 0, d, width)
    rows.forEach((_, k) => whole.forEach((j, c) => (own[k * d + j]! += noise(k, c))))
    const event = new Float32Array(own.length)
    standardizeInto(columns, own, 0, d, event, 0)
    return event
  }

  return ({ numberOf, rows, values: raw, impossible }, of) => {
    const values = centred(raw, [...columns, ...given])
    const logProb = new Float64Array(rows).fill(NaN)
    const standardError = new Float64Array(rows)
    const state = (i: number): 'complete' | 'missing' | 'lost' => {
      const lacking = [...Array(width).keys()].filter(j => Number.isNaN(values[i * width + j]))
      if (lacking.length === 0) return 'complete'
      return lacking.every(j => j < d && columns[j]!.missing === true) ? 'missing' : 'lost'
    }
    const states = Array.from({ length: rows }, (_, i) => state(i))
    const complete = [...states.keys()].filter(i => states[i] === 'complete')
    const noises = draws === 1 ? [] : complete.map(i => rowNoise(numberOf(i), draws * whole.length))
    const means = logMeans(complete.length)
    const context = contextOf(values, complete)
    for (let draw = 0; draw < draws; draw++) {
      const event = eventOf(values, complete, (k, c) => noises[k]![draw * whole.length + c]!)
      const scores = functions.logProb(params, { rows: complete.length, values: event, context }, of)
      scores.forEach((score, k) => means.add(k, score))
    }
    complete.forEach((i, k) => {
      logProb[i] = impossible[i] ? -Infinity : means.logMean(k) - logScaleOf(columns)
      standardError[i] = impossible[i] ? 0 : means.standardError(k)
    })
    states.forEach((state, i) => {
      if (state !== 'missing') return
      const own = contextOf(values, [i])
      const noise = rowNoise(numberOf(i), missingDraws * whole.length)
      const observed = eventOf(values, [i], () => 0)
      const { events, logDensity } = propose(columns, pool(own, numberOf(i)), observed, missingDraws, numberOf(i))
      // noise of a whole number that is observed
      for (let draw = 0; draw < missingDraws; draw++)
        whole.forEach((j, c) => {
          if (!Number.isNaN(observed[j])) events[draw * d + j] = observed[j]! + noise[draw * whole.length + c]! / columns[j]!.scale
        })
      const ofRow = logMeans(1)
      const repeated = own === undefined || own.rows === 1 ? own : { rows: 1, values: own.values }
      functions
        .logProb(params, { rows: missingDraws, values: events, context: repeated })
        .forEach((score, draw) => ofRow.add(0, score - logDensity[draw]!))
      const seen = columns.filter((_, j) => !Number.isNaN(observed[j]))
      logProb[i] = impossible[i] ? -Infinity : ofRow.logMean(0) - logScaleOf(seen)
      standardError[i] = impossible[i] ? 0 : ofRow.standardError(0)
    })
    return { logProb, standardError }
  }
}

/** sum log scale: what a density loses when its column goes back to the table's units. */
const logScaleOf = (columns: ReadonlyArray<ColumnSchema>): number => columns.reduce((sum, { scale }) => sum + Math.log(scale), 0)

/** Some columns of some rows. */
const gathered = (values: Float64Array, rows: ReadonlyArray<number>, from: number, count: number, width: number): Float64Array => {
  const out = new Float64Array(rows.length * count)
  rows.forEach((i, k) => out.set(values.subarray(i * width + from, i * width + from + count), k * count))
  return out
}

/** Samples of the model: drawn once where it has no context, for each row where it has. */
const poolFor = (
  functions: FlowFunctions,
  params: FlowParams,
  columns: ReadonlyArray<ColumnSchema>,
): ((context: ContextRows | undefined, row: number) => Pool) => {
  const source = foldIn(key(0), 4_000_037)
  const state: { shared?: Pool } = {}
  return (context, row) =>
    context === undefined
      ? (state.shared ??= poolOf(columns, functions.sample(params, source, poolSize)))
      : poolOf(columns, functions.sample(params, foldIn(source, row), ownPoolSize, context))
}
