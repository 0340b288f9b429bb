import { leaves } from '@diffeo/core'
import type { Program, Value } from '../program.ts'
import { rewrite } from './rewrite.ts'

/** The program without the nodes that no output needs. Inputs stay. */
export const deadCode = (program: Program): Program => {
  const keep = liveNodes(program)
  if (!keep.includes(0)) return program
  return rewrite(
    program,
    () => undefined,
    i => keep[i] === 1,
  )
}

/** 1 for each node that an output needs. */
export const liveNodes = (program: Program): Uint8Array => {
  const starts: number[] = []
  let next = program.inputs.length + program.constants.length
  for (const node of program.nodes) {
    starts.push(next)
    next += node.outputs.length
  }
  const used = new Uint8Array(next)
  for (const value of leaves<Value>(program.outputs)) used[value] = 1
  const live = new Uint8Array(program.nodes.length)
  for (let i = live.length - 1; i >= 0; i--) {
    const node = program.nodes[i]!
    const start = starts[i]!
    if (!used.subarray(start, start + node.outputs.length).includes(1)) continue
    live[i] = 1
    for (const value of node.inputs) used[value] = 1
  }
  return live
}
