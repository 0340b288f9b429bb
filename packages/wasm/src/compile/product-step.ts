import { sizeOf } from '@diffeo/program'
import type { Node, Step, Value } from '@diffeo/program'
import { matmulArguments, planMatmul } from '../kernels/matmul.ts'
import type { MatmulStructure } from '../kernels/matmul-structure.ts'
import type { Address } from './address.ts'
import { inOrder } from './call.ts'
import type { Calls } from './call.ts'
import { constantAt } from './context.ts'
import type { Context } from './context.ts'
import { loopStep } from './loop-step.ts'

type Product = Extract<Node, { readonly op: 'matmul' }>

/** What the product's own kernel does as it stores: a bias for each column, then relu. */
interface Epilogue {
  readonly value: Value
  readonly bias?: Value
  readonly relu: boolean
  /** The nodes that it takes the place of. */
  readonly nodes: ReadonlySet<number>
}

/** The kernel calls of a product and of the loop over its values. */
export const productStep = (context: Context, step: Step): Calls => {
  const { program, types, addressOf, scratch, ar } = context
  const at = step.nodes.find(i => program.nodes[i]!.op === 'matmul')!
  const product = program.nodes[at] as Product // found by its op
  const epilogue = epilogueOf(context, step, at)
  const rest = step.nodes.filter(i => !epilogue.nodes.has(i) && isNeeded(context, step, i, epilogue))
  const size = sizeOf(step.shape)
  const target = step.outputs.includes(epilogue.value) ? epilogue.value : step.outputs.find(value => types[value]!.dtype === 'float32')
  const to: Address = target === undefined ? scratch : addressOf(target)
  const structure: MatmulStructure = {
    transposeA: product.transposeA,
    transposeB: product.transposeB,
    ...(epilogue.bias === undefined ? {} : { bias: true }),
    ...(epilogue.relu ? { activation: 'relu' } : {}),
  }
  const [a, b] = [product.inputs[0]!, product.inputs[1]!]
  const [m, n] = step.shape.slice(-2) as [number, number]
  const k = types[a]!.shape.at(product.transposeA ? -2 : -1)!
  const batch = sizeOf(step.shape.slice(0, -2))
  const plan = planMatmul(ar, structure, { m, n, k })
  const after = target === undefined ? { ...scratch, bytes: scratch.bytes + Math.ceil(size / 4) * 16 } : scratch
  const args = matmulArguments<Address>(structure, {
    a: addressOf(a),
    b: addressOf(b),
    c: to,
    ...(epilogue.bias === undefined ? {} : { bias: addressOf(epilogue.bias) }),
    scratch: after,
    m,
    n,
    k,
    batch,
  })
  const run: Calls = { calls: [{ kernel: plan.kernel, args }], scratch: after.bytes - scratch.bytes + plan.scratch }
  const isDone = rest.length === 0 && target === epilogue.value
  if (isDone) return run
  const follow = loopStep({ ...context, scratch: after }, withoutInPlace(step, epilogue, target), rest, {
    value: epilogue.value,
    address: to,
  })
  return inOrder(run, { ...follow, scratch: follow.scratch + after.bytes - scratch.bytes })
}

/** The value that lies where it belongs already is not stored again. */
const withoutInPlace = (step: Step, { value }: Epilogue, target: Value | undefined): Step =>
  target === value ? { ...step, outputs: step.outputs.filter(output => output !== value) } : step

/** Whether a node still has to run: broadcasts that only the epilogue read have not. */
const isNeeded = ({ program, uses }: Context, step: Step, i: number, { nodes }: Epilogue): boolean =>
  program.nodes[i]!.op !== 'broadcast' ||
  step.outputs.includes(uses.first[i]!) ||
  uses.users[uses.first[i]!]!.some(user => step.nodes.includes(user) && !nodes.has(user))

const epilogueOf = ({ program, uses, types }: Context, step: Step, at: number): Epilogue => {
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
  const zero = bends === undefined || nodes[bends]!.op !== 'max' ? undefined : constantAt(program, other(bends, value) ?? -1)
  const relu = zero !== undefined && 'fill' in zero && zero.fill === 0
  if (relu) {
    value = uses.first[bends!]!
    done = new Set([...done, bends!])
  }
  return { value, relu, nodes: done, ...(bias === undefined ? {} : { bias }) }
}
