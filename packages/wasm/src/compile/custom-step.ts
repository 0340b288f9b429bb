import { evaluate, sizeOf } from '@diffeo/program'
import type { Node, Program, Type, Value } from '@diffeo/program'
import { leaves } from '@diffeo/core'
import { customEmitters } from '../fused/emitters.ts'
import { moved } from './address.ts'
import type { Address } from './address.ts'
import type { Calls, HostRun } from './call.ts'
import type { Context } from './context.ts'

export type Custom = Extract<Node, { readonly op: 'custom' }>

/** What the compiler knows of a custom op: its attributes and the types around it. */
const callOf = ({ attrs, outputs }: Custom, inputs: ReadonlyArray<Type>): Parameters<NonNullable<(typeof customEmitters)[string]>>[1] => ({
  attrs: JSON.parse(attrs) as unknown,
  inputs,
  outputs,
})

/** Whether a node is a custom op with a kernel of its own; its composite is inlined where it has none. */
export const hasKernel = (ar: Context['ar'], node: Node): boolean =>
  node.op === 'custom' &&
  node.composite !== null &&
  Object.hasOwn(customEmitters, node.name) &&
  customEmitters[node.name]!(ar, callOf(node, node.composite.inputs)) !== undefined

/** The call of a custom op: its kernel, or the host's function. Results that nobody uses go to scratch memory. */
export const customStep = (context: Context, node: Custom, first: Value): Calls => {
  const { ar, types, addressOf, scratch, program } = context
  const inputTypes = node.inputs.map(value => types[value]!)
  const inputs = node.inputs.map(addressOf)
  let free = scratch
  const outputs = node.outputs.map(({ shape }, i): Address => {
    if (context.isKept(first + i)) return addressOf(first + i)
    const unused = free
    free = moved(free, Math.ceil(sizeOf(shape) / 4) * 16)
    return unused
  })
  const own = free.bytes - scratch.bytes
  const plan = Object.hasOwn(customEmitters, node.name) ? customEmitters[node.name]!(ar, callOf(node, inputTypes)) : undefined
  if (plan !== undefined)
    return {
      calls: [{ kernel: plan.kernel, args: plan.arguments<Address>({ inputs, outputs, scratch: free }) }],
      scratch: own + plan.scratch,
    }
  const run = onHost(node, program, inputTypes)
  return { calls: [{ host: node.name, inputs, outputs, run, inputTypes, outputTypes: node.outputs }], scratch: own }
}

/** The reference interpreter runs the node on the host. */
const onHost = (node: Custom, { version }: Program, inputTypes: ReadonlyArray<Type>): HostRun => {
  const alone: Program = {
    version,
    inputs: inputTypes.map((type, i) => ({ ...type, name: `in${i}` })),
    constants: [],
    nodes: [{ ...node, inputs: inputTypes.map((_, i) => i) }],
    outputs: node.outputs.map((_, i) => inputTypes.length + i),
  }
  return inputs => leaves(evaluate(alone, inputs))
}
