import { mapTree } from '@diffeo/core'
import { builder } from '../builder.ts'
import type { Builder } from '../builder.ts'
import type { Node, Primitive, Program, Value } from '../program.ts'

/** What stands in for a node in the program that is being made; undefined leaves the node as it is. */
export type Rule = (node: Node, inputs: ReadonlyArray<Value>, b: Builder) => Value | ReadonlyArray<Value> | undefined

/**
 * The program with each node replaced by what a rule makes of it, in order; the program itself where the rule replaced nothing.
 * Nodes of which `keep` is false are left out: nothing may use them.
 */
export const rewrite = (program: Program, rule: Rule, keep: (i: number) => boolean = () => true): Program => {
  const b = builder()
  const values: Value[] = [...program.inputs.map(input => b.input(input)), ...program.constants.map(constant => b.constant(constant))]
  let changed = false
  program.nodes.forEach((node, i) => {
    if (!keep(i)) {
      changed = true
      values.push(...node.outputs.map(() => -1))
      return
    }
    const inputs = node.inputs.map(value => values[value]!)
    const replaced = rule(node, inputs, b)
    if (replaced !== undefined) changed = true
    const results = replaced ?? copied(node, inputs, b)
    values.push(...(typeof results === 'number' ? [results] : results))
  })
  return changed ? b.finish(mapTree((value: Value) => values[value]!, program.outputs)) : program
}

/** A node as it is, on other inputs. */
export const copied = (node: Node, inputs: ReadonlyArray<Value>, b: Builder): ReadonlyArray<Value> => b.add({ ...node, inputs })

/** A node's primitive without its inputs and outputs. */
export const primitiveOf = ({ inputs: _inputs, outputs: _outputs, ...primitive }: Node): Primitive => primitive as Primitive
