import type { Builder } from '../builder.ts'
import type { Binary, Constant, Node, Type, Unary, Value } from '../program.ts'

/** A node of one primitive. */
export type NodeOf<Op extends Node['op']> = Op extends Unary | Binary
  ? { readonly op: Op; readonly inputs: ReadonlyArray<Value>; readonly outputs: ReadonlyArray<Type> }
  : Extract<Node, { readonly op: Op }>

/** The node of a primitive that made a value, if it was that primitive. */
export const nodeOf = <Op extends Node['op']>(b: Builder, value: Value, op: Op): NodeOf<Op> | undefined => {
  const definition = b.definition(value)
  // op tells the kinds of nodes apart, which the type checker cannot see for a generic one
  return definition.kind === 'node' && definition.node.op === op ? (definition.node as unknown as NodeOf<Op>) : undefined
}

/** The constant that a value is, if it is one. */
export const constantAt = (b: Builder, value: Value): Constant | undefined => {
  const definition = b.definition(value)
  return definition.kind === 'constant' ? definition.constant : undefined
}

/** The number that a constant value repeats, if it does. */
export const fillOf = (b: Builder, value: Value): number | undefined => {
  const constant = constantAt(b, value)
  return constant !== undefined && 'fill' in constant ? constant.fill : undefined
}
