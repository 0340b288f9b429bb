import type { Shape } from '@diffeo/core'
import { once } from '../once.ts'
import { isElementwise } from '../primitives.ts'
import type { Node, Program, Type, Value } from '../program.ts'
import { sameShape } from '../shape.ts'
import { typesOf } from '../values.ts'
import { usesOf } from './uses.ts'
import type { Uses } from './uses.ts'

/**
 * Nodes that run as one step.
 *
 *   loop    elementwise functions and broadcasts over one shape, with reductions of what they give
 *   matmul  a product, its first node or after broadcasts, and a loop over its values; with the gradient of relu the sums of its columns
 *   alias   a reshape: the same numbers
 *   single  any other node
 *
 * `nodes` are places in `program.nodes`, in order; a broadcast stands in every step that reads it, since repeating costs nothing.
 * `inputs` come from earlier steps, inputs or constants; `outputs` are what others use or the program gives.
 */
export interface Step {
  readonly kind: 'loop' | 'matmul' | 'alias' | 'single'
  readonly shape: Shape
  readonly nodes: ReadonlyArray<number>
  readonly inputs: ReadonlyArray<Value>
  readonly outputs: ReadonlyArray<Value>
}

/** A step in the making: it runs where its last node stands. */
interface Group {
  kind: Step['kind']
  readonly shape: Shape
  readonly last: number
  readonly members: Set<number>
  readonly products: Set<number>
  readonly reduces: boolean
  /** It sums the columns of a product that is gated, which the product does as it goes. */
  sumsColumns: boolean
}

/**
 * The steps of a program, in an order in which each uses only what earlier ones gave. A node joins a step that uses it when the step
 * runs before every other user; so no step waits for itself.
 */
export const fuse: (program: Program) => ReadonlyArray<Step> = once(program => {
  const uses = usesOf(program)
  const types = typesOf(program)
  const { nodes } = program
  const follows = followingProducts(nodes, uses, types)
  const groupOf = new Array<Group | undefined>(nodes.length)
  const groups: Group[] = []
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i]!
    const joined = joinable(i, nodes, groupOf, uses, types, follows)
    if (joined !== undefined) {
      joined.members.add(i)
      if (joined.reduces && isGate(node, nodes, uses)) joined.sumsColumns = true
      if (node.op === 'matmul') {
        joined.kind = 'matmul'
        joined.products.add(i)
      }
      groupOf[i] = joined
      continue
    }
    const group: Group = {
      kind: kindOf(node),
      shape: shapeOf(node, types),
      last: i,
      members: new Set([i]),
      products: new Set(node.op === 'matmul' ? [i] : []),
      reduces: node.op === 'reduce',
      sumsColumns: false,
    }
    groups.push(group)
    groupOf[i] = group
  }
  const ordered = [...groups].sort((p, q) => p.last - q.last)
  const withBroadcasts = ordered.map(group => ({ group, members: withRepeated(group, nodes, uses) }))
  const needed = neededOutside(withBroadcasts, program, uses)
  return withBroadcasts.map(({ group, members }) => stepOf(group, members, needed, program, uses)).filter(step => step.outputs.length > 0)
})

const kindOf = (node: Node): Step['kind'] => {
  if (isElementwise(node) || node.op === 'broadcast' || node.op === 'reduce' || node.op === 'iota') return 'loop'
  return node.op === 'matmul' ? 'matmul' : node.op === 'reshape' ? 'alias' : 'single'
}

/** What a loop runs over: what a reduction is given, else what a node gives. */
const shapeOf = (node: Node, types: ReadonlyArray<Type>): Shape =>
  node.op === 'reduce' ? types[node.inputs[0]!]!.shape : node.outputs[0]!.shape

/**
 * The step that a node joins: the earliest of its users', where that is a loop over the node's shape. What follows a product is kept
 * for the product's step rather than a reduction's.
 */
const joinable = (
  i: number,
  nodes: ReadonlyArray<Node>,
  groupOf: ReadonlyArray<Group | undefined>,
  uses: Uses,
  types: ReadonlyArray<Type>,
  follows: ReadonlySet<number>,
): Group | undefined => {
  const node = nodes[i]!
  if (!isElementwise(node) && node.op !== 'matmul' && node.op !== 'broadcast') return undefined
  const users = uses.users[uses.first[i]!]!.map(user => groupOf[user]!)
  const earliest = users.reduce<Group | undefined>(
    (best, group) => (best === undefined || group.last < best.last ? group : best),
    undefined,
  )
  if (earliest === undefined || !sameShape(earliest.shape, shapeOf(node, types))) return undefined
  if (earliest.kind !== 'loop' && earliest.kind !== 'matmul') return undefined
  // a product needs all of its arguments before it gives one value
  if (uses.users[uses.first[i]!]!.some(user => earliest.products.has(user))) return undefined
  const staysWithProduct = earliest.reduces && (follows.has(i) || node.op === 'matmul')
  if (staysWithProduct && !earliest.sumsColumns && !(isGate(node, nodes, uses) && isSumOfColumns(nodes, earliest))) return undefined
  return node.op === 'matmul' && earliest.kind === 'matmul' ? undefined : earliest
}

/** The gradient of relu: a product where something is above something else, or else what is there instead. */
const isGate = (node: Node, nodes: ReadonlyArray<Node>, { maker }: Uses): boolean => {
  const [from, product] = node.inputs.map(value => (maker[value] === undefined ? undefined : nodes[maker[value]]!.op))
  return node.op === 'select' && from === 'gt' && product === 'matmul'
}

const isSumOfColumns = (nodes: ReadonlyArray<Node>, { members, last, shape }: Group): boolean => {
  const node = nodes[last]!
  return members.size === 1 && shape.length === 2 && node.op === 'reduce' && node.kind === 'sum' && sameShape(node.axes, [0])
}

/** Elementwise nodes on the values of a product, or on what others make of them. */
const followingProducts = (nodes: ReadonlyArray<Node>, uses: Uses, types: ReadonlyArray<Type>): ReadonlySet<number> => {
  const follows = new Set<number>()
  nodes.forEach((node, i) => {
    if (!isElementwise(node)) return
    const { shape } = node.outputs[0]!
    const after = node.inputs.some(value => {
      const maker = uses.maker[value]
      return maker !== undefined && (follows.has(maker) || nodes[maker]!.op === 'matmul') && sameShape(types[value]!.shape, shape)
    })
    if (after) follows.add(i)
  })
  return follows
}

type Grouped = { readonly group: Group; readonly members: ReadonlySet<number> }

/** The members, and the broadcasts that they read. */
const withRepeated = (group: Group, nodes: ReadonlyArray<Node>, uses: Uses): ReadonlySet<number> => {
  if (group.kind === 'single' || group.kind === 'alias') return group.members
  const members = new Set(group.members)
  for (const i of group.members) {
    if (nodes[i]!.op === 'matmul') continue
    for (const value of nodes[i]!.inputs) {
      const maker = uses.maker[value]
      if (maker !== undefined && nodes[maker]!.op === 'broadcast' && sameShape(nodes[maker]!.outputs[0]!.shape, group.shape))
        members.add(maker)
    }
  }
  return members
}

/** The values that a step reads without making them itself, and those that the program gives. */
const neededOutside = (groups: ReadonlyArray<Grouped>, program: Program, uses: Uses): ReadonlySet<Value> => {
  const needed = new Set<Value>(uses.results)
  for (const { members } of groups)
    for (const i of members)
      for (const value of program.nodes[i]!.inputs) {
        const maker = uses.maker[value]
        if (maker !== undefined && isReadFromMemory(program.nodes[i]!, maker, members)) needed.add(value)
      }
  return needed
}

/** A product finds its arguments in memory, also where its step repeats the broadcast that makes one of them. */
const isReadFromMemory = (node: Node, maker: number | undefined, members: ReadonlySet<number>): boolean =>
  node.op === 'matmul' || maker === undefined || !members.has(maker)

const stepOf = (group: Group, members: ReadonlySet<number>, needed: ReadonlySet<Value>, { nodes }: Program, uses: Uses): Step => {
  const order = [...members].sort((p, q) => p - q)
  const read = order.flatMap(i => nodes[i]!.inputs.filter(value => isReadFromMemory(nodes[i]!, uses.maker[value], members)))
  // a broadcast that was taken in again is given by the step that it belongs to
  const made = order.filter(i => group.members.has(i)).flatMap(i => nodes[i]!.outputs.map((_, output) => uses.first[i]! + output))
  return {
    kind: group.kind,
    shape: group.shape,
    nodes: order,
    inputs: [...new Set(read)],
    outputs: made.filter(value => needed.has(value)),
  }
}
