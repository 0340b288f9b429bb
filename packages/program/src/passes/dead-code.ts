import { leaves } from '@diffeo/core'
import type { Program, Value } from '../program.ts'
import { rewrite } from './rewrite.ts'

/** The program without the nodes that no output needs. Inputs stay. */
export const deadCode = (program: Program): Program => {
  const starts: number[] = []
  let next = program.inputs.length + program.constants.length
  for (const node of program.nodes) {
    starts.push(next)
    next += node.outputs.length
  }
  const live = new Set<Value>(leaves<Value>(program.outputs))
  const keep = new Array<boolean>(program.nodes.length)
  for (let i = program.nodes.length - 1; i >= 0; i--) {
    const node = program.nodes[i]!
    keep[i] = node.outputs.some((_, output) => live.has(starts[i]! + output))
    if (keep[i]) node.inputs.forEach(value => live.add(value))
  }
  if (keep.every(kept => kept)) return program
  return rewrite(
    program,
    () => undefined,
    i => keep[i]!,
  )
}
