import type { Builder } from '../builder.ts'
import { isElementwise } from '../primitives.ts'
import type { Node, Program, Value } from '../program.ts'
import { sameShape, sizeOf } from '../shape.ts'
import { fillOf, nodeOf } from './look.ts'
import { primitiveOf, rewrite } from './rewrite.ts'
import type { Rule } from './rewrite.ts'

/** The program with elementwise functions of repeated values computed once for each value, and repeated after. */
export const sinkBroadcasts = (program: Program): Program => rewrite(program, sinkBroadcast)

/** An elementwise node whose arguments are all repeated the same way, or constants of one number. */
export const sinkBroadcast: Rule = (node, inputs, b) => {
  if (!isElementwise(node)) return undefined
  const broadcasts = inputs.map(value => nodeOf(b, value, 'broadcast'))
  const first = broadcasts.find(inner => inner !== undefined)
  if (first === undefined || !inputs.every((value, i) => fillOf(b, value) !== undefined || isTwin(broadcasts[i], first, b)))
    return undefined
  const { shape } = b.typeOf(first.inputs[0]!)
  if (sizeOf(shape) >= sizeOf(first.shape)) return undefined
  const sources = inputs.map((value, i): Value => broadcasts[i]?.inputs[0] ?? b.fill(shape, b.typeOf(value).dtype, fillOf(b, value)!))
  return b.node({ op: 'broadcast', shape: first.shape, axes: first.axes }, b.node(primitiveOf(node), ...sources))
}

type Broadcast = Extract<Node, { readonly op: 'broadcast' }>

const isTwin = (inner: Broadcast | undefined, first: Broadcast, b: Builder): boolean =>
  inner !== undefined && sameShape(inner.axes, first.axes) && sameShape(b.typeOf(inner.inputs[0]!).shape, b.typeOf(first.inputs[0]!).shape)
