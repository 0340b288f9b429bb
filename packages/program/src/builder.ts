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
  /** The program of what was built, without the constants that nothing uses; with `liveOnly` also without the nodes that no output needs. */
  finish(outputs: Tree<Value>, options?: { readonly liveOnly?: boolean }): Program
}

/** An empty program in the making. */
export const builder = (): Builder => {
  const types: Type[] = []
  const definitions: Definition[] = []
  const inputs: Array<readonly [Value, Type & { readonly name: string }]> = []
  const constants: Array<readonly [Value, Constant]> = []
  const nodes: Array<readonly [ReadonlyArray<Value>, Node]> = []
  const fills = new Map<string, Value>()

  const add = (type: Type, definition: Definition): Value => {
    types.push(type)
    definitions.push(definition)
    return types.length - 1
  }
  const addConstant = (constant: Constant): Value => {
    const value = add({ shape: constant.shape, dtype: constant.dtype }, { kind: 'constant', constant })
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
  const addNodes: Builder['nodes'] = (
    primitive,
    from,
    outputs = infer(
      primitive,
      from.map(value => types[value]!),
    ),
  ) => {
    const node: Node = { ...primitive, inputs: [...from], outputs: outputs.map(({ shape, dtype }) => ({ shape: [...shape], dtype })) }
    const results = node.outputs.map((type, output) => add(type, { kind: 'node', node, output }))
    nodes.push([results, node])
    return results
  }
  return {
    typeOf: value => types[value]!,
    definition: value => definitions[value]!,
    input: input => {
      const value = add({ shape: input.shape, dtype: input.dtype }, { kind: 'input' })
      inputs.push([value, input])
      return value
    },
    constant: constant => ('fill' in constant ? fill(constant.shape, constant.dtype, constant.fill) : addConstant(constant)),
    fill,
    node: (primitive, ...from) => addNodes(primitive, from)[0]!,
    nodes: addNodes,
    finish: (outputs, { liveOnly = false } = {}) => {
      const used = new Set<Value>(leaves<Value>(outputs))
      const kept: Array<readonly [ReadonlyArray<Value>, Node]> = []
      for (let i = nodes.length - 1; i >= 0; i--) {
        const [values, node] = nodes[i]!
        if (liveOnly && !values.some(value => used.has(value))) continue
        kept.push(nodes[i]!)
        for (const value of node.inputs) used.add(value)
      }
      kept.reverse()
      const keptConstants = constants.filter(([value]) => used.has(value))
      const numbers = new Int32Array(types.length).fill(-1)
      let next = 0
      const number = (value: Value): void => void (numbers[value] = next++)
      inputs.forEach(([value]) => number(value))
      keptConstants.forEach(([value]) => number(value))
      kept.forEach(([values]) => values.forEach(number))
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
