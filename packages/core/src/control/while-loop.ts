import { engine, getKernel, registerKernel } from '@tensorflow/tfjs-core'
import type { NamedAttrMap, NamedTensorMap, Tensor } from '@tensorflow/tfjs-core'
import { isolated } from '../autodiff/isolated.ts'
import { ensureRules } from '../autodiff/rules.ts'
import { activeBackend } from '../ops/active-backend.ts'
import { ensureRule, ruleOf } from '../ops/gradient.ts'
import { activeTracer } from '../ops/tracer.ts'
import type { WhileFunctions } from '../ops/tracer.ts'
import { handle, tidy } from '../tensor.ts'
import { leaves, sameStructure, unflatten } from '../tree.ts'
import type { Tree } from '../tree.ts'
import { carriedLeaves } from './flat.ts'

/** Where a loop's gradient is taken: the cotangent of its result, the result, and what the loop was given. */
export interface WhileSite<C, K> {
  readonly cotangent: C
  readonly result: C
  readonly carry: C
  readonly consts: K
}

/** The gradients of a loop's carry and of its constants; zeros where one is left out. */
export interface WhileGradients<C, K> {
  readonly carry?: C
  readonly consts?: K
}

/** The gradient of a loop, if it has one. */
export interface WhileOptions<C, K> {
  readonly vjp?: (site: WhileSite<C, K>) => WhileGradients<C, K>
}

/**
 * `body` applied to a carry while `cond` holds, as often as that takes: the first carry for which it does not hold.
 *
 * Both get what they need through `consts`: capturing a traced tensor is an error, and outside a trace one that is captured has no gradient.
 * The loop is not on the tape; its gradient is what `vjp` makes of the result, by an adjoint equation or the implicit function theorem.
 * Written in tfjs ops, it has a gradient itself. In a trace the loop is one node.
 *
 * @param cond a bool tensor of one value
 * @throws RangeError when a carry changes its shape, or cond gives more than one value
 * @throws TypeError when a carry changes its structure, or a gradient is taken and there is no `vjp`
 * @example
 * // sqrt(a) by Newton's method; d sqrt(a) = da / (2 sqrt(a))
 * whileLoop((x, a) => greater(abs(sub(mul(x, x), a)), 1e-6), (x, a) => mul(0.5, add(x, div(a, x))), a, a, {
 *   vjp: ({ cotangent, result }) => ({ consts: div(cotangent, mul(2, result)) }),
 * })
 */
export const whileLoop = <C extends Tree<Tensor>, K extends Tree<Tensor>>(
  cond: (carry: C, consts: K) => Tensor,
  body: (carry: C, consts: K) => C,
  carry: C,
  consts: K,
  { vjp }: WhileOptions<C, K> = {},
): C => {
  const count = leaves<Tensor>(carry).length
  if (count === 0) throw new RangeError('whileLoop: expected a carry of one tensor or more, got none')
  // unflatten keeps the structures of carry and consts
  const plain = { cond, body, vjp } as unknown as Plain
  const carryOf = (inputs: ReadonlyArray<Tensor>): Tree<Tensor> => unflatten<Tensor, Tensor>(carry, inputs.slice(0, count))
  const constsOf = (inputs: ReadonlyArray<Tensor>): Tree<Tensor> => unflatten<Tensor, Tensor>(consts, inputs.slice(count))
  const loop: Loop = {
    carries: count,
    cond: inputs => oneBool(plain.cond(carryOf(inputs), constsOf(inputs))),
    body: inputs => {
      const given = carryOf(inputs)
      return carriedLeaves('whileLoop', given, plain.body(given, constsOf(inputs)))
    },
    gradients: (cotangents, inputs) => {
      if (plain.vjp === undefined)
        throw new TypeError('whileLoop: expected a vjp where a gradient is taken, got none; give it one, or use scan')
      const site = { cotangent: carryOf(cotangents), result: carryOf(run(loop, inputs)), carry: carryOf(inputs), consts: constsOf(inputs) }
      const gradients = plain.vjp(site)
      return [...partOf('carry', carry, gradients.carry), ...partOf('consts', consts, gradients.consts)]
    },
  }
  return carryOf(run(loop, [...leaves<Tensor>(carry), ...leaves<Tensor>(consts)])) as unknown as C
}

interface Plain extends WhileOptions<Tree<Tensor>, Tree<Tensor>> {
  cond(carry: Tree<Tensor>, consts: Tree<Tensor>): Tensor
  body(carry: Tree<Tensor>, consts: Tree<Tensor>): Tree<Tensor>
}

interface Loop extends WhileFunctions {
  gradients(cotangents: ReadonlyArray<Tensor>, inputs: ReadonlyArray<Tensor>): ReadonlyArray<Tensor | null>
}

const kernelName = 'diffeo.while'

/** The functions of a loop travel in the attributes: the tape needs them when the gradient is taken. */
const loopOf = (attrs: unknown): Loop => (attrs as { readonly loop: Loop }).loop

const rule = ruleOf(kernelName, (cotangents, inputs, attrs) => loopOf(attrs).gradients(cotangents, inputs))

const run = (loop: Loop, inputs: ReadonlyArray<Tensor>): ReadonlyArray<Tensor> => {
  ensureRules()
  ensureRule(rule)
  ensureKernel()
  return engine().runKernel(
    kernelName,
    [...inputs] as unknown as NamedTensorMap,
    { loop } as unknown as NamedAttrMap,
  ) as unknown as Tensor[]
}

const ensureKernel = (): void => {
  const backendName = activeBackend()
  if (getKernel(kernelName, backendName)) return
  registerKernel({
    kernelName,
    backendName,
    kernelFunc: ({ inputs, attrs }) => {
      const [loop, from] = [loopOf(attrs), inputs as unknown as ReadonlyArray<Tensor>]
      return [...(activeTracer()?.whileLoop(loop, from) ?? isolated(() => loopEagerly(loop, from)))]
    },
  })
}

const loopEagerly = ({ cond, body, carries }: Loop, inputs: ReadonlyArray<Tensor>): ReadonlyArray<Tensor> =>
  tidy(() => {
    const consts = inputs.slice(carries)
    let all = inputs
    while (tidy(() => cond(all).dataSync()[0] === 1)) {
      const next = tidy(() => body(all).map(handle))
      if (all !== inputs) all.slice(0, carries).forEach(x => x.dispose())
      all = [...next, ...consts]
    }
    return all.slice(0, carries).map(handle)
  })

const oneBool = (holds: Tensor): Tensor => {
  if (holds.size !== 1 || holds.dtype !== 'bool')
    throw new RangeError(`whileLoop: expected one bool of cond, got ${holds.dtype}[${holds.shape.join(', ')}]`)
  return holds
}

const partOf = (name: string, like: Tree<Tensor>, gradients: Tree<Tensor> | undefined): ReadonlyArray<Tensor | null> => {
  if (gradients === undefined) return leaves(like).map(() => null)
  if (!sameStructure(like, gradients)) throw new TypeError(`whileLoop: expected gradients of the structure of ${name}, got another`)
  return leaves(gradients)
}
