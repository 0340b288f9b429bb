import { ensureRule, pullback, ruleOf } from '@diffeo/core'
import type { LoopStep, Tracer } from '@diffeo/core'
import { add, engine, getKernel, keep, registerKernel, zeros } from '@tensorflow/tfjs-core'
import type { NamedAttrMap, NamedTensorMap, Tensor, TensorInfo } from '@tensorflow/tfjs-core'
import type { Program, Type } from '../program.ts'
import { tracing } from './backend.ts'
import { recordBody } from './record.ts'
import { currentRecorder, isKnownZero, isTracer, tracerOf, valueOf } from './tracers.ts'

/** A scan that was recorded: its step, for the gradient, and its body, which gives carries, what is kept, and the carries it was given. */
interface Scan {
  readonly step: LoopStep
  readonly body: Program
  readonly captured: ReadonlyArray<Tensor>
  readonly carries: number
  readonly xs: number
  readonly kept: number
  readonly length: number
  readonly reverse: boolean
}

/**
 * Records a scan as one node. The carries that its steps are given are kept beside what the body keeps: the gradient needs them, and without
 * one they are left out again when the program is optimized.
 */
export const recordScan: Tracer['scan'] = (step, carry, xs, { length, reverse }) => {
  const counts = { carries: carry.length, xs: xs.length, kept: 0 }
  const { program: body, captured } = recordBody({ name: 'scan', advice: 'return it from the body' }, input => {
    const given = carry.map((x, i) => input(typeOf(x), `carry${i}`))
    const row = xs.map((x, i) => input(rowOf(x), `x${i}`))
    const next = step(given, row)
    counts.kept = next.ys.length
    return [...next.carry, ...next.ys, ...given]
  })
  hold(captured)
  const results = run({ step, body, captured, ...counts, length, reverse }, [...carry, ...xs, ...captured])
  return { carry: results.slice(0, counts.carries), ys: results.slice(counts.carries, counts.carries + counts.kept) }
}

// inputs of the node have these dtypes, which valueOf checks
const typeOf = ({ shape, dtype }: Tensor): Type => ({ shape, dtype: dtype as Type['dtype'] })
const rowOf = ({ shape, dtype }: Tensor): Type => ({ shape: shape.slice(1), dtype: dtype as Type['dtype'] })

/** A gradient runs the step again, after the tidy in which what it captures was made has ended. */
const hold = (captured: ReadonlyArray<Tensor>): void => {
  if (!engine().isTapeOn()) return
  const recorder = currentRecorder()
  captured.forEach(x => {
    if (x.kept || !isTracer(recorder, x)) return
    recorder.held.push(keep(x))
  })
}

const kernelName = 'diffeo.scan'

const scanOf = (attrs: unknown): Scan => (attrs as { readonly scan: Scan }).scan

const run = (scan: Scan, inputs: ReadonlyArray<Tensor>): ReadonlyArray<Tensor> => {
  ensureRule(rule)
  if (!getKernel(kernelName, tracing))
    registerKernel({
      kernelName,
      backendName: tracing,
      kernelFunc: ({ inputs: from, attrs }) => nodeOf(scanOf(attrs), from as unknown as Tensor[]),
    })
  return engine().runKernel(
    kernelName,
    [...inputs] as unknown as NamedTensorMap,
    { scan } as unknown as NamedAttrMap,
  ) as unknown as Tensor[]
}

const nodeOf = ({ body, carries, xs, length, reverse }: Scan, inputs: ReadonlyArray<TensorInfo>): TensorInfo[] => {
  const recorder = currentRecorder()
  const values = inputs.map(x => valueOf(recorder, x, 'scan'))
  return recorder.b.nodes({ op: 'scan', body, carries, xs, length, reverse }, values).map(value => tracerOf(recorder, value, 'scan'))
}

/**
 * The gradient: the scan again for its carries, which is the same node, then one in the other direction, whose carry holds the gradients of
 * the carry and of what was captured.
 */
const rule = ruleOf(kernelName, (cotangents, inputs, attrs) => {
  const scan = scanOf(attrs)
  const { carries, xs, captured, length, reverse } = scan
  const live = cotangents.map(d => !isKnownZero(currentRecorder(), d))
  if (!live.includes(true)) return inputs.map(() => null)
  const given = run(scan, inputs).slice(carries + scan.kept)
  const rows = inputs.slice(carries, carries + xs)
  const floats = {
    carry: floatsOf(inputs.slice(0, carries)),
    x: floatsOf(rows),
    captured: floatsOf(captured),
    // what is kept of integers has no gradient, and what is zero everywhere need not be carried along
    y: cotangents.flatMap((_, i) => (i >= carries && live[i]! ? [i] : [])),
  }
  const back: LoopStep = (sums, row) => {
    const [x, carry, dys] = [row.slice(0, xs), row.slice(xs, xs + carries), row.slice(xs + carries)]
    const [dcarry, dcaptured] = [sums.slice(0, floats.carry.length), sums.slice(floats.carry.length)]
    const weights = cotangents.map((_, i) => (i < carries ? (dcarry[floats.carry.indexOf(i)] ?? null) : (dys[floats.y.indexOf(i)] ?? null)))
    const gradients = pullback(
      () => {
        const next = scan.step(carry, x)
        return [...next.carry, ...next.ys, ...carry]
      },
      weights,
      [...floats.carry.map(i => carry[i]!), ...floats.x.map(i => x[i]!), ...floats.captured.map(i => captured[i]!)],
    )
    const ofCaptured = gradients.slice(floats.carry.length + floats.x.length)
    return {
      carry: [...gradients.slice(0, floats.carry.length), ...dcaptured.map((sum, i) => add(sum, ofCaptured[i]!))],
      ys: gradients.slice(floats.carry.length, floats.carry.length + floats.x.length),
    }
  }
  const start = [...floats.carry.map(i => cotangents[i]!), ...floats.captured.map(i => zeros(captured[i]!.shape))]
  const done = recordScan(back, start, [...rows, ...given, ...floats.y.map(i => cotangents[i]!)], { length, reverse: !reverse })
  const gradientOf = (at: ReadonlyArray<number>, i: number, from: ReadonlyArray<Tensor>): Tensor | null => from[at.indexOf(i)] ?? null
  return [
    ...inputs.slice(0, carries).map((_, i) => gradientOf(floats.carry, i, done.carry)),
    ...rows.map((_, i) => gradientOf(floats.x, i, done.ys)),
    ...captured.map((_, i) => gradientOf(floats.captured, i, done.carry.slice(floats.carry.length))),
  ]
})

const floatsOf = (tensors: ReadonlyArray<Tensor>): ReadonlyArray<number> => tensors.flatMap((x, i) => (x.dtype === 'float32' ? [i] : []))
