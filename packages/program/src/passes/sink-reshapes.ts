import type { Shape } from '@diffeo/core'
import type { Builder } from '../builder.ts'
import { isElementwise } from '../primitives.ts'
import type { Program, Value } from '../program.ts'
import { sameShape } from '../shape.ts'
import { fillOf, nodeOf } from './look.ts'
import { primitiveOf, rewrite } from './rewrite.ts'
import type { Rule } from './rewrite.ts'

/** The program with reshapes after elementwise functions rather than before, where they meet and merge. */
export const sinkReshapes = (program: Program): Program => rewrite(program, sinkReshape)

/**
 * An elementwise node whose arguments are all reshaped from one shape, or constants of one number; and one whose shape has axes of one
 * value, which part it from others of as many values.
 */
export const sinkReshape: Rule = (node, inputs, b) => {
  if (!isElementwise(node)) return undefined
  const { shape } = node.outputs[0]!
  const [target, sources] = unreshaped(inputs, b) ?? [shape, inputs]
  const wanted = sources.some(value => value !== undefined && isTied(value, b)) ? target : target.filter(size => size !== 1)
  if (sameShape(wanted, shape)) return undefined
  const args = inputs.map((value, i): Value => {
    const source = sources[i]
    if (source === undefined) return b.fill(wanted, b.typeOf(value).dtype, fillOf(b, value)!)
    return sameShape(b.typeOf(source).shape, wanted) ? source : b.node({ op: 'reshape', shape: wanted }, source)
  })
  return b.node({ op: 'reshape', shape }, b.node(primitiveOf(node), ...args))
}

/** The shape that all arguments but constants are reshaped from, and what they are before. */
const unreshaped = (inputs: ReadonlyArray<Value>, b: Builder): readonly [Shape, ReadonlyArray<Value | undefined>] | undefined => {
  const sources = inputs.map(value => nodeOf(b, value, 'reshape')?.inputs[0])
  const first = sources.find(source => source !== undefined)
  if (first === undefined) return undefined
  const { shape } = b.typeOf(first)
  const fits = sources.every((source, i) =>
    source === undefined ? fillOf(b, inputs[i]!) !== undefined : sameShape(b.typeOf(source).shape, shape),
  )
  return fits ? [shape, sources] : undefined
}

/** Whether a value keeps what is made of it to its shape: functions of a product run in the product's loop, and a custom op may become a loop. */
const isTied = (value: Value, b: Builder): boolean => {
  const definition = b.definition(value)
  if (definition.kind !== 'node') return false
  const { node } = definition
  return node.op === 'matmul' || node.op === 'custom' || (isElementwise(node) && node.outputs[0]!.shape.includes(1))
}
