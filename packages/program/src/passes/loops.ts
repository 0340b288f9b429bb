import { leaves } from '@diffeo/core'
import { mapBodies } from '../bodies.ts'
import { builder } from '../builder.ts'
import type { Builder } from '../builder.ts'
import type { Constant, Loop, Node, Program, Value } from '../program.ts'
import { deadCode } from './dead-code.ts'
import { constantAt } from './look.ts'
import { copied, primitiveOf, rewrite } from './rewrite.ts'

type LoopNode = Extract<Node, { readonly op: 'scan' | 'while' }>

/**
 * The program with loops that carry, keep and are given no more than is needed: results that nothing uses, carries that only they
 * themselves need, inputs that the body does not read or is given twice are left out; a carry that no step changes and constants are not
 * carried along.
 */
export const simplifyLoops = (program: Program): Program => {
  if (!program.nodes.some(isLoop)) return program
  const used = usedValues(program)
  const values = program.nodes.flatMap(node => node.outputs).keys()
  const outside = program.inputs.length + program.constants.length
  const uses = program.nodes.map(node => node.outputs.map(() => used.has(outside + values.next().value!)))
  const next = uses.values()
  return rewrite(program, (node, inputs, b) => {
    const use = next.next().value!
    return isLoop(node) ? simplified(node, inputs, use, b) : undefined
  })
}

/** The program with other programs in place of the bodies of its loops. */
export const rewriteBodies = (program: Program, f: (body: Program) => Program): Program => {
  if (!program.nodes.some(isLoop)) return program
  return rewrite(program, (node, inputs, b) => {
    if (!isLoop(node)) return undefined
    const primitive = primitiveOf(node)
    const changed = mapBodies(primitive, f)
    return changed === primitive ? undefined : b.nodes(changed, inputs, node.outputs)
  })
}

/** Whether a node holds programs that it runs many times. */
export const isLoop = (node: Node): node is LoopNode => node.op === 'scan' || node.op === 'while'

const usedValues = ({ nodes, outputs }: Program): ReadonlySet<Value> =>
  new Set([...nodes.flatMap(node => node.inputs), ...leaves<Value>(outputs)])

/** What an input of a loop is, once the loop is simplified: nothing, a constant inside of its bodies, or an input as before. */
type Role = 'goes' | 'carry' | 'row' | 'captured' | { readonly constant: Constant }

/** A loop on fewer inputs; undefined where it needs all of them and gives nothing in vain. */
const simplified = (
  node: LoopNode,
  inputs: ReadonlyArray<Value>,
  used: ReadonlyArray<boolean>,
  b: Builder,
): ReadonlyArray<Value> | undefined => {
  const results = leaves<Value>(node.body.outputs)
  const roles = rolesOf(node, inputs, used, b)
  const placesOf = (role: Role): ReadonlyArray<number> => inputs.flatMap((_, i) => (roles[i] === role ? [i] : []))
  // two carries have lives of their own, even where they start from one value
  const [carries, rows, captured] = [placesOf('carry'), once(placesOf('row'), inputs), once(placesOf('captured'), inputs)]
  const order = [...carries, ...rows, ...captured]
  const kept = [...new Set(results.filter((_, i) => i >= node.carries && used[i]!))]
  const outputs = [...carries.map(i => results[i]!), ...kept]
  if (isWhole(order, inputs) && isWhole(outputs, results, results)) return undefined

  const cut = (body: Program, values: ReadonlyArray<Value>): Program =>
    withInputs(deadCode({ ...body, outputs: [...values] }), order, i => {
      const role = roles[i]!
      if (typeof role === 'object') return role.constant
      return order.findIndex(j => j === i || (role !== 'carry' && roles[j] === role && inputs[j] === inputs[i]))
    })
  const body = cut(node.body, outputs)
  const loop: Loop =
    node.op === 'scan'
      ? { ...(primitiveOf(node) as Extract<Loop, { readonly op: 'scan' }>), body, carries: carries.length, xs: rows.length }
      : { op: 'while', cond: cut(node.cond, leaves<Value>(node.cond.outputs)), body, carries: carries.length }
  const made = outputs.length === 0 ? [] : b.nodes(loop, order.map(i => inputs[i]!)) // prettier-ignore
  return results.map((value, i) => {
    if (!used[i]!) return -1
    if (i >= node.carries) return made[carries.length + kept.indexOf(value)]!
    return roles[i] === 'carry' ? made[carries.indexOf(i)]! : inputs[i]!
  })
}

const rolesOf = (node: LoopNode, inputs: ReadonlyArray<Value>, used: ReadonlyArray<boolean>, b: Builder): ReadonlyArray<Role> => {
  const read = readBy(node, used)
  const rows = node.op === 'scan' ? node.xs : 0
  return inputs.map((value, i): Role => {
    if (!read.has(i)) return 'goes'
    const moves = i < node.carries && leaves<Value>(node.body.outputs)[i] !== i
    if (moves) return 'carry'
    const constant = constantAt(b, value)
    const isRow = i >= node.carries && i < node.carries + rows
    if (constant === undefined) return isRow ? 'row' : 'captured'
    if (!isRow) return { constant }
    return 'fill' in constant ? { constant: { ...constant, shape: constant.shape.slice(1) } } : 'row'
  })
}

/** The inputs that the results which are used depend on; a carry does on all that its steps read. */
const readBy = (node: LoopNode, used: ReadonlyArray<boolean>): ReadonlySet<number> => {
  const results = leaves<Value>(node.body.outputs)
  const read = new Set<number>(node.op === 'while' ? inputsOf(node.cond, leaves<Value>(node.cond.outputs)) : [])
  results.forEach((_, i) => i < node.carries && used[i]! && read.add(i))
  for (let before = -1; before < read.size;) {
    before = read.size
    const wanted = results.filter((_, i) => (i < node.carries ? read.has(i) : used[i]!))
    inputsOf(node.body, wanted).forEach(i => read.add(i))
  }
  return read
}

/** The inputs that values of a program depend on. */
const inputsOf = (program: Program, values: ReadonlyArray<Value>): ReadonlyArray<number> => {
  const used = usedValues(deadCode({ ...program, outputs: [...values] }))
  return program.inputs.flatMap((_, i) => (used.has(i) ? [i] : []))
}

/** The places of values, each value once. */
const once = (places: ReadonlyArray<number>, values: ReadonlyArray<Value>): ReadonlyArray<number> =>
  places.filter(i => places.find(j => values[j] === values[i]) === i)

const isWhole = (some: ReadonlyArray<number>, all: ReadonlyArray<number>, values: ReadonlyArray<number> = [...all.keys()]): boolean =>
  some.length === all.length && some.every((value, i) => value === values[i])

/** A program on some of its inputs, in an order; `inputOf` gives the place of an input in it, or the constant that it is. */
const withInputs = (program: Program, order: ReadonlyArray<number>, inputOf: (i: number) => number | Constant): Program => {
  const b = builder()
  const inputs = order.map(i => b.input(program.inputs[i]!))
  const values: Value[] = program.inputs.map((_, i) => {
    const as = inputOf(i)
    return typeof as === 'number' ? (inputs[as] ?? -1) : b.constant(as)
  })
  values.push(...program.constants.map(constant => b.constant(constant)))
  for (const node of program.nodes) {
    const from = node.inputs.map(value => values[value]!)
    values.push(...copied(node, from, b))
  }
  return b.finish(leaves<Value>(program.outputs).map(value => values[value]!))
}
