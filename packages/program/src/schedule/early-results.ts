import { mapTree } from '@diffeo/core'
import { isElementwise } from '../primitives.ts'
import type { Node, Program, Value } from '../program.ts'
import { usesOf } from './uses.ts'

/**
 * The program with elementwise functions that only results need right behind what they need: an optimizer's update runs when the gradient
 * of its leaf is there, in the step of the product that makes it, and not when all gradients are; and after all others that read the same inputs, so
 * that a result may take the memory of one.
 */
export const earlyResults = (program: Program, mayMove: (node: Node) => boolean): Program => {
  const { nodes } = program
  const { first, maker, users } = usesOf(program)
  const isTail = new Array<boolean>(nodes.length).fill(false)
  for (let i = nodes.length - 1; i >= 0; i--)
    isTail[i] =
      isCheap(nodes[i]!, mayMove) && nodes[i]!.outputs.every((_, output) => users[first[i]! + output]!.every(user => isTail[user]))
  const after: number[] = []
  const lastReader = (value: Value): number => (value < program.inputs.length ? (users[value]!.findLast(user => !isTail[user]) ?? -1) : -1)
  nodes.forEach((node, i) => {
    const needs = node.inputs.map(value => (maker[value] === undefined ? lastReader(value) : after[maker[value]]!))
    after.push(isTail[i] ? Math.max(-1, ...needs) : i)
  })
  const order = nodes.map((_, i) => i).sort((p, q) => after[p]! - after[q]! || Number(isTail[p]) - Number(isTail[q]) || p - q)
  return order.every((at, i) => at === i) ? program : inOrder(program, order, first)
}

const isCheap = (node: Node, mayMove: (node: Node) => boolean): boolean =>
  isElementwise(node) || node.op === 'broadcast' || node.op === 'reshape' || (node.op === 'custom' && mayMove(node))

const inOrder = (program: Program, order: ReadonlyArray<number>, first: ReadonlyArray<Value>): Program => {
  const outside = program.inputs.length + program.constants.length
  const values: Value[] = Array.from({ length: outside }, (_, value) => value)
  let next = outside
  const nodes = order.map((i): Node => {
    const node = program.nodes[i]!
    node.outputs.forEach((_, output) => (values[first[i]! + output] = next++))
    return { ...node, inputs: node.inputs.map(value => values[value]!) }
  })
  return { ...program, nodes, outputs: mapTree((value: Value) => values[value]!, program.outputs) }
}
