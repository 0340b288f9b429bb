import { isHostOp, leaves, mapTree, opNamed, runHost } from '@diffeo/core'
import type { Json, Tree } from '@diffeo/core'
import { isBinary, isUnary } from '../primitives.ts'
import type { Node, Program, Type, Value } from '../program.ts'
import { showType, sizeOf, stridesOf } from '../shape.ts'
import { dataOf, typesOf } from '../values.ts'
import type { Data } from '../values.ts'
import { arg, cumulative, matmul, reduce } from './folds.ts'
import { move } from './moves.ts'
import { zeros } from './numbers.ts'
import type { Numbers, Precision } from './numbers.ts'
import { binaryOf, unaryOf } from './scalars.ts'
import { walk } from './strided.ts'

/**
 * What a program gives for its inputs, in the order of `program.inputs`: the reference that compilers are tested against.
 *
 * Every primitive computes in float64 (sums and products of matrices accumulate there) and rounds its results to float32, or, with
 * `precision: 'float64'`, does not round at all. Integers wrap around at 32 bits. A custom op is its composite, or the host op that
 * `defineOp` made under its name, which is given float32 values. Slow, and complete.
 *
 * @throws RangeError when the inputs do not fit, or no host op has the name of a custom op without a composite
 */
export const evaluate = (
  program: Program,
  inputs: ReadonlyArray<ArrayLike<number>>,
  { precision = 'float32' }: { readonly precision?: Precision } = {},
): Tree<Numbers> => {
  if (inputs.length !== program.inputs.length)
    throw new RangeError(`evaluate: expected ${program.inputs.length} inputs, got ${inputs.length}`)
  const types = typesOf(program)
  const values: Numbers[] = [
    ...program.inputs.map((type, i) => given(type, inputs[i]!, precision)),
    ...program.constants.map(constant => numbersOf(constant, dataOf(constant), precision)),
  ]
  for (const node of program.nodes) {
    const from = node.inputs.map(value => values[value]!)
    const fromTypes = node.inputs.map(value => types[value]!)
    values.push(...apply(node, from, fromTypes, precision))
  }
  return mapTree((value: Value) => values[value]!.slice(), program.outputs)
}

const given = (type: Type & { readonly name: string }, data: ArrayLike<number>, precision: Precision): Numbers => {
  if (data.length !== sizeOf(type.shape))
    throw new RangeError(`evaluate: expected ${sizeOf(type.shape)} numbers for ${type.name} ${showType(type)}, got ${data.length}`)
  return numbersOf(type, data, precision)
}

const numbersOf = (type: Type, data: ArrayLike<number>, precision: Precision): Numbers => {
  const numbers = zeros(type, precision)
  numbers.set(data)
  return numbers
}

const apply = (node: Node, inputs: ReadonlyArray<Numbers>, types: ReadonlyArray<Type>, precision: Precision): ReadonlyArray<Numbers> => {
  if (node.op === 'custom') {
    if (node.composite !== null) return leaves<Numbers>(evaluate(node.composite, inputs, { precision }))
    return onHost(node, inputs, types).map((data, i) => numbersOf(node.outputs[i]!, data, precision))
  }
  if (node.op === 'scan') return scan(node, inputs, precision)
  if (node.op === 'while') return whileLoop(node, inputs, precision)
  const type = node.outputs[0]!
  const out = zeros(type, precision)
  compute(node, inputs, types, type, out)
  return [out]
}

type LoopNode<Op extends 'scan' | 'while'> = Extract<Node, { readonly op: Op }>

const scan = (node: LoopNode<'scan'>, inputs: ReadonlyArray<Numbers>, precision: Precision): ReadonlyArray<Numbers> => {
  const { carries, xs, length, reverse } = node
  const kept = node.outputs.slice(carries).map(type => zeros(type, precision))
  let carry = inputs.slice(0, carries)
  for (let n = 0; n < length; n++) {
    const i = reverse ? length - 1 - n : n
    const rows = inputs.slice(carries, carries + xs).map(x => x.subarray((x.length / length) * i, (x.length / length) * (i + 1)))
    const results = leaves<Numbers>(evaluate(node.body, [...carry, ...rows, ...inputs.slice(carries + xs)], { precision }))
    carry = results.slice(0, carries)
    kept.forEach((y, k) => y.set(results[carries + k]!, (y.length / length) * i))
  }
  return [...carry, ...kept]
}

const whileLoop = (node: LoopNode<'while'>, inputs: ReadonlyArray<Numbers>, precision: Precision): ReadonlyArray<Numbers> => {
  const consts = inputs.slice(node.carries)
  let carry: ReadonlyArray<Numbers> = inputs.slice(0, node.carries)
  while (leaves<Numbers>(evaluate(node.cond, [...carry, ...consts], { precision }))[0]![0] !== 0)
    carry = leaves<Numbers>(evaluate(node.body, [...carry, ...consts], { precision }))
  return carry
}

const onHost = (
  node: Extract<Node, { readonly op: 'custom' }>,
  inputs: ReadonlyArray<Numbers>,
  types: ReadonlyArray<Type>,
): ReadonlyArray<Data> => {
  const op = opNamed(node.name)
  if (op === undefined || !isHostOp(op))
    throw new RangeError(`evaluate: expected a composite or a host op, got neither for '${node.name}'; import the module that defines it`)
  const data = inputs.map(x => (x instanceof Float64Array ? Float32Array.from(x) : x))
  return runHost(op, data, JSON.parse(node.attrs) as Json, types).data
}

const compute = (
  node: Exclude<Node, { readonly op: 'custom' | 'scan' | 'while' }>,
  inputs: ReadonlyArray<Numbers>,
  types: ReadonlyArray<Type>,
  type: Type,
  out: Numbers,
): void => {
  const [a, b] = [inputs[0]!, inputs[1]!]
  if (isUnary(node)) {
    const f = node.op === 'square' && type.dtype === 'int32' ? (x: number): number => Math.imul(x, x) : unaryOf[node.op]
    for (let i = 0; i < out.length; i++) out[i] = f(a[i]!)
    return
  }
  if (isBinary(node)) {
    const f = node.op === 'mul' && type.dtype === 'int32' ? Math.imul : binaryOf[node.op]
    for (let i = 0; i < out.length; i++) out[i] = f(a[i]!, b[i]!)
    return
  }
  switch (node.op) {
    case 'cast':
      for (let i = 0; i < out.length; i++) out[i] = type.dtype === 'bool' ? +(a[i] !== 0) : a[i]!
      return
    case 'select':
      for (let i = 0; i < out.length; i++) out[i] = a[i] !== 0 ? b[i]! : inputs[2]![i]!
      return
    case 'reshape':
      return out.set(a)
    case 'iota': {
      const steps = stridesOf(node.shape).map((_, i) => (i === node.axis ? 1 : 0))
      return walk(node.shape, steps, 0, (i, place) => void (out[i] = place))
    }
    case 'matmul':
      return matmul(node, [a, b], [types[0]!, types[1]!], out)
    case 'reduce':
      return reduce(node, a, types[0]!, out)
    case 'arg':
      return arg(node, a, types[0]!, out)
    case 'cumulative':
      return cumulative(node, a, types[0]!, out)
    default:
      return move(node, inputs, types, out, type)
  }
}
