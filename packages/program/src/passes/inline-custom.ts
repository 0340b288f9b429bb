import { leaves, mapTree } from '@diffeo/core'
import { mapBodies, programsIn } from '../bodies.ts'
import { builder } from '../builder.ts'
import type { Builder } from '../builder.ts'
import type { Node, Program, Value } from '../program.ts'
import { primitiveOf } from './rewrite.ts'

/**
 * The program with the composite in place of every custom op of which `keep` is false: for an executor that has no kernel for it.
 * Ops within composites and the bodies of loops are asked about in turn; ops without a composite stay. The program itself where all stay.
 */
export const inlineCustom = (program: Program, keep: (name: string, node: Node) => boolean): Program => {
  return inlineWhere(program, (node): node is CompositeNode => node.op === 'custom' && node.composite !== null && !keep(node.name, node))
}

type CompositeNode = Extract<Node, { readonly op: 'custom' }> & { readonly composite: Program }
type Goes = (node: Node) => node is CompositeNode

const inlineWhere = (program: Program, goes: Goes): Program => {
  if (!holds(program, goes)) return program
  const b = builder()
  const inputs = program.inputs.map(input => b.input(input))
  const values = inlined(program, inputs, goes, b)
  return b.finish(mapTree((value: Value) => values[value]!, program.outputs))
}

/** Whether such a node is there, or in the body of a loop. */
const holds = (program: Program, goes: Goes): boolean =>
  program.nodes.some(node => goes(node) || (node.op !== 'custom' && programsIn(node).some(body => holds(body, goes))))

/** Builds a program's nodes on given inputs: where each of its values stands. */
const inlined = (program: Program, inputs: ReadonlyArray<Value>, goes: Goes, b: Builder): ReadonlyArray<Value> => {
  const values: Value[] = [...inputs, ...program.constants.map(constant => b.constant(constant))]
  for (const node of program.nodes) {
    const from = node.inputs.map(value => values[value]!)
    if (goes(node)) {
      const inner = inlined(node.composite, from, goes, b)
      values.push(...leaves<Value>(node.composite.outputs).map(value => inner[value]!))
    } else
      values.push(
        ...b.nodes(
          mapBodies(primitiveOf(node), body => inlineWhere(body, goes)),
          from,
          node.outputs,
        ),
      )
  }
  return values
}
