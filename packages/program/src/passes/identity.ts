import type { Node, Program } from '../program.ts'
import { sameShape } from '../shape.ts'
import { rewrite } from './rewrite.ts'
import type { Rule } from './rewrite.ts'

/** The program without the nodes that give what they are given: reshapes to the same shape, casts to the same dtype and their like. */
export const removeIdentities = (program: Program): Program => rewrite(program, identity)

/** The argument of a node that changes nothing. */
export const identity: Rule = (node, [x], b) => {
  if (x === undefined) return undefined
  const from = b.typeOf(x)
  const to = node.outputs[0]!
  const same = from.dtype === to.dtype && sameShape(from.shape, to.shape)
  return same && changesNothing(node, from.shape) ? x : undefined
}

/** Where the type stays the same. */
const changesNothing = (node: Node, shape: ReadonlyArray<number>): boolean => {
  switch (node.op) {
    case 'reshape':
    case 'cast':
    case 'broadcast':
    case 'slice':
    case 'pad':
      return true
    case 'concat':
      return node.inputs.length === 1
    case 'transpose':
      return node.perm.every((axis, i) => axis === i)
    case 'reverse':
      return node.axes.every(axis => shape[axis]! <= 1)
    case 'reduce':
      return node.axes.length === 0
    case 'cumulative':
      return !node.exclusive && shape[node.axis]! <= 1
    default:
      return false
  }
}
