import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import fc from 'fast-check'

/** One step of a random function: it picks among the values so far, which are all [a, b], [b] or [a]. */
type Step = (values: Tensor[], pick: (n: number) => number) => Tensor

const at = (values: Tensor[], pick: (n: number) => number, rank?: number): Tensor => {
  const fitting = rank === undefined ? values : values.filter(v => v.rank === rank)
  return fitting[pick(fitting.length)]!
}
/** Kept small, so that no chain of steps overflows or loses all its digits. */
const tame = (x: Tensor): Tensor => tf.clipByValue(x, -4, 4)
const unary =
  (f: (x: Tensor) => Tensor): Step =>
  (values, pick) =>
    f(at(values, pick))
/** Shapes broadcast where they can; else the second argument is reduced to a scalar. */
const binary =
  (f: (a: Tensor, b: Tensor) => Tensor): Step =>
  (values, pick) => {
    const [a, b] = [at(values, pick), at(values, pick)]
    const fits = [...a.shape]
      .reverse()
      .every((size, i) => i >= b.rank || [...b.shape].reverse()[i] === size || size === 1 || [...b.shape].reverse()[i] === 1)
    return f(a, fits ? b : tf.mean(b))
  }
const ofMatrix =
  (f: (x: Tensor, columns: number) => Tensor): Step =>
  (values, pick) => {
    const x = at(values, pick, 2)
    return f(x, x.shape[1]!)
  }

const steps: ReadonlyArray<Step> = [
  ...[tf.neg, tf.abs, tf.tanh, tf.sigmoid, tf.softplus, tf.sin, tf.square, tf.relu, tf.elu].map(f => unary(f as (x: Tensor) => Tensor)),
  unary(x => tf.exp(tf.minimum(x, 1))),
  unary(x => tf.log(tf.add(tf.abs(x), 0.5))),
  unary(x => tf.log(tf.exp(x))),
  unary(x => tf.pow(tf.add(tf.abs(x), 0.5), 1.5)),
  unary(x => tf.mul(x, 0.5)),
  unary(x => tf.div(x, 4)),
  unary(x => tf.where(tf.greater(x, 0.1), x, tf.mul(x, 0.2))),
  unary(x => tf.reshape(x, x.shape)),
  unary(x => tf.reverse(x)),
  unary(x => tf.add(x, tf.zeros(x.shape))),
  unary(x => tf.cumsum(x, x.rank - 1, true)),
  binary(tf.add),
  binary(tf.sub),
  binary(tf.mul),
  binary((a, b) => tf.div(a, tf.add(tf.abs(b), 1))),
  binary(tf.maximum),
  binary((a, b) => tf.where(tf.less(a, b), a, tf.add(tf.mul(a, 0), b))),
  binary((a, b) => tf.mul(a, tf.cast(tf.greaterEqual(a, b), 'float32'))),
  ofMatrix(x => tf.softmax(x)),
  ofMatrix(x => tf.transpose(tf.mul(tf.transpose(x), 2))),
  ofMatrix(x => tf.matMul(x, tf.matMul(x, x, true, false))),
  ofMatrix(x => tf.matMul(tf.transpose(tf.transpose(x)), tf.div(tf.matMul(tf.transpose(x), x), 8))),
  ofMatrix((x, n) => tf.concat([tf.slice(x, [0, 1], [-1, n - 1]), tf.slice(x, [0, 0], [-1, 1])], 1)),
  ofMatrix((x, n) => tf.gather(x, tf.tensor1d([n - 1, ...Array.from({ length: n - 1 }, (_, i) => i)], 'int32'), 1)),
  ofMatrix((x, n) => tf.pad(tf.slice(x, [0, 0], [-1, n - 1]), [[0, 0], [1, 0]])), // prettier-ignore
  ofMatrix(x => tf.sum(x, 0)),
  ofMatrix(x => tf.max(x, 1)),
  ofMatrix(x => tf.sub(x, tf.mean(x, 1, true))),
  ofMatrix(x => tf.sum(tf.mul(tf.expandDims(x, 2), tf.ones([x.shape[0]!, x.shape[1]!, 3])), 2)),
]

/** A random function: three numbers for each of its steps. */
export interface Plan {
  readonly rows: number
  readonly columns: number
  readonly choices: ReadonlyArray<number>
  readonly seed: number
}

export const plans: fc.Arbitrary<Plan> = fc.record({
  rows: fc.integer({ min: 1, max: 5 }),
  columns: fc.integer({ min: 1, max: 5 }),
  choices: fc.array(fc.nat(1_000_000), { minLength: 6, maxLength: 40 }),
  seed: fc.nat(1000),
})

/** All values that a plan makes of x [rows, columns] and y [columns]. */
export const valuesOf = ({ choices }: Plan, x: Tensor, y: Tensor): ReadonlyArray<Tensor> => {
  const all: Tensor[] = [x, y]
  for (let i = 0; i + 3 <= choices.length; i += 3) {
    let draw = choices[i]!
    const step = steps[draw % steps.length]!
    const more = [choices[i + 1]!, choices[i + 2]!]
    let used = 0
    const made = step(all, n => (draw = more[used++ % 2]!) % n)
    if (made.rank > 0) all.push(tame(made))
  }
  return all.slice(2)
}

/** The sum of the means of all values. */
export const valueOf = (plan: Plan, x: Tensor, y: Tensor): Tensor => tf.addN([...valuesOf(plan, x, y), tf.scalar(0)].map(v => tf.mean(v)))

/** Numbers of either sign, the same for the same seed. */
export const drawn = (count: number, seed: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => 1.5 * Math.sin(12.9898 * (i + 1) + seed))
