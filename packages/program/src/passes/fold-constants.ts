import { leaves } from '@diffeo/core'
import { builder } from '../builder.ts'
import type { Builder } from '../builder.ts'
import { evaluate } from '../evaluate/evaluate.ts'
import { isBinary, isElementwise, isUnary } from '../primitives.ts'
import type { Constant, Node, Program, Value } from '../program.ts'
import { sizeOf } from '../shape.ts'
import { constantOf, dataOf } from '../values.ts'
import type { Data } from '../values.ts'
import { constantAt, fillOf } from './look.ts'
import { primitiveOf, rewrite } from './rewrite.ts'
import type { Rule } from './rewrite.ts'

/** Results above this stay nodes: their numbers would only make the program larger. */
const largest = 4096

/**
 * Functions whose float32 result is the exactly rounded one on every machine. The others (exp, log, ...) stay nodes: the kernels that run the program
 * compute them, not the engine's Math.
 */
const exact: ReadonlySet<Node['op']> = new Set<Node['op']>([
  ...(['neg', 'abs', 'sign', 'sqrt', 'square', 'reciprocal', 'floor', 'ceil', 'round', 'isNan', 'isFinite', 'not'] as const),
  ...(['add', 'sub', 'mul', 'div', 'max', 'min', 'eq', 'ne', 'lt', 'le', 'gt', 'ge', 'and', 'or', 'mod', 'floorDiv'] as const),
])

/** Where these are exact all the same: at 0, and log at 1. */
const exactAtZero: ReadonlySet<Node['op']> = new Set<Node['op']>([
  ...(['exp', 'expm1', 'log1p', 'sin', 'cos', 'tan', 'asin', 'atan', 'sinh', 'cosh', 'tanh', 'asinh', 'atanh', 'sigmoid', 'erf'] as const),
])

const isExact = (node: Node, fills: ReadonlyArray<number | undefined>): boolean => {
  if (!isUnary(node) && !isBinary(node)) return true
  return exact.has(node.op) || (fills[0] === 0 && exactAtZero.has(node.op)) || (fills[0] === 1 && node.op === 'log')
}

/** What is not computed here is computed once: one number, which is then repeated. */
const once = (node: Node, inputs: ReadonlyArray<Value>, b: Builder): Value | undefined => {
  const { shape } = node.outputs[0]!
  const fills = inputs.map(value => fillOf(b, value))
  if (shape.length === 0 || fills.includes(undefined)) return undefined
  const scalars = inputs.map((value, i) => b.fill([], b.typeOf(value).dtype, fills[i]!))
  return b.node({ op: 'broadcast', shape, axes: [] }, b.node(primitiveOf(node), ...scalars))
}

/**
 * The program with nodes of constants alone computed, where the result is the same on every machine. One repeated number stays one number,
 * whatever its shape.
 */
export const foldConstants = (program: Program): Program => rewrite(program, fold)

export const fold: Rule = (node, inputs, b) => {
  if (node.op === 'custom' || node.op === 'scan' || node.op === 'while') return undefined
  const constants = inputs.map(value => constantAt(b, value))
  if (constants.includes(undefined)) return undefined
  if (
    !isExact(
      node,
      inputs.map(value => fillOf(b, value)),
    )
  )
    return once(node, inputs, b)
  const type = node.outputs[0]!
  const repeated = repeatedBy(node, inputs, b)
  if (repeated !== undefined) return b.fill(type.shape, type.dtype, repeated)
  const sizes = [type, ...constants].map(constant => sizeOf(constant!.shape))
  if (sizes.some(size => size > largest)) return undefined
  return b.constant(constantOf(type, computed(node, constants as ReadonlyArray<Constant>)))
}

/** The number that the result repeats, where every argument repeats one. */
const repeatedBy = (
  node: Exclude<Node, { readonly op: 'custom' | 'scan' | 'while' }>,
  inputs: ReadonlyArray<Value>,
  b: Builder,
): number | undefined => {
  const fills = inputs.map(value => fillOf(b, value))
  if (fills.length === 0 || fills.includes(undefined)) return undefined
  const [first] = fills as ReadonlyArray<number>
  if (isElementwise(node))
    return computed(
      node,
      inputs.map((value, i) => ({ shape: [], dtype: b.typeOf(value).dtype, fill: fills[i]! })),
    )[0]!
  switch (node.op) {
    case 'broadcast':
    case 'reshape':
    case 'transpose':
    case 'slice':
    case 'reverse':
    case 'gather':
      return first
    case 'concat':
      return fills.every(number => Object.is(number, first)) ? first : undefined
    case 'pad':
      return Object.is(node.value, first) ? first : undefined
    case 'reduce': {
      const shape = b.typeOf(inputs[0]!).shape
      const count = sizeOf(node.axes.map(axis => shape[axis]!))
      if (count === 0 || node.kind === 'prod') return undefined
      return node.kind === 'sum' ? first! * count : first
    }
    default:
      return undefined
  }
}

/** What a node makes of constants, by the reference interpreter. */
const computed = (node: Node, constants: ReadonlyArray<Constant>): Data => {
  const b = builder()
  const inputs = constants.map((constant, i) => b.input({ shape: constant.shape, dtype: constant.dtype, name: `${i}` }))
  const scalar = constants.length > 0 && isElementwise(node)
  const primitive = primitiveOf(node)
  const program = b.finish(scalar ? b.node(primitive, ...inputs) : b.nodes(primitive, inputs, node.outputs)[0]!)
  // in float32 precision the reference keeps float32 values in a Float32Array
  return leaves(evaluate(program, constants.map(dataOf)))[0]! as Data
}
