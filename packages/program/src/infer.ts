import { leaves } from '@diffeo/core'
import type { Shape } from '@diffeo/core'
import { binaryDType, isBinary, isUnary, unaryDType } from './primitives.ts'
import type { Loop, Primitive, Program, Type } from './program.ts'
import { sameShape, showType, sizeOf } from './shape.ts'
import { typesOf } from './values.ts'

/**
 * The types of a primitive's results from those of its inputs.
 *
 * @throws RangeError when shapes, dtypes or attributes do not fit, or a custom op without a composite is asked for
 */
export const infer = (primitive: Primitive, inputs: ReadonlyArray<Type>): ReadonlyArray<Type> => {
  const counts = arity(primitive, inputs.length)
  if (counts !== undefined) throw misfit(primitive, counts, `${inputs.length}`)
  if (isUnary(primitive)) {
    const dtype = unaryDType(primitive.op, inputs[0]!.dtype)
    if (dtype === undefined) throw misfit(primitive, 'an argument of another dtype', shown(inputs))
    return [{ shape: inputs[0]!.shape, dtype }]
  }
  if (isBinary(primitive)) {
    const [a, b] = [inputs[0]!, inputs[1]!]
    const dtype = a.dtype === b.dtype ? binaryDType(primitive.op, a.dtype) : undefined
    if (dtype === undefined) throw misfit(primitive, 'two arguments of one fitting dtype', shown(inputs))
    if (!sameShape(a.shape, b.shape)) throw misfit(primitive, 'two arguments of one shape', shown(inputs))
    return [{ shape: a.shape, dtype }]
  }
  if (primitive.op === 'custom') return custom(primitive, inputs)
  if (primitive.op === 'scan') return scan(primitive, inputs)
  if (primitive.op === 'while') return whileLoop(primitive, inputs)
  return [structural(primitive, inputs)]
}

type Structural = Exclude<
  Primitive,
  | { readonly op: 'custom' | 'scan' | 'while' }
  | { readonly op: Parameters<typeof unaryDType>[0] }
  | { readonly op: Parameters<typeof binaryDType>[0] }
>

const structural = (p: Structural, inputs: ReadonlyArray<Type>): Type => {
  const check = (fits: boolean, expected: string): void => {
    if (!fits) throw misfit(p, expected, shown(inputs))
  }
  if (p.op === 'iota') {
    check(isAxis(p.axis, p.shape), 'an axis of the shape')
    return { shape: p.shape, dtype: 'int32' }
  }
  const x = inputs[0]!
  const { shape, dtype } = x
  switch (p.op) {
    case 'cast':
      return { shape, dtype: p.dtype }
    case 'select':
      check(dtype === 'bool' && inputs[1]!.dtype === inputs[2]!.dtype, 'a bool and two values of one dtype')
      check(
        inputs.every(input => sameShape(input.shape, shape)),
        'three arguments of one shape',
      )
      return inputs[1]!
    case 'broadcast':
      check(
        p.axes.length === shape.length && p.axes.every((axis, i) => isAxis(axis, p.shape) && (i === 0 || axis > p.axes[i - 1]!)),
        `rising axes of [${p.shape.join(',')}], one for each axis of the argument`,
      )
      check(
        p.axes.every((axis, i) => shape[i] === 1 || shape[i] === p.shape[axis]),
        `sizes that broadcast to [${p.shape.join(',')}]`,
      )
      return { shape: p.shape, dtype }
    case 'reshape':
      check(sizeOf(p.shape) === sizeOf(shape), `${sizeOf(p.shape)} values`)
      return { shape: p.shape, dtype }
    case 'transpose':
      check(isPermutation(p.perm, shape.length), `${p.perm.length} axes`)
      return { shape: p.perm.map(axis => shape[axis]!), dtype }
    case 'slice':
      check(
        [p.begin, p.size, p.stride].every(list => list.length === shape.length),
        'begin, size and stride for each axis',
      )
      check(
        shape.every((size, i) => isWithin(p.begin[i]!, p.size[i]!, p.stride[i]!, size)),
        'a slice within the argument',
      )
      return { shape: p.size, dtype }
    case 'reverse':
      check(areAxes(p.axes, shape), 'axes of the argument')
      return x
    case 'pad':
      check(
        [p.before, p.after].every(list => list.length === shape.length && list.every(n => n >= 0)),
        'paddings of 0 or more for each axis',
      )
      return { shape: shape.map((size, i) => p.before[i]! + size + p.after[i]!), dtype }
    case 'concat':
      check(
        isAxis(p.axis, shape) &&
          inputs.every(input => input.dtype === dtype && sameShape(without(input.shape, p.axis), without(shape, p.axis))),
        'parts that differ along one axis alone',
      )
      return { shape: shape.map((size, i) => (i === p.axis ? inputs.reduce((n, input) => n + input.shape[i]!, 0) : size)), dtype }
    case 'gather':
      check(isAxis(p.axis, shape) && inputs[1]!.dtype === 'int32', 'an axis of the argument and int32 indices')
      return { shape: [...shape.slice(0, p.axis), ...inputs[1]!.shape, ...shape.slice(p.axis + 1)], dtype }
    case 'scatterAdd':
      check(
        isAxis(p.axis, shape) && inputs[1]!.dtype === 'int32' && sameShape(inputs[1]!.shape, [shape[p.axis]!]),
        'one int32 index for each slice',
      )
      return { shape: shape.map((size, i) => (i === p.axis ? p.size : size)), dtype }
    case 'matmul':
      return matmul(p, x, inputs[1]!)
    case 'reduce':
      check(areAxes(p.axes, shape), 'axes of the argument')
      check((dtype === 'bool') === (p.kind === 'any' || p.kind === 'all'), 'bool for any and all, numbers for the others')
      return { shape: shape.filter((_, i) => !p.axes.includes(i)), dtype }
    case 'arg':
      check(isAxis(p.axis, shape) && shape[p.axis]! > 0, 'an axis of the argument that is not empty')
      return { shape: without(shape, p.axis), dtype: 'int32' }
    case 'cumulative':
      check(isAxis(p.axis, shape) && dtype !== 'bool', 'numbers and an axis of the argument')
      return x
    default:
      return p satisfies never
  }
}

const matmul = (p: Extract<Primitive, { readonly op: 'matmul' }>, a: Type, b: Type): Type => {
  const rank = a.shape.length
  const [m, k] = ends(a.shape, p.transposeA)
  const [inner, n] = ends(b.shape, p.transposeB)
  const batch = a.shape.slice(0, -2)
  const fits = rank >= 2 && a.dtype === 'float32' && b.dtype === 'float32' && k === inner && sameShape(batch, b.shape.slice(0, -2))
  if (!fits) throw misfit(p, 'float32 [..., m, k] and [..., k, n]', shown([a, b]))
  return { shape: [...batch, m!, n!], dtype: 'float32' }
}

const ends = (shape: Shape, transposed: boolean): Shape => (transposed ? [shape.at(-1)!, shape.at(-2)!] : shape.slice(-2))

const custom = (p: Extract<Primitive, { readonly op: 'custom' }>, inputs: ReadonlyArray<Type>): ReadonlyArray<Type> => {
  if (p.composite === null) throw misfit(p, 'a composite', 'none; give the types of its outputs')
  return resultsOf(p, p.composite, inputs)
}

const scan = (p: Extract<Primitive, { readonly op: 'scan' }>, inputs: ReadonlyArray<Type>): ReadonlyArray<Type> => {
  if (!Number.isInteger(p.length) || p.length < 1) throw misfit(p, 'a length of 1 or more', `${p.length}`)
  const rows = inputs.map((input, i) => {
    if (i < p.carries || i >= p.carries + p.xs) return input
    if (input.shape[0] !== p.length) throw misfit(p, `${p.length} rows`, showType(input))
    return { shape: input.shape.slice(1), dtype: input.dtype }
  })
  const results = resultsOf(p, p.body, rows)
  carried(p, inputs, results)
  return results.map(({ shape, dtype }, i) => ({ shape: i < p.carries ? shape : [p.length, ...shape], dtype }))
}

const whileLoop = (p: Extract<Primitive, { readonly op: 'while' }>, inputs: ReadonlyArray<Type>): ReadonlyArray<Type> => {
  const holds = resultsOf(p, p.cond, inputs)
  if (shown(holds) !== 'bool[]') throw misfit(p, 'a condition bool[]', shown(holds))
  const results = resultsOf(p, p.body, inputs)
  carried(p, inputs, results)
  if (results.length !== p.carries) throw misfit(p, `${p.carries} results of its body`, `${results.length}`)
  return results
}

/** The types that a program inside of a node gives for inputs of these types. */
const resultsOf = (p: Primitive, inner: Program, inputs: ReadonlyArray<Type>): ReadonlyArray<Type> => {
  const fits =
    inner.inputs.length === inputs.length &&
    inner.inputs.every((input, i) => input.dtype === inputs[i]!.dtype && sameShape(input.shape, inputs[i]!.shape))
  if (!fits) throw misfit(p, shown(inner.inputs), shown(inputs))
  const types = typesOf(inner)
  return leaves<number>(inner.outputs).map(value => ({ shape: types[value]!.shape, dtype: types[value]!.dtype }))
}

const carried = (p: Loop, inputs: ReadonlyArray<Type>, results: ReadonlyArray<Type>): void => {
  const [given, made] = [inputs.slice(0, p.carries), results.slice(0, p.carries)]
  if (shown(given) !== shown(made)) throw misfit(p, `a body that gives ${shown(given)}`, shown(made))
}

/** What is wrong with the number of inputs, if anything. */
const arity = (p: Primitive, count: number): string | undefined => {
  if (p.op === 'custom' || p.op === 'scan' || p.op === 'while') return undefined
  if (p.op === 'concat') return count > 0 ? undefined : 'at least 1 argument'
  const two = isBinary(p) || p.op === 'gather' || p.op === 'scatterAdd' || p.op === 'matmul'
  const expected = p.op === 'iota' ? 0 : p.op === 'select' ? 3 : two ? 2 : 1
  return count === expected ? undefined : `${expected} argument${expected === 1 ? '' : 's'}`
}

const isAxis = (axis: number, shape: Shape): boolean => Number.isInteger(axis) && axis >= 0 && axis < shape.length

const areAxes = (axes: ReadonlyArray<number>, shape: Shape): boolean =>
  axes.every((axis, i) => isAxis(axis, shape) && (i === 0 || axis > axes[i - 1]!))

const isPermutation = (perm: ReadonlyArray<number>, rank: number): boolean =>
  perm.length === rank && [...perm].sort((a, b) => a - b).every((axis, i) => axis === i)

const isWithin = (begin: number, size: number, stride: number, whole: number): boolean =>
  size >= 0 && stride >= 1 && begin >= 0 && (size === 0 || begin + (size - 1) * stride < whole)

const without = (shape: Shape, axis: number): Shape => shape.filter((_, i) => i !== axis)

const shown = (types: ReadonlyArray<Type>): string => types.map(showType).join(', ')

const misfit = (p: Primitive, expected: string, actual: string): RangeError =>
  new RangeError(`${p.op}: expected ${expected}, got ${actual}`)
