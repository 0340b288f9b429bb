import { add, concat, div, engine, gather, mul, reshape, slice, sum, tensor1d, tidy as tfTidy, zeros } from '@tensorflow/tfjs-core'
import type { Tensor, TensorContainer } from '@tensorflow/tfjs-core'
import type { Context, Shape } from './contracts.ts'
import { activeTracer } from './ops/tracer.ts'
import { entries, showPath } from './tree.ts'
import type { Tree } from './tree.ts'

/** tfjs' `tidy` for any record or tree of tensors: what `f` allocates and does not return is freed. */
export const tidy = <A>(f: () => A): A =>
  // tfjs types the result as a TensorContainer, which readonly trees are not; at run time it walks any object.
  tfTidy(f as () => TensorContainer) as A

/** A new handle on the same values, so that disposing of the one leaves the other alive. No copy. */
export const handle = (x: Tensor): Tensor => {
  const { tensorInfo } = engine().state
  const backend = tensorInfo.get(x.dataId)?.backend
  // a tape must see an op, and so must a trace that captures x; elsewhere the handle alone does, at a fraction of what an op costs
  if (backend === undefined || x.isDisposed || isTapeOn() || activeTracer()?.owns(x) === false) return reshape(x, [...x.shape])
  backend.incRef(x.dataId)
  return engine().makeTensorFromTensorInfo(x, backend)
}

/** [N, ...event] to [N]: the sum over every axis but the first. A row of an empty event sums to 0. */
export const sumEvent = (x: Tensor): Tensor => (x.rank === 1 ? handle(x) : sum(reshape(x, [x.shape[0]!, eventSize(x)]), 1))

const eventSize = (x: Tensor): number => x.shape.slice(1).reduce((n, size) => n * size, 1)

/** Tensors side by side along an axis. An empty result is made anew: tfjs' cpu kernel gives one that cannot be sliced. */
export const joined = (parts: ReadonlyArray<Tensor>, axis: number): Tensor => {
  const whole = concat([...parts], axis)
  return whole.size > 0 ? whole : zeros(whole.shape)
}

/** x [N, D] to its columns `at`, in that order. No rows give no rows: tfjs' WASM kernel gives another shape. */
export const columnsAt = (x: Tensor, at: ReadonlyArray<number>): Tensor =>
  x.size > 0 ? gather(x, tensor1d([...at], 'int32'), 1) : zeros([x.shape[0]!, at.length])

/** No more than so many values are added in a row: tfjs' WASM kernel rounds every partial sum, off by 1 % at 10^6 equal values. */
const run = 16

/** [N, ...event] to [...event]: the sum over the rows, in runs of runs. */
const sumOfRows = (x: Tensor): Tensor => {
  const [n, shape] = [x.shape[0]!, x.shape.slice(1)]
  if (n <= run) return sum(x, 0)
  const whole = n - (n % run)
  const part = (from: number, count: number): Tensor => slice(x, [from, ...shape.map(() => 0)], [count, ...shape])
  const head = sumOfRows(sum(reshape(part(0, whole), [whole / run, run, ...shape]), 1))
  return whole === n ? head : add(head, sum(part(whole, n - whole), 0))
}

/** The sum of all values; relative error at most 1e-6 up to 10^7 values of one sign on every backend. */
export const total = (x: Tensor): Tensor => tidy(() => sumOfRows(reshape(x, [x.size])))

/** [N, ...event] to [...event]: the mean over the rows, summed as `total` does. */
export const meanOfRows = (x: Tensor): Tensor => tidy(() => div(sumOfRows(x), x.shape[0]!))

/**
 * The mean of all values, summed as `total` does.
 *
 * @throws RangeError when there is none
 */
export const mean = (x: Tensor): Tensor => {
  if (x.size === 0) throw new RangeError(`mean: expected at least one value, got a tensor of shape [${x.shape.join(', ')}]`)
  return tidy(() => div(total(x), x.size))
}

/** The values of a leading context axis as one matrix [N, features]: every leaf flattened, side by side, in tree order. */
export const contextWidth = (shape: Tree<Shape> | undefined): number =>
  shape === undefined ? 0 : shapeLeaves(shape).reduce((n, [, s]) => n + s.reduce((m, size) => m * size, 1), 0)

/** The shapes in a tree of shapes, with their paths; a list of numbers is a leaf here. */
export const shapeLeaves = (shape: Tree<Shape>): ReadonlyArray<readonly [string, Shape]> => {
  if (isShape(shape)) return [['context', shape]]
  const children = Array.isArray(shape)
    ? shape.map((s: Tree<Shape>, i) => [`[${i}]`, s] as const)
    : Object.entries(shape).map(([k, s]) => [`.${k}`, s as Tree<Shape>] as const)
  return children.flatMap(([step, child]) =>
    shapeLeaves(child).map(([name, s]) => [name.replace(/^context/, `context${step}`), s] as const),
  )
}

const isShape = (shape: Tree<Shape>): shape is Shape => Array.isArray(shape) && shape.every(size => typeof size === 'number')

/** The leaves of a context with the names that errors give them. */
export const contextLeaves = (context: Context): ReadonlyArray<readonly [string, Tensor]> =>
  entries(context).map(
    ([path, leaf]) => [path.length === 0 ? 'context' : `context${showPath(path).replace(/^(?!\[)/, '.')}`, leaf] as const,
  )

/** Whether a gradient is being recorded: a compiled result would not stand on the tape. */
export const isTapeOn = (): boolean => engine().isTapeOn()

/** x 0 where x is finite, NaN elsewhere: a zero that keeps a NaN visible. */
export const zeroUnlessNaN = (x: Tensor): Tensor => mul(x, 0)
