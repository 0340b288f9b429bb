import { leaves, mapTree } from '@diffeo/core'
import type { Shape, Tree } from '@diffeo/core'
import { infer } from './infer.ts'
import type { Constant, DType, Node, Primitive, Program, Type, Value } from './program.ts'

/** Where a value of a program in the making comes from. */
export type Definition =
  | { readonly kind: 'input' }
  | { readonly kind: 'constant'; readonly constant: Constant }
  | { readonly kind: 'node'; readonly node: Node; readonly output: number }

/** A program in the making. Its values have numbers of their own until `finish` gives them those of the program. */
export interface Builder {
  typeOf(value: Value): Type
  definition(value: Value): Definition
  input(input: Type & { readonly name: string }): Value
  constant(constant: Constant): Value
  /** A constant of one repeated number; the same number, shape and dtype give the same value. */
  fill(shape: Shape, dtype: DType, value: number): Value
  /** A primitive applied to values: its first result. */
  node(primitive: Primitive, ...inputs: ReadonlyArray<Value>): Value
  /** A primitive applied to values: all its results. `outputs` is asked for where a custom op has no composite. */
  nodes(primitive: Primitive, inputs: ReadonlyArray<Value>, outputs?: ReadonlyArray<Type>): ReadonlyArray<Value>
  /** A whole node, as it is: all its results. */
  add(node: Node): ReadonlyArray<Value>
  /** The program of what was built, without the constants that nothing uses; with `liveOnly` also without the nodes that no output needs. */
  finish(outputs: Tree<Value>, options?: { readonly liveOnly?: boolean }): Program
}

/** An empty program in the making. */
export const builder = (): Builder => {
  const types: Type[] = []
  const definitions: Definition[] = []
  const inputs: Array<readonly [Value, Type & { readonly name: string }]> = []
  const constants: Array<readonly [Value, Constant]> = []
  const nodes: Made[] = []
  const fills = new Map<string, Value>()

  const define = (type: Type, definition: Definition): Value => {
    types.push(type)
    definitions.push(definition)
    return types.length - 1
  }
  const addConstant = (constant: Constant): Value => {
    const value = define({ shape: constant.shape, dtype: constant.dtype }, { kind: 'constant', constant })
    constants.push([value, constant])
    return value
  }
  const fill = (shape: Shape, dtype: DType, value: number): Value => {
    const number = dtype === 'float32' ? Math.fround(value) : value
    const key = `${dtype} ${shape.join(',')} ${Object.is(number, -0) ? '-0' : number}`
    const known = fills.get(key)
    if (known !== undefined) return known
    const made = addConstant({ shape: [...shape], dtype, fill: number })
    fills.set(key, made)
    return made
  }
  const add: Builder['add'] = node => {
    const results = node.outputs.map((type, output) => define(type, { kind: 'node', node, output }))
    nodes.push([results, node])
    return results
  }
  const addNodes: Builder['nodes'] = (
    primitive,
    from,
    outputs = infer(
      primitive,
      from.map(value => types[value]!),
    ),
  ) => add({ ...primitive, inputs: [...from], outputs: outputs.map(({ shape, dtype }) => ({ shape: [...shape], dtype })) })
  return {
    typeOf: value => types[value]!,
    definition: value => definitions[value]!,
    input: input => {
      const value = define({ shape: input.shape, dtype: input.dtype }, { kind: 'input' })
      inputs.push([value, input])
      return value
    },
    constant: constant => ('fill' in constant ? fill(constant.shape, constant.dtype, constant.fill) : addConstant(constant)),
    fill,
    node: (primitive, ...from) => addNodes(primitive, from)[0]!,
    nodes: addNodes,
    add,
    finish: (outputs, { liveOnly = false } = {}) => {
      const used = usedBy(leaves<Value>(outputs), nodes, types.length, liveOnly)
      const keptConstants = constants.filter(([value]) => used[value])
      const kept = liveOnly ? nodes.filter(([values]) => values.some(value => used[value])) : nodes
      const numbers = numbered(types.length, [
        ...inputs.map(([value]) => value),
        ...keptConstants.map(([value]) => value),
        ...kept.flatMap(([values]) => values),
      ])
      const renumbered = (value: Value): Value => numbers[value]!
      return {
        version: 1,
        inputs: inputs.map(([, input]) => input),
        constants: keptConstants.map(([, constant]) => constant),
        nodes: kept.map(([, node]) => ({ ...node, inputs: node.inputs.map(renumbered) })),
        outputs: mapTree(renumbered, outputs),
      }
    },
  }
}

type Made = readonly [ReadonlyArray<Value>, Node]

/** 1 for each value that the outputs need, or that any node needs. */
const usedBy = (outputs: ReadonlyArray<Value>, nodes: ReadonlyArray<Made>, values: number, liveOnly: boolean): Uint8Array => {
  const used = new Uint8Array(values)
  outputs.forEach(value => (used[value] = 1))
  for (let i = nodes.length - 1; i >= 0; i--) {
    const [results, node] = nodes[i]!
    if (liveOnly && !results.some(value => used[value])) continue
    for (const value of node.inputs) used[value] = 1
  }
  return used
}

/** The place of each value in a list; -1 for the others. */
const numbered = (values: number, order: ReadonlyArray<Value>): Int32Array => {
  const numbers = new Int32Array(values).fill(-1)
  order.forEach((value, i) => (numbers[value] = i))
  return numbers
}
