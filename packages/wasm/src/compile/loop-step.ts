import { isBinary, isUnary, stridesOf } from '@diffeo/program'
import type { Node, Step, Value } from '@diffeo/program'
import type { LoopStep } from '../kernels/loop-structure.ts'
import type { Address } from './address.ts'
import type { Calls } from './call.ts'
import { constantAt } from './context.ts'
import type { Context } from './context.ts'
import { loopCalls } from './loop-calls.ts'
import type { Operand, Result } from './loop-calls.ts'

/** A value of a loop in the making: an array, or the result of a step. */
type Ref = { readonly input: number } | { readonly step: number }

/** A value that is there when the loop begins: the product that it follows. */
export interface Given {
  readonly value: Value
  readonly address: Address
}

/**
 * The kernel calls of elementwise nodes over the shape of their step, with the reduction that ends it, if any.
 *
 * @param nodes the places of the nodes, without those that `given` stands for
 */
export const loopStep = (context: Context, step: Step, nodes: ReadonlyArray<number> = step.nodes, given?: Given): Calls => {
  const { program, types, uses, addressOf } = context
  const { shape } = step
  const strides = stridesOf(shape)
  const inputs: Operand[] = []
  const steps: LoopStep[] = []
  const refs = new Map<Value, Ref>()
  const operands = new Map<string, Ref>()
  const later: Array<(place: (ref: Ref) => number) => LoopStep> = []
  const outputs: Array<{ readonly ref: Ref; readonly result: Omit<Result, 'value'> }> = []
  let folded: ReadonlySet<number> = new Set()

  const push = (made: (place: (ref: Ref) => number) => LoopStep): Ref => ({ step: later.push(made) - 1 })
  const operand = (value: Value, along: ReadonlyArray<number>): Ref => {
    const key = `${value} ${along.join()}`
    const known = operands.get(key)
    if (known !== undefined) return known
    const { dtype } = types[value]!
    const constant = constantAt(program, value)
    const ref: Ref =
      constant !== undefined && 'fill' in constant
        ? push(() => ({ op: 'constant', type: dtype, value: constant.fill }))
        : { input: inputs.push({ address: given?.value === value ? given.address : addressOf(value), type: dtype, strides: along }) - 1 }
    operands.set(key, ref)
    return ref
  }
  const refOf = (value: Value): Ref => refs.get(value) ?? operand(value, strides)
  const store = (value: Value, ref: Ref): void => {
    if (step.outputs.includes(value)) outputs.push({ ref, result: { address: addressOf(value), strides } })
  }

  if (given !== undefined) store(given.value, refOf(given.value))
  for (const i of nodes) {
    const node = program.nodes[i]!
    const value = uses.first[i]!
    if (node.op === 'reduce') {
      if (!step.outputs.includes(value)) continue
      folded = new Set(node.axes)
      const kept = stridesOf(node.outputs[0]!.shape)
      const along = shape.map((_, axis) => (folded.has(axis) ? 0 : kept[axis - node.axes.filter(a => a < axis).length]!))
      outputs.push({ ref: refOf(node.inputs[0]!), result: { address: addressOf(value), strides: along, fold: node.kind } })
      continue
    }
    const ref =
      node.op === 'broadcast'
        ? (refs.get(node.inputs[0]!) ?? operand(node.inputs[0]!, broadcastStrides(node, types[node.inputs[0]!]!.shape)))
        : push(nodeStep(node, refOf))
    refs.set(value, ref)
    store(value, ref)
  }
  const place = (ref: Ref): number => ('input' in ref ? ref.input : inputs.length + ref.step)
  steps.push(...later.map(made => made(place)))
  return loopCalls(
    context.ar,
    { shape, inputs, steps, outputs: outputs.map(({ ref, result }) => ({ ...result, value: place(ref) })), folded },
    context.scratch,
  )
}

const broadcastStrides = (node: Extract<Node, { readonly op: 'broadcast' }>, from: ReadonlyArray<number>): ReadonlyArray<number> => {
  const own = stridesOf(from)
  return node.shape.map((_, axis) => {
    const source = node.axes.indexOf(axis)
    return source < 0 || from[source] === 1 ? 0 : own[source]!
  })
}

const nodeStep = (node: Node, refOf: (value: Value) => Ref): ((place: (ref: Ref) => number) => LoopStep) => {
  const refs = node.inputs.map(refOf)
  if (isUnary(node)) return place => ({ op: node.op, x: place(refs[0]!) })
  if (isBinary(node)) return place => ({ op: node.op, a: place(refs[0]!), b: place(refs[1]!) })
  switch (node.op) {
    case 'select':
      return place => ({ op: 'select', condition: place(refs[0]!), yes: place(refs[1]!), no: place(refs[2]!) })
    case 'cast':
      return place => ({ op: 'cast', x: place(refs[0]!), to: node.dtype })
    case 'iota':
      return () => ({ op: 'iota', axis: node.axis })
    default:
      throw new TypeError(`compile: expected elementwise nodes in a loop, got ${node.op}`)
  }
}
