import { sampleEach } from '@diffeo/core'
import type { Context, Flow, FlowParams, Key } from '@diffeo/core'
import { tensor2d } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { disposeTree } from '../fit/dispose.ts'
import { executed } from './executed.ts'
import type { Execution } from './execution.ts'

/** Rows that go through a flow at once: bounds the memory, whatever the table's length. */
export const chunkRows = 2048

/** Standardized context values: a row for each row that is scored or drawn, or one for all. Row-major. */
export interface ContextRows {
  readonly rows: number
  readonly values: Float32Array
}

/** Standardized rows, row-major, with their context. */
export interface EventRows {
  readonly rows: number
  readonly values: Float32Array
  readonly context?: ContextRows | undefined
}

/** Samples, row-major, with their log-densities. */
export interface Draws {
  readonly values: Float32Array
  readonly logProb: Float32Array
}

/**
 * A flow's functions from arrays to arrays, at most `chunkRows` rows a call, run as an execution says. Compiled ones take their rows
 * padded to a power of two and cut the result, so that few sizes are compiled.
 *
 * `of` is the number of rows in all where they come in chunks: the last chunk is then padded to the size of the others.
 */
export interface FlowFunctions {
  readonly execution: Execution
  logProb(params: FlowParams, rows: EventRows, of?: number): Float32Array
  toBase(params: FlowParams, rows: EventRows, of?: number): Float32Array
  sample(params: FlowParams, key: Key, n: number, context?: ContextRows, of?: number): Float32Array
  sampleAndLogProb(params: FlowParams, key: Key, n: number, context?: ContextRows, of?: number): Draws
  /** n draws for each row of a context: [rows, n, width]. `of` is the number of context rows in all. */
  sampleEach(params: FlowParams, key: Key, n: number, context: ContextRows, of?: number): Float32Array
  /** Frees what was compiled. */
  dispose(): void
}

type Given = { readonly x: Tensor; readonly context?: Tensor }
type GivenContext = { readonly context?: Tensor }

/** The functions of a flow; nothing is compiled before the first call. */
export const flowFunctions = (flow: Flow, execution: Execution): FlowFunctions => {
  const width = flow.space.shape.reduce((n, size) => n * size, 1)
  const drawn = { static: [2] }
  const logProb = executed(execution, (p: FlowParams, { x, context }: Given) => flow.logProb(p, x, context))
  const toBase = executed(execution, (p: FlowParams, { x, context }: Given) => flow.toBase(p, x, context))
  const sample = executed(
    execution,
    (p: FlowParams, key: Key, n: number, { context }: GivenContext) => flow.sample(p, key, n, context),
    drawn,
  )
  const both = executed(
    execution,
    (p: FlowParams, key: Key, n: number, { context }: GivenContext): Readonly<Record<'x' | 'logProb', Tensor>> =>
      flow.sampleAndLogProb(p, key, n, context),
    drawn,
  )
  const each = executed(
    execution,
    (p: FlowParams, key: Key, n: number, { context }: { readonly context: Context }) => sampleEach(flow, p, key, n, context),
    drawn,
  )
  const padded = (rows: number, of: number): number => (execution.mode === 'jit' ? paddedRows(rows, of) : rows)

  const throughRows = (f: (p: FlowParams, given: Given) => Tensor, params: FlowParams, rows: EventRows, of: number): Float32Array => {
    if (rows.rows === 0) return new Float32Array(0)
    const size = padded(rows.rows, of)
    const given = { x: tensorOf(rows.values, rows.rows, size), ...contextOf(rows.context, size) }
    const [values] = freeing(given, () => [f(params, given)])
    return values!.subarray(0, (values!.length / size) * rows.rows)
  }
  return {
    execution,
    logProb: (params, rows, of = rows.rows) => throughRows(logProb, params, rows, of),
    toBase: (params, rows, of = rows.rows) => throughRows(toBase, params, rows, of),
    sample: (params, key, n, context, of = n) => {
      if (n === 0) return new Float32Array(0)
      const size = padded(n, of)
      const given = contextOf(context, size)
      const [values] = freeing(given, () => [sample(params, key, size, given)])
      return values!.subarray(0, n * width)
    },
    sampleAndLogProb: (params, key, n, context, of = n) => {
      if (n === 0) return { values: new Float32Array(0), logProb: new Float32Array(0) }
      const size = padded(n, of)
      const given = contextOf(context, size)
      const [values, scores] = freeing(given, () => {
        const { x, logProb: score } = both(params, key, size, given)
        return [x, score]
      })
      return { values: values!.subarray(0, n * width), logProb: scores!.subarray(0, n) }
    },
    sampleEach: (params, key, n, context, of = context.rows) => {
      const size = padded(context.rows, of)
      const given = { context: tensorOf(context.values, context.rows, size) }
      const [values] = freeing(given, () => [each(params, key, n, given)])
      return values!.subarray(0, context.rows * n * width)
    },
    dispose: () => [logProb, toBase, sample, both, each].forEach(f => f.dispose()),
  }
}

const fewest = 16

/** The rows that are computed for so many: a power of two from 16 to `chunkRows`. Depends on the counts alone, so that the same call gives the same bits. */
export const paddedRows = (rows: number, of: number = rows): number =>
  Math.max(fewest, 2 ** Math.ceil(Math.log2(Math.min(chunkRows, Math.max(rows, of)))))

/** [size, width], the last row repeated behind the others. */
const tensorOf = (values: Float32Array, rows: number, size: number): Tensor => {
  const width = values.length / rows
  if (rows === size) return tensor2d(values, [rows, width])
  const all = new Float32Array(size * width)
  all.set(values)
  const last = values.subarray((rows - 1) * width)
  for (let row = rows; row < size; row++) all.set(last, row * width)
  return tensor2d(all, [size, width])
}

/** One row stays one row. */
const contextOf = (context: ContextRows | undefined, size: number): GivenContext =>
  context === undefined ? {} : { context: tensorOf(context.values, context.rows, context.rows === 1 ? 1 : size) }

/** The values of what `f` gives, which is freed, and so are its arguments, whatever happens. */
const freeing = (given: GivenContext & { readonly x?: Tensor }, f: () => ReadonlyArray<Tensor>): ReadonlyArray<Float32Array> => {
  try {
    const results = f()
    const values = results.map(result => result.dataSync<'float32'>())
    disposeTree(results)
    return values
  } finally {
    disposeTree({ ...given })
  }
}
