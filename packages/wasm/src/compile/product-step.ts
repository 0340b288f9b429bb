import type { Shape } from '@diffeo/core'
import { sameShape, sizeOf } from '@diffeo/program'
import type { Node, Program, Step, Value } from '@diffeo/program'
import { matmulArguments, planMatmul, takesGate } from '../kernels/matmul.ts'
import type { MatmulSizes, MatmulStructure } from '../kernels/matmul-structure.ts'
import { moved } from './address.ts'
import type { Address } from './address.ts'
import { inOrder } from './call.ts'
import type { Calls } from './call.ts'
import { constantAt } from './context.ts'
import type { Context } from './context.ts'
import { loopStep } from './loop-step.ts'
import { maskAt, maskOf } from './masks.ts'
import type { Mask } from './masks.ts'

type Product = Extract<Node, { readonly op: 'matmul' }>

/** What the product's own kernel does as it stores: a mask, or a bias for each column and then relu, or the gradient of relu. */
interface Epilogue {
  readonly value: Value
  readonly bias?: Value
  readonly relu: boolean
  /** The mask that the product is multiplied with. */
  readonly mask?: Mask
  /** What must be above 0 for the product to stay. */
  readonly gate?: Value
  /** The sums of the columns of what the gate leaves. */
  readonly sums?: Value
  /** The nodes that it takes the place of. */
  readonly nodes: ReadonlySet<number>
}

/** The kernel calls of a product and of the loop over its values. */
export const productStep = (context: Context, step: Step): Calls => {
  const { program, types, addressOf, scratch, ar } = context
  const at = step.nodes.find(i => program.nodes[i]!.op === 'matmul')!
  const product = program.nodes[at] as Product // found by its op
  const [a, b] = [product.inputs[0]!, product.inputs[1]!]
  const sizes = sizesOf(step, product, types[a]!.shape)
  const transposes = { transposeA: product.transposeA, transposeB: product.transposeB }
  const epilogue = epilogueOf(
    context,
    step,
    at,
    mask => planMatmul(ar, transposes, sizes, mask.overC).table !== undefined,
    takesGate(transposes, sizes),
  )
  const rest = step.nodes.filter(i => !epilogue.nodes.has(i) && isNeeded(context, step, i, epilogue))
  // what the loop reads may lie where it puts a result
  const isFree = (value: Value): boolean => types[value]!.dtype === 'float32' && addressOf(value).base === 'arena'
  const target = step.outputs.includes(epilogue.value) ? epilogue.value : step.outputs.find(isFree)
  const to: Address = target === undefined ? scratch : addressOf(target)
  const structure: MatmulStructure = {
    ...transposes,
    ...(epilogue.bias === undefined ? {} : { bias: true }),
    ...(epilogue.relu ? { activation: 'relu' } : {}),
    ...(epilogue.gate === undefined ? {} : { gate: true }),
    ...(epilogue.sums === undefined ? {} : { sums: true }),
  }
  const weights = epilogue.mask === undefined && types[b]!.shape.length === 2 ? maskOf(context, b) : undefined
  const mask = epilogue.mask === undefined ? weights && (product.transposeB ? weights.overTransposedB : weights.overB) : epilogue.mask.overC
  const plan = planMatmul(ar, structure, sizes, mask)
  const after = target === undefined ? moved(scratch, Math.ceil(sizeOf(step.shape) / 4) * 16) : scratch
  const args = matmulArguments<Address>(structure, {
    a: addressOf(a),
    b: addressOf(b),
    c: to,
    ...(epilogue.bias === undefined ? {} : { bias: addressOf(epilogue.bias) }),
    ...(epilogue.gate === undefined ? {} : { gate: addressOf(epilogue.gate) }),
    ...(epilogue.sums === undefined ? {} : { sums: addressOf(epilogue.sums) }),
    scratch: after,
    ...(plan.table === undefined ? {} : { table: context.place(plan.table) }),
    ...sizes,
    batch: sizeOf(step.shape.slice(0, -2)),
  })
  const run: Calls = { calls: [{ kernel: plan.kernel, args }], scratch: after.bytes - scratch.bytes + plan.scratch }
  if (rest.length === 0 && target === epilogue.value) return run
  const follow = loopStep({ ...context, scratch: after }, withoutInPlace(step, epilogue, target), rest, {
    value: epilogue.value,
    address: to,
  })
  return inOrder(run, { ...follow, scratch: follow.scratch + after.bytes - scratch.bytes })
}

const sizesOf = (step: Step, { transposeA }: Product, a: Shape): MatmulSizes => {
  const [m, n] = step.shape.slice(-2) as [number, number] // a product has two axes or more
  return { m, n, k: a.at(transposeA ? -2 : -1)! }
}

/** The value that lies where it belongs already is not stored again. */
const withoutInPlace = (step: Step, { value }: Epilogue, target: Value | undefined): Step =>
  target === value ? { ...step, outputs: step.outputs.filter(output => output !== value) } : step

/** Whether a node still has to run: broadcasts and comparisons that only the epilogue read have not. */
const isNeeded = ({ program, uses }: Context, step: Step, i: number, { nodes }: Epilogue): boolean =>
  !['broadcast', 'gt'].includes(program.nodes[i]!.op) ||
  step.outputs.includes(uses.first[i]!) ||
  uses.users[uses.first[i]!]!.some(user => step.nodes.includes(user) && !nodes.has(user))

const epilogueOf = (context: Context, step: Step, at: number, isMaskUsed: (mask: Mask) => boolean, mayGate: boolean): Epilogue => {
  const { program, uses, types } = context
  const { nodes } = program
  const inside = new Set(step.nodes)
  const onlyUser = (value: Value): number | undefined => {
    const users = uses.users[value]!.filter(user => inside.has(user))
    return users.length === 1 && !step.outputs.includes(value) ? users[0] : undefined
  }
  const other = (i: number, value: Value): Value | undefined => {
    const [a, b] = nodes[i]!.inputs
    return a === value && b !== value ? b : b === value && a !== value ? a : undefined
  }
  let [value, done] = [uses.first[at]!, new Set([at])]
  let bias: Value | undefined
  const adds = onlyUser(value)
  if (adds !== undefined && nodes[adds]!.op === 'mul' && step.shape.length === 2) {
    const mask = maskAt(context, other(adds, value) ?? -1)
    if (mask !== undefined && isMaskUsed(mask)) return { value: uses.first[adds]!, relu: false, mask, nodes: new Set([at, adds]) }
  }
  const gate = adds === undefined || !mayGate ? undefined : gateOf(context, step, adds, value)
  if (gate !== undefined) {
    const gated = uses.first[adds!]!
    // a product's step has no other reduction than the sums of the columns of what its gate leaves
    const sums = step.nodes.find(i => nodes[i]!.op === 'reduce')
    return sums === undefined
      ? { value: gated, relu: false, gate, nodes: new Set([at, adds!]) }
      : { value: gated, relu: false, gate, sums: uses.first[sums]!, nodes: new Set([at, adds!, sums]) }
  }
  if (adds !== undefined && nodes[adds]!.op === 'add') {
    const broadcast = uses.maker[other(adds, value) ?? -1]
    const node = broadcast === undefined ? undefined : nodes[broadcast]!
    const columns = step.shape.length - 1
    if (
      node?.op === 'broadcast' &&
      node.axes.length === 1 &&
      node.axes[0] === columns &&
      types[node.inputs[0]!]!.shape[0] === step.shape[columns]
    ) {
      bias = node.inputs[0]!
      value = uses.first[adds]!
      done = new Set([...done, adds])
    }
  }
  const bends = onlyUser(value)
  const relu = bends !== undefined && nodes[bends]!.op === 'max' && isZero(program, other(bends, value) ?? -1)
  if (relu) {
    value = uses.first[bends]!
    done = new Set([...done, bends])
  }
  return { value, relu, nodes: done, ...(bias === undefined ? {} : { bias }) }
}

/** What must be above 0 for a product to stay, where a node of the step is `select(gate > 0, product, 0)` and the gate lies in memory. */
const gateOf = ({ program, types, uses }: Context, step: Step, at: number, product: Value): Value | undefined => {
  const node = program.nodes[at]!
  if (node.op !== 'select' || node.inputs[1] !== product || !isZero(program, node.inputs[2]!)) return undefined
  const comparison = uses.maker[node.inputs[0]!]
  if (comparison === undefined || program.nodes[comparison]!.op !== 'gt' || !step.nodes.includes(comparison)) return undefined
  const [gate, bound] = program.nodes[comparison]!.inputs as readonly [Value, Value] // a comparison has two
  const { shape, dtype } = types[gate]!
  return isZero(program, bound) && dtype === 'float32' && sameShape(shape, step.shape) && step.inputs.includes(gate) ? gate : undefined
}

const isZero = (program: Program, value: Value): boolean => {
  const constant = constantAt(program, value)
  return constant !== undefined && 'fill' in constant && constant.fill === 0
}
