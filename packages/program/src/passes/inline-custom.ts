import { leaves, mapTree } from '@diffeo/core'
import { builder } from '../builder.ts'
import type { Builder } from '../builder.ts'
import type { Node, Program, Value } from '../program.ts'
import { copied } from './rewrite.ts'

/**
 * The program with the composite in place of every custom op of which `keep` is false: for an executor that has no kernel for it.
 * Ops within composites are asked about in turn; ops without a composite stay. The program itself where all stay.
 */
export const inlineCustom = (program: Program, keep: (name: string, node: Node) => boolean): Program => {
  const goes = (node: Node): node is CompositeNode => node.op === 'custom' && node.composite !== null && !keep(node.name, node)
  if (!program.nodes.some(goes)) return program
  const b = builder()
  const inputs = program.inputs.map(input => b.input(input))
  const values = inlined(program, inputs, goes, b)
  return b.finish(mapTree((value: Value) => values[value]!, program.outputs))
}

type CompositeNode = Extract<Node, { readonly op: 'custom' }> & { readonly composite: Program }

/** Builds a program's nodes on given inputs: where each of its values stands. */
const inlined = (
  program: Program,
  inputs: ReadonlyArray<Value>,
  goes: (node: Node) => node is CompositeNode,
  b: Builder,
): ReadonlyArray<Value> => {
  const values: Value[] = [...inputs, ...program.constants.map(constant => b.constant(constant))]
  for (const node of program.nodes) {
    const from = node.inputs.map(value => values[value]!)
    if (goes(node)) {
      const inner = inlined(node.composite, from, goes, b)
      values.push(...leaves<Value>(node.composite.outputs).map(value => inner[value]!))
    } else values.push(...copied(node, from, b))
  }
  return values
}
