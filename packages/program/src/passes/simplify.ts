import { mapTree } from '@diffeo/core'
import { builder } from '../builder.ts'
import type { Builder } from '../builder.ts'
import { infer } from '../infer.ts'
import type { Node, Program, Value } from '../program.ts'
import { constantTable, nodeKeys } from './cse.ts'
import { liveNodes } from './dead-code.ts'
import type { Rule } from './rewrite.ts'

/**
 * The program with a rule applied to every node, and to every node that the rule builds, and with each node once: what many
 * walks with single passes would come to, without the nodes that no output needs any longer. The program itself where nothing changed.
 */
export const simplify = (program: Program, rule: Rule): Program => {
  const plain = builder()
  const seen = new Map<string, ReadonlyArray<Value>>()
  const keyOf = nodeKeys()
  let changed = false

  const constant = constantTable(plain.constant)
  const once = (key: string, make: () => Node): ReadonlyArray<Value> => {
    const known = seen.get(key)
    if (known !== undefined) return known
    const node = make()
    const replaced = rule(node, node.inputs, b)
    if (replaced !== undefined) changed = true
    const results = replaced === undefined ? plain.add(node) : typeof replaced === 'number' ? [replaced] : replaced
    seen.set(key, results)
    return results
  }
  const nodes: Builder['nodes'] = (primitive, inputs, outputs) =>
    once(keyOf(primitive, inputs), () => ({ ...primitive, inputs, outputs: outputs ?? infer(primitive, inputs.map(plain.typeOf)) }))
  const add: Builder['add'] = node => once(keyOf(node, node.inputs), () => node)
  const b: Builder = { ...plain, constant, nodes, add, node: (primitive, ...inputs) => nodes(primitive, inputs)[0]! }

  const values: Value[] = [...program.inputs.map(input => b.input(input)), ...program.constants.map(constant)]
  const used = new Set<Value>()
  const live = liveNodes(program)
  for (let i = 0; i < live.length; i++) {
    const node = program.nodes[i]!
    if (live[i] === 0) {
      changed = true
      for (let output = 0; output < node.outputs.length; output++) values.push(-1)
      continue
    }
    const results = add({ ...node, inputs: node.inputs.map(value => values[value]!) })
    // two nodes that have become one
    if (used.has(results[0]!)) changed = true
    results.forEach(value => used.add(value))
    values.push(...results)
  }
  return changed
    ? plain.finish(
        mapTree((value: Value) => values[value]!, program.outputs),
        { liveOnly: true },
      )
    : program
}
