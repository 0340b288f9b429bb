import { leaves, tidy, valueAndGrad } from '@diffeo/core'
import type { Tree } from '@diffeo/core'
import { evaluate, jit, print, trace } from '@diffeo/program'
import { near } from '../../harness/assert.ts'
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { drawn, valueOf, valuesOf } from './functions.ts'
import type { Plan } from './functions.ts'

/** What a run over random functions met; `edges` sat on a tie or a step, which the last bit decides. */
export interface FunctionTally {
  functions: number
  edges: number
  numbers: number
  notFinite: number
  /** The largest difference, relative to the largest number of its tensor or 1. */
  worst: number
}

export const emptyFunctionTally = (): FunctionTally => ({ functions: 0, edges: 0, numbers: 0, notFinite: 0, worst: 0 })

type Two = (x: Tensor, y: Tensor) => Tree<Tensor>

const specials = [NaN, Infinity, -Infinity, 0, -0, 1e-40, 100, -30]

const spoilt = (x: Float32Array, seed: number): Float32Array =>
  x.map((v, i) => ((i + seed) % 3 === 0 ? specials[(7 * i + seed) % specials.length]! : v))

const numbersOf = (tree: Tree<Tensor>): ReadonlyArray<Float32Array> => leaves(tree).map(t => t.dataSync<'float32'>())

const scaleOf = (x: ArrayLike<number>): number => Array.from(x).reduce((m, v) => (Number.isFinite(v) ? Math.max(m, Math.abs(v)) : m), 1)

/** How far float32 lies from float64 on its own, at most. */
const rounding = (rounded: ArrayLike<number>, exact: ArrayLike<number>): number =>
  Array.from(rounded).reduce((m, v, i) => (Math.abs(v - exact[i]!) > m ? Math.abs(v - exact[i]!) : m), 0)

const compare = (what: string, f: Two, plan: Plan, inputs: readonly [Float32Array, Float32Array], tally: FunctionTally): void => {
  const { rows, columns } = plan
  const { program } = trace(f, { shape: [rows, columns], dtype: 'float32' } as const, { shape: [columns], dtype: 'float32' } as const)
  const exact = leaves(evaluate(program, inputs, { precision: 'float64' }) as ReadonlyArray<Float64Array>)
  const rounded = leaves(evaluate(program, inputs) as ReadonlyArray<Float32Array>)
  tf.tidy(() => {
    const [x, y] = [tf.tensor2d(inputs[0], [rows, columns]), tf.tensor1d(inputs[1])]
    const eager = numbersOf(tidy(() => f(x, y)))
    for (const deterministic of [true, false]) {
      const jitted = jit(f, { deterministic })
      const actual = numbersOf(jitted(x, y))
      jitted.dispose()
      actual.forEach((values, i) => {
        const scale = scaleOf(exact[i]!)
        const lost = rounding(rounded[i]!, exact[i]!)
        const isPattern = values.every(
          (v, k) => Number.isFinite(rounded[i]![k]!) === Number.isFinite(exact[i]![k]!) && !Number.isNaN(v - v) === Number.isFinite(v),
        )
        if (
          !(lost <= 1e-4 * scale) ||
          !isPattern ||
          !Array.from(rounded[i]!).every((v, k) => Number.isFinite(v) === Number.isFinite(exact[i]![k]!))
        ) {
          tally.edges += 1
          return
        }
        const title = `${what} ${i}, ${deterministic ? 'plain' : 'relaxed'}`
        near(values, exact[i]!, { atol: 1e-5 * scale + 4 * lost, what: `${title} against float64` })
        near(values, eager[i]!, { atol: 2e-5 * scale + 8 * lost, what: `${title} against eager` })
        values.forEach((v, k) => {
          tally.numbers += 1
          if (Number.isFinite(v)) tally.worst = Math.max(tally.worst, Math.abs(v - exact[i]![k]!) / scale)
          else tally.notFinite += 1
        })
      })
    }
  })
}

/** A random function with its gradients, and its values where NaN and infinities go in: jitted, eagerly on cpu, in float64. */
export const checkFunction = (plan: Plan, tally: FunctionTally): void => {
  const { rows, columns, seed } = plan
  const inputs = [drawn(rows * columns, seed), drawn(columns, seed + 1)] as const
  tally.functions += 1
  const gradients: Two = (x, y) => {
    const { value, grads } = valueAndGrad((p: Tensor[]) => valueOf(plan, p[0]!, p[1]!))([x, y])
    return [value, ...grads]
  }
  compare('value and gradient', gradients, plan, inputs, tally)
  const values: Two = (x, y) => [...valuesOf(plan, x, y), tf.mul(y, 1)]
  compare('value', values, plan, [spoilt(inputs[0], seed), seed % 2 === 0 ? inputs[1] : spoilt(inputs[1], seed + 1)], tally)
}

/** A counterexample as a person reads it. */
export const shownFunction = (plan: Plan, error: unknown): string => {
  const { rows, columns, seed } = plan
  const { program } = trace(
    (x, y) => [...valuesOf(plan, x, y)],
    { shape: [rows, columns], dtype: 'float32' } as const,
    { shape: [columns], dtype: 'float32' } as const,
  )
  return [print(program), `x = ${drawn(rows * columns, seed).join()}`, String(error), JSON.stringify(plan)].join('\n')
}
