import { equal, near, suite, throws, useTestBackend } from '@diffeo/testing'
import * as tf from '@tensorflow/tfjs-core'
import type { Scalar, Tensor } from '@tensorflow/tfjs-core'
import { tidy } from '../tensor.ts'
import { differentiable, ensureRules } from './rules.ts'
import { valueAndGrad } from './value-and-grad.ts'

/**
 * First and second derivatives of every kernel against float64 central differences of the same function in plain numbers. The
 * scalar is L = sum_j w_j (y_j + y_j^2 / 2), so that the Hessian of a linear kernel is not zero either.
 */
type Numbers = ReadonlyArray<number>
type Shape = ReadonlyArray<number>
interface Row {
  readonly kernel: string
  readonly name: string
  readonly inputs: ReadonlyArray<{ readonly shape: Shape; readonly values: Numbers }>
  readonly op: (...xs: ReadonlyArray<Tensor>) => Tensor
  /** The same function of row-major numbers. */
  readonly plain: (...xs: ReadonlyArray<Numbers>) => Numbers
}

const size = (shape: Shape): number => shape.reduce((n, s) => n * s, 1)
const shapeName = (shape: Shape): string => `[${shape.join(', ')}]`
/** Every index of a shape, row-major. */
const indices = (shape: Shape): ReadonlyArray<Numbers> =>
  shape.reduce<ReadonlyArray<Numbers>>((all, s) => all.flatMap(index => Array.from({ length: s }, (_, i) => [...index, i])), [[]])
const flat = (shape: Shape, index: Numbers): number => index.reduce((n, i, axis) => n * shape[axis]! + i, 0)

/** Numbers without ties or pattern between two bounds. */
const some = (shape: Shape, low = -1.5, high = 1.5, offset = 0): { readonly shape: Shape; readonly values: Numbers } => ({
  shape,
  values: Array.from({ length: size(shape) }, (_, i) => low + (high - low) * (((i + 1 + offset) * 0.6180339887498949) % 1)),
})
const at = (...values: Numbers): { readonly shape: Shape; readonly values: Numbers } => ({ shape: [values.length], values })

// One argument, elementwise

const mixed = at(-1.7, -0.6, -0.15, 0.25, 0.9, 2.3)
const positive = at(0.2, 0.7, 1.4, 3.1)
const within = at(-0.85, -0.3, 0.1, 0.6)

const unary = (
  kernel: string,
  op: (x: Tensor) => Tensor,
  f: (x: number) => number,
  input: { readonly shape: Shape; readonly values: Numbers } = mixed,
): Row => ({
  kernel,
  name: kernel,
  inputs: [input],
  op: x => op(x!),
  plain: x => x!.map(f),
})

/** Of Abramowitz and Stegun, 7.1.5, far beyond float32 within +-2.5. */
const erf = (x: number): number =>
  (2 / Math.sqrt(Math.PI)) *
  Array.from({ length: 60 }).reduce<{ readonly sum: number; readonly term: number }>(
    ({ sum, term }, _, n) => ({ sum: sum + term / (2 * n + 1), term: (-term * x * x) / (n + 1) }),
    { sum: 0, term: x },
  ).sum
const elu = (x: number): number => (x > 0 ? x : Math.expm1(x))
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))

const unaryRows: ReadonlyArray<Row> = [
  unary('Abs', tf.abs, Math.abs),
  unary('Acos', tf.acos, Math.acos, within),
  unary('Acosh', tf.acosh, Math.acosh, at(1.3, 2, 4)),
  unary('Asin', tf.asin, Math.asin, within),
  unary('Asinh', tf.asinh, Math.asinh),
  unary('Atan', tf.atan, Math.atan),
  unary('Atanh', tf.atanh, Math.atanh, within),
  unary(
    'Cast',
    x => tf.cast(x, 'float32'),
    x => x,
  ),
  unary(
    'ClipByValue',
    x => tf.clipByValue(x, -0.5, 1),
    x => Math.min(1, Math.max(-0.5, x)),
  ),
  unary('Cos', tf.cos, Math.cos),
  unary('Cosh', tf.cosh, Math.cosh),
  unary('Elu', tf.elu, elu),
  unary('Erf', tf.erf, erf),
  unary('Exp', tf.exp, Math.exp),
  unary('Expm1', tf.expm1, Math.expm1),
  unary('Identity', tf.clone, x => x),
  unary(
    'LeakyRelu',
    x => tf.leakyRelu(x, 0.1),
    x => (x > 0 ? x : 0.1 * x),
  ),
  unary('Log', tf.log, Math.log, positive),
  unary('Log1p', tf.log1p, Math.log1p, at(-0.6, 0.2, 2)),
  unary('Neg', tf.neg, x => -x),
  unary('Reciprocal', tf.reciprocal, x => 1 / x, at(-1.7, -0.6, 0.5, 2.3)),
  unary('Relu', tf.relu, x => Math.max(0, x)),
  unary('Relu6', tf.relu6, x => Math.min(6, Math.max(0, x)), at(-1, 0.5, 3, 7)),
  unary('Rsqrt', tf.rsqrt, x => 1 / Math.sqrt(x), positive),
  unary('Selu', tf.selu, x => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x))),
  unary('Sigmoid', tf.sigmoid, sigmoid),
  unary('Sin', tf.sin, Math.sin),
  unary('Sinh', tf.sinh, Math.sinh),
  unary('Softplus', tf.softplus, x => Math.log1p(Math.exp(x))),
  unary('Sqrt', tf.sqrt, Math.sqrt, positive),
  unary('Square', tf.square, x => x * x),
  unary('Tan', tf.tan, Math.tan, at(-1.1, -0.4, 0.3, 0.9)),
  unary('Tanh', tf.tanh, Math.tanh),
]

// Flat kernels: f(x) x + x, whose derivative is f(x) + 1

const times =
  (f: (x: Tensor) => Tensor): ((x: Tensor) => Tensor) =>
  x =>
    tf.add(tf.mul(tf.cast(f(x), 'float32'), x), x)
const flatUnary = (kernel: string, op: (x: Tensor) => Tensor, f: (x: number) => number): Row => unary(kernel, times(op), x => f(x) * x + x)

const flatRows: ReadonlyArray<Row> = [
  flatUnary('Ceil', tf.ceil, Math.ceil),
  flatUnary('Floor', tf.floor, Math.floor),
  flatUnary('IsFinite', tf.isFinite, () => 1),
  flatUnary('IsInf', tf.isInf, () => 0),
  flatUnary('IsNan', tf.isNaN, () => 0),
  flatUnary(
    'LogicalNot',
    x => tf.logicalNot(tf.greater(x, 0)),
    x => (x > 0 ? 0 : 1),
  ),
  flatUnary('OnesLike', tf.onesLike, () => 1),
  flatUnary('Round', tf.round, Math.round),
  flatUnary('Sign', tf.sign, Math.sign),
  flatUnary('Step', tf.step, x => (x > 0 ? 1 : 0)),
  flatUnary('ZerosLike', tf.zerosLike, () => 0),
  flatUnary(
    'OneHot',
    x => tf.sum(tf.mul(tf.oneHot(tf.cast(tf.abs(x), 'int32'), 4), tf.tensor1d([1, 2, 4, 8])), -1),
    x => 2 ** Math.trunc(Math.abs(x)),
  ),
]

// Two arguments, broadcast

const pairsOfShapes: ReadonlyArray<readonly [Shape, Shape]> = [
  [
    [2, 3],
    [2, 3],
  ],
  [[2, 3], [3]],
  [
    [2, 1],
    [1, 3],
  ],
  [[], [2, 2]],
  [
    [2, 1, 2],
    [3, 1],
  ],
]

const binary = (
  kernel: string,
  op: (a: Tensor, b: Tensor) => Tensor,
  f: (a: number, b: number) => number,
  [lowA, highA, lowB, highB]: readonly [number, number, number, number] = [-1.5, 1.5, -1.5, 1.5],
): ReadonlyArray<Row> =>
  pairsOfShapes.map(([sa, sb]) => ({
    kernel,
    name: `${kernel} ${shapeName(sa)} ${shapeName(sb)}`,
    inputs: [some(sa, lowA, highA), some(sb, lowB, highB, 7.3)],
    op: (a, b) => op(a!, b!),
    plain: (a, b) => {
      const rank = Math.max(sa.length, sb.length)
      const padded = (shape: Shape): Shape => [...Array.from({ length: rank - shape.length }, () => 1), ...shape]
      const [pa, pb] = [padded(sa), padded(sb)]
      const from = (shape: Shape, index: Numbers): number =>
        flat(
          shape,
          index.map((i, axis) => (shape[axis] === 1 ? 0 : i)),
        )
      return indices(pa.map((s, i) => Math.max(s, pb[i]!))).map(index => f(a![from(pa, index)]!, b![from(pb, index)]!))
    },
  }))

/** A comparison chooses between a and b^2. */
const comparison = (kernel: string, op: (a: Tensor, b: Tensor) => Tensor, f: (a: number, b: number) => boolean): ReadonlyArray<Row> =>
  binary(
    kernel,
    (a, b) => tf.add(tf.mul(tf.cast(op(a, b), 'float32'), a), tf.square(b)),
    (a, b) => (f(a, b) ? a : 0) + b * b,
  )
const isPositive = (x: Tensor): Tensor => tf.greater(x, 0)

const binaryRows: ReadonlyArray<Row> = [
  ...binary('Add', tf.add, (a, b) => a + b),
  ...binary('Atan2', tf.atan2, Math.atan2),
  ...binary('Maximum', tf.maximum, Math.max),
  ...binary('Minimum', tf.minimum, Math.min),
  // tfjs' remainder has the sign of the divisor
  ...binary('Mod', tf.mod, (a, b) => a - b * Math.floor(a / b), [3, 5.2, 0.9, 1.4]),
  ...binary('Multiply', tf.mul, (a, b) => a * b),
  ...binary('Pow', tf.pow, (a, b) => a ** b, [0.3, 2, -1.5, 2.5]),
  ...binary('RealDiv', tf.div, (a, b) => a / b, [-1.5, 1.5, 0.5, 2]),
  ...binary('SquaredDifference', tf.squaredDifference, (a, b) => (a - b) ** 2),
  ...binary('Sub', tf.sub, (a, b) => a - b),
  ...binary(
    'FloorDiv',
    (a, b) => tf.mul(tf.cast(tf.floorDiv(a, b), 'float32'), tf.mul(a, b)),
    (a, b) => Math.floor(a / b) * a * b,
    [3, 5.2, 0.9, 1.4],
  ),
  ...comparison('Equal', tf.equal, (a, b) => a === b),
  ...comparison('NotEqual', tf.notEqual, (a, b) => a !== b),
  ...comparison('Greater', tf.greater, (a, b) => a > b),
  ...comparison('GreaterEqual', tf.greaterEqual, (a, b) => a >= b),
  ...comparison('Less', tf.less, (a, b) => a < b),
  ...comparison('LessEqual', tf.lessEqual, (a, b) => a <= b),
  ...comparison(
    'LogicalAnd',
    (a, b) => tf.logicalAnd(isPositive(a), isPositive(b)),
    (a, b) => a > 0 && b > 0,
  ),
  ...comparison(
    'LogicalOr',
    (a, b) => tf.logicalOr(isPositive(a), isPositive(b)),
    (a, b) => a > 0 || b > 0,
  ),
  ...binary(
    'Select',
    (a, b) => tf.where(tf.greater(a, b), tf.mul(a, b), tf.sub(a, tf.square(b))),
    (a, b) => (a > b ? a * b : a - b * b),
  ),
]

// Reductions

const reduced = (
  kernel: string,
  op: (x: Tensor, axes: number[] | undefined, keep: boolean) => Tensor,
  f: (values: Numbers) => number,
  shape: Shape,
  axes: Numbers | undefined,
  keep: boolean,
): Row => ({
  kernel,
  name: `${kernel} ${shapeName(shape)} over ${axes ? shapeName(axes) : 'all'}${keep ? ', kept' : ''}`,
  inputs: [some(shape)],
  op: x => op(x!, axes && [...axes], keep),
  plain: x => {
    const over = axes?.map(a => (a + shape.length) % shape.length) ?? shape.map((_, i) => i)
    const rest = shape.map((s, i) => (over.includes(i) ? 1 : s))
    const inside = indices(shape)
    return indices(rest).map(index =>
      f(inside.filter(i => i.every((v, axis) => over.includes(axis) || v === index[axis])).map(i => x![flat(shape, i)]!)),
    )
  },
})

const reductions = (
  kernel: string,
  op: (x: Tensor, axes: number[] | undefined, keep: boolean) => Tensor,
  f: (values: Numbers) => number,
): ReadonlyArray<Row> => [
  reduced(kernel, op, f, [4], undefined, false),
  reduced(kernel, op, f, [2, 3], [0], false),
  reduced(kernel, op, f, [2, 3], [-1], true),
  reduced(kernel, op, f, [2, 3, 2], [0, 2], false),
  reduced(kernel, op, f, [2, 3, 2], [1], true),
]

const total = (values: Numbers): number => values.reduce((a, b) => a + b, 0)

const cumsum = (shape: Shape, axis: number, exclusive: boolean, reverse: boolean): Row => ({
  kernel: 'Cumsum',
  name: `Cumsum ${shapeName(shape)} along ${axis}${exclusive ? ', exclusive' : ''}${reverse ? ', reverse' : ''}`,
  inputs: [some(shape)],
  op: x => tf.cumsum(x!, axis, exclusive, reverse),
  plain: x =>
    indices(shape).map(index =>
      total(
        Array.from({ length: shape[axis]! }, (_, i) => i)
          .filter(i => (exclusive && i === index[axis] ? false : reverse ? i >= index[axis]! : i <= index[axis]!))
          .map(i => x![flat(shape, index.with(axis, i))]!),
      ),
    ),
})

const softmax = (shape: Shape): Row => ({
  kernel: 'Softmax',
  name: `Softmax ${shapeName(shape)}`,
  inputs: [some(shape)],
  op: x => tf.softmax(x!),
  plain: x => {
    const powers = x!.map(Math.exp)
    const width = shape.at(-1)!
    return powers.map((v, i) => v / total(powers.slice(i - (i % width), i - (i % width) + width)))
  },
})

/** a [..., n, k] by b [..., k, m], either stored transposed; leading axes broadcast (of rank 1: tfjs computes [2, 1] by [1, 2] wrongly). */
const matMul = (leadA: Shape, leadB: Shape, ta: boolean, tb: boolean): Row => {
  const [n, k, m] = [2, 3, 2]
  const [sa, sb] = [
    [...leadA, ...(ta ? [k, n] : [n, k])],
    [...leadB, ...(tb ? [m, k] : [k, m])],
  ]
  const rank = Math.max(leadA.length, leadB.length)
  const sizeAt = (lead: Shape, axis: number): number => lead[axis - (rank - lead.length)] ?? 1
  const lead = Array.from({ length: rank }, (_, axis) => Math.max(sizeAt(leadA, axis), sizeAt(leadB, axis)))
  const own = (of: Shape, index: Numbers): Numbers => of.map((s, axis) => (s === 1 ? 0 : index[axis + rank - of.length]!))
  return {
    kernel: 'BatchMatMul',
    name: `BatchMatMul ${shapeName(sa)}${ta ? ' transposed' : ''} ${shapeName(sb)}${tb ? ' transposed' : ''}`,
    inputs: [some(sa), some(sb, -1.5, 1.5, 3.7)],
    op: (a, b) => tf.matMul(a!, b!, ta, tb),
    plain: (a, b) =>
      indices([...lead, n, m]).map(index => {
        const [i, j] = index.slice(-2) as [number, number]
        return total(
          Array.from({ length: k }, (_, l) => {
            const fromA = flat(sa, [...own(leadA, index), ...(ta ? [l, i] : [i, l])])
            const fromB = flat(sb, [...own(leadB, index), ...(tb ? [j, l] : [l, j])])
            return a![fromA]! * b![fromB]!
          }),
        )
      }),
  }
}

const extremum = (kernel: string, op: (x: Tensor, axis: number) => Tensor, better: (a: number, b: number) => boolean): Row => ({
  kernel,
  name: kernel,
  inputs: [some([2, 3])],
  op: x => tf.mul(tf.cast(op(x!, 1), 'float32'), tf.sum(x!, 1)),
  plain: x =>
    [0, 1].map(i => {
      const row = x!.slice(3 * i, 3 * i + 3)
      return row.reduce((best, v, j) => (better(v, row[best]!) ? j : best), 0) * total(row)
    }),
})

const reductionRows: ReadonlyArray<Row> = [
  ...reductions('Sum', tf.sum, total),
  ...reductions('Mean', tf.mean, values => total(values) / values.length),
  ...reductions('Max', tf.max, values => Math.max(...values)),
  ...reductions('Min', tf.min, values => Math.min(...values)),
  extremum('ArgMax', tf.argMax, (a, b) => a > b),
  extremum('ArgMin', tf.argMin, (a, b) => a < b),
  cumsum([4], 0, false, false),
  cumsum([2, 3], 1, true, false),
  cumsum([2, 3], 1, false, true),
  cumsum([2, 3], 1, true, true),
  cumsum([3, 2], 0, false, false),
  softmax([4]),
  softmax([2, 3]),
  ...[false, true].flatMap(ta => [false, true].flatMap(tb => [matMul([], [], ta, tb), matMul([2], [2], ta, tb)])),
  matMul([2], [], false, false),
  matMul([], [2], true, true),
  matMul([2], [1], false, true),
]

// Kernels that move values

/** y[index] = x[source(index)], or 0 where there is none. */
const moved = (
  kernel: string,
  name: string,
  from: Shape,
  to: Shape,
  op: (x: Tensor) => Tensor,
  source: (index: Numbers) => Numbers | undefined,
): Row => ({
  kernel,
  name: `${kernel} ${name}`,
  inputs: [some(from)],
  op: x => op(x!),
  plain: x =>
    indices(to).map(index => {
      const origin = source(index)
      return origin === undefined ? 0 : x![flat(from, origin)]!
    }),
})

const unflat = (shape: Shape, n: number): Numbers => indices(shape)[n]!
const insideOf = (shape: Shape, index: Numbers): Numbers | undefined => (index.every((v, i) => v >= 0 && v < shape[i]!) ? index : undefined)
const gather = (shape: Shape, at: Numbers, axis: number): Row =>
  moved(
    'GatherV2',
    `${shapeName(shape)} at ${shapeName(at)} along ${axis}`,
    shape,
    shape.with(axis, at.length),
    x => tf.gather(x, tf.tensor1d([...at], 'int32'), axis),
    index => index.with(axis, at[index[axis]!]!),
  )

/** Kernels of several tensors. */
const several = (
  kernel: string,
  shapes: ReadonlyArray<Shape>,
  op: (...xs: ReadonlyArray<Tensor>) => Tensor,
  plain: (...xs: ReadonlyArray<Numbers>) => Numbers,
  name = '',
): Row => ({
  kernel,
  name: `${kernel} ${shapes.map(shapeName).join(' ')}${name}`,
  inputs: shapes.map((shape, i) => some(shape, -1.5, 1.5, 2.3 * i)),
  op,
  plain,
})

const shapeRows: ReadonlyArray<Row> = [
  moved(
    'Reshape',
    '[2, 3] to [3, 2]',
    [2, 3],
    [3, 2],
    x => tf.reshape(x, [3, 2]),
    index => unflat([2, 3], flat([3, 2], index)),
  ),
  moved(
    'ExpandDims',
    '[2, 3] at 1',
    [2, 3],
    [2, 1, 3],
    x => tf.expandDims(x, 1),
    ([i, , j]) => [i!, j!],
  ),
  moved(
    'Transpose',
    '[2, 3]',
    [2, 3],
    [3, 2],
    x => tf.transpose(x),
    ([i, j]) => [j!, i!],
  ),
  moved(
    'Transpose',
    '[2, 3, 2] by 2, 0, 1',
    [2, 3, 2],
    [2, 2, 3],
    x => tf.transpose(x, [2, 0, 1]),
    ([i, j, k]) => [j!, k!, i!],
  ),
  moved(
    'Reverse',
    '[2, 3] along 1',
    [2, 3],
    [2, 3],
    x => tf.reverse(x, [1]),
    ([i, j]) => [i!, 2 - j!],
  ),
  moved(
    'Reverse',
    '[2, 3] along both',
    [2, 3],
    [2, 3],
    x => tf.reverse(x, [0, 1]),
    ([i, j]) => [1 - i!, 2 - j!],
  ),
  moved(
    'Slice',
    '[3, 4] from [1, 1]',
    [3, 4],
    [2, 2],
    x => tf.slice(x, [1, 1], [2, 2]),
    ([i, j]) => [i! + 1, j! + 1],
  ),
  moved(
    'Slice',
    '[4] from 2 to its end',
    [4],
    [2],
    x => tf.slice(x, [2], [-1]),
    ([i]) => [i! + 2],
  ),
  moved(
    'Slice',
    '[4] from the number 1',
    [4],
    [2],
    x => tf.slice(x, 1, 2),
    ([i]) => [i! + 1],
  ),
  moved(
    'Slice',
    '[3, 2] from [1], its other axis whole',
    [3, 2],
    [2, 2],
    x => tf.slice(x, [1]),
    ([i, j]) => [i! + 1, j!],
  ),
  moved(
    'GatherV2',
    '[2, 3] at [2, 0] along -1',
    [2, 3],
    [2, 2],
    x => tf.gather(x, tf.tensor1d([2, 0], 'int32'), -1),
    ([i, j]) => [i!, 2 - 2 * j!],
  ),
  moved('PadV2', '[2, 2]', [2, 2], [3, 5], x => tf.pad(x, [[1, 0], [1, 2]]), ([i, j]) => insideOf([2, 2], [i! - 1, j! - 1])), // prettier-ignore
  moved(
    'Tile',
    '[2, 3] 2 by 3 times',
    [2, 3],
    [4, 9],
    x => tf.tile(x, [2, 3]),
    ([i, j]) => [i! % 2, j! % 3],
  ),
  moved(
    'Tile',
    '[2] 3 times',
    [2],
    [6],
    x => tf.tile(x, [3]),
    ([i]) => [i! % 2],
  ),
  gather([4], [2, 0, 2, 2], 0),
  gather([3, 2], [1, 1, 0], 0),
  gather([2, 3], [2, 0], 1),
  gather([2, 1], [0, 0, 0], 1),
  gather([2, 3, 2], [1, 1, 2, 0], 1),
  several(
    'Concat',
    [
      [2, 3],
      [2, 2],
    ],
    (a, b) => tf.concat([a!, b!], 1),
    (a, b) => [0, 1].flatMap(i => [...a!.slice(3 * i, 3 * i + 3), ...b!.slice(2 * i, 2 * i + 2)]),
  ),
  several(
    'Concat',
    [
      [2, 3],
      [1, 3],
    ],
    (a, b) => tf.concat([a!, b!, a!], 0),
    (a, b) => [...a!, ...b!, ...a!],
    ', one part twice',
  ),
  several(
    'SplitV',
    [[2, 5]],
    x => {
      const [a, b] = tf.split(x!, [2, 3], 1) as [Tensor, Tensor]
      return tf.mul(tf.sum(a, 1, true), b)
    },
    x => [0, 1].flatMap(i => [2, 3, 4].map(j => (x![5 * i]! + x![5 * i + 1]!) * x![5 * i + j]!)),
  ),
  several(
    'SplitV',
    [[4, 2]],
    x => tf.split(x!, 2, 0)[1]!,
    x => x!.slice(4),
    ', one part unused',
  ),
  several(
    'Pack',
    [[3], [3]],
    (a, b) => tf.stack([a!, b!], 1),
    (a, b) => a!.flatMap((v, i) => [v, b![i]!]),
  ),
  several(
    'Unpack',
    [[2, 3]],
    x => {
      const [a, b, c] = tf.unstack(x!, 1) as [Tensor, Tensor, Tensor]
      return tf.add(tf.mul(a, b), c)
    },
    x => [0, 1].map(i => x![3 * i]! * x![3 * i + 1]! + x![3 * i + 2]!),
  ),
  several(
    'AddN',
    [
      [2, 2],
      [2, 2],
      [2, 2],
    ],
    (a, b, c) => tf.addN([a!, b!, c!, a!]),
    (a, b, c) => a!.map((v, i) => 2 * v + b![i]! + c![i]!),
  ),
]

const rows = [...unaryRows, ...flatRows, ...binaryRows, ...reductionRows, ...shapeRows]

// The comparison

const weight = (j: number): number => 1 + 0.5 * Math.cos(j)
/** The direction along which the gradient is differentiated. */
const along = (n: number): number => Math.sin(3 * n + 1)

const objective = (y: Tensor): Scalar => {
  const flatY = tf.reshape(y, [y.size])
  return tf.sum(tf.mul(tf.tensor1d(Array.from({ length: y.size }, (_, j) => weight(j))), tf.add(flatY, tf.mul(0.5, tf.square(flatY)))))
}
const plainObjective = (y: Numbers): number => total(y.map((v, j) => weight(j) * (v + 0.5 * v * v)))

/** Gradient and Hessian times a direction, by central differences in float64. */
const differences = ({ inputs, plain }: Row): { readonly gradient: Numbers; readonly curvature: Numbers } => {
  const start = inputs.flatMap(({ values }) => values)
  const starts = inputs.map((_, i) => total(inputs.slice(0, i).map(({ values }) => values.length)))
  const value = (x: Numbers): number =>
    plainObjective(plain(...inputs.map(({ values }, i) => x.slice(starts[i], starts[i]! + values.length))))
  const shifted = (step: number, i: number, turn: number): Numbers => start.map((v, n) => v + (n === i ? step : 0) + turn * along(n))
  const [near, far] = [1e-5, 4e-4]
  return {
    gradient: start.map((_, i) => (value(shifted(near, i, 0)) - value(shifted(-near, i, 0))) / (2 * near)),
    curvature: start.map((_, i) => {
      const slope = (turn: number): number => value(shifted(far, i, turn)) - value(shifted(-far, i, turn))
      return (slope(far) - slope(-far)) / (4 * far * far)
    }),
  }
}

const numbersOf = (tensors: ReadonlyArray<Tensor>): Numbers => tensors.flatMap(x => [...x.dataSync()])

const check = (row: Row): void => {
  const xs = row.inputs.map(({ shape, values }) => tf.tensor([...values], [...shape], 'float32'))
  const loss = (at: ReadonlyArray<Tensor>): Tensor => objective(row.op(...at))
  near(numbersOf([row.op(...xs)]), row.plain(...row.inputs.map(({ values }) => values)), { atol: 2e-5, rtol: 2e-5, what: 'value' })
  const expected = differences(row)
  const scale = (values: Numbers): number => 1e-4 * (1 + Math.max(...values.map(Math.abs)))
  near(numbersOf(valueAndGrad(loss)(xs).grads), expected.gradient, { atol: scale(expected.gradient), what: 'gradient' })
  const starts = row.inputs.map((_, i) => total(row.inputs.slice(0, i).map(({ values }) => values.length)))
  const direction = row.inputs.map(({ shape, values }, i) =>
    tf.tensor(
      values.map((_, n) => along(starts[i]! + n)),
      [...shape],
      'float32',
    ),
  )
  const slopeAlong = (at: ReadonlyArray<Tensor>): Tensor =>
    tf.addN(valueAndGrad(loss)(at).grads.map((g, i) => tf.sum(tf.mul(g, direction[i]!))))
  near(numbersOf(valueAndGrad(slopeAlong)(xs).grads), expected.curvature, { atol: scale(expected.curvature), what: 'second derivative' })
}

;(['cpu', 'wasm'] as const).forEach(backend => {
  const s = suite(`derivatives on ${backend}`)
  s.before(() => useTestBackend(backend))

  s.test('every kernel with a rule has a row, and every row runs its kernel', async () => {
    equal([...new Set(rows.map(row => row.kernel))].sort(), [...differentiable].sort())
    for (const row of rows) {
      const xs = row.inputs.map(({ shape, values }) => tf.tensor([...values], [...shape], 'float32'))
      const { kernels } = await tf.profile(() => row.op(...xs))
      xs.forEach(x => x.dispose())
      equal([row.name, kernels.some(k => k.name === row.kernel)], [row.name, true])
    }
  })
  rows.forEach(row => s.test(row.name, () => tidy(() => check(row))))
  s.test('a rule that saves its output, as those of tfjs do, fails at second order; ensureRules puts ours back', () => {
    const tanhRow = rows.find(row => row.kernel === 'Tanh')!
    const foreign = (kernelName: string): void =>
      tf.registerGradient({
        kernelName,
        outputsToSave: [true],
        gradFunc: (dy, saved) => ({ x: () => tf.mul(dy as Tensor, tf.sub(1, tf.square(saved[0]!))) }),
      })
    foreign('Tanh')
    throws(() => tidy(() => check(tanhRow)), /second derivative/)
    // as importing @tensorflow/tfjs would: every rule is overwritten
    differentiable.forEach(foreign)
    ensureRules()
    tidy(() => rows.filter(row => ['Tanh', 'Abs', 'Multiply', 'Sum'].includes(row.kernel)).forEach(check))
  })
  s.run()
})
