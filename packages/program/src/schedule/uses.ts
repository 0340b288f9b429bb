import { leaves } from '@diffeo/core'
import { once } from '../once.ts'
import type { Program, Value } from '../program.ts'

/** Who makes and who uses each value of a program. */
export interface Uses {
  /** The first result of each node. */
  readonly first: ReadonlyArray<Value>
  /** The node that makes a value; undefined for inputs and constants. */
  readonly maker: ReadonlyArray<number | undefined>
  /** The nodes that use a value, in order. */
  readonly users: ReadonlyArray<ReadonlyArray<number>>
  /** The values that the program gives. */
  readonly results: ReadonlySet<Value>
}

/** Who makes and who uses each value. */
export const usesOf: (program: Program) => Uses = once(({ inputs, constants, nodes, outputs }) => {
  const outside = inputs.length + constants.length
  const first: Value[] = []
  const maker = new Array<number | undefined>(outside).fill(undefined)
  nodes.forEach((node, i) => {
    first.push(maker.length)
    node.outputs.forEach(() => maker.push(i))
  })
  const users = maker.map((): number[] => [])
  nodes.forEach((node, i) => new Set(node.inputs).forEach(value => users[value]!.push(i)))
  return { first, maker, users, results: new Set(leaves<Value>(outputs)) }
})
