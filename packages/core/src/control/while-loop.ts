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
import type { Tensors } from './flat.ts'

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
  cond: (carry: Tensors<C>, consts: Tensors<K>) => Tensor,
  body: (carry: Tensors<C>, consts: Tensors<K>) => Tensors<C>,
  carry: C,
  consts: K,
  { vjp }: WhileOptions<Tensors<C>, Tensors<K>> = {},
): Tensors<C> => {
  const count = leaves<Tensor>(carry).length
  if (count === 0) throw new RangeError('whileLoop: expected a carry of one tensor or more, got none')
  // unflatten keeps the structures of carry and consts
  const carryOf = (inputs: ReadonlyArray<Tensor>): Tensors<C> => unflatten(carry, inputs.slice(0, count)) as Tensors<C>
  const constsOf = (inputs: ReadonlyArray<Tensor>): Tensors<K> => unflatten(consts, inputs.slice(count)) as Tensors<K>
  const loop: Loop = {
    carries: count,
    cond: inputs => oneBool(cond(carryOf(inputs), constsOf(inputs))),
    body: inputs => {
      const given = carryOf(inputs)
      return carriedLeaves('whileLoop', given as Tree<Tensor>, body(given, constsOf(inputs)) as Tree<Tensor>)
    },
    gradients: (cotangents, inputs) => {
      if (vjp === undefined) throw new TypeError('whileLoop: expected a vjp where a gradient is taken, got none; give it one, or use scan')
      const result = unflatten(carry, run(loop, inputs)) as Tensors<C>
      const gradients = vjp({
        cotangent: unflatten(carry, cotangents) as Tensors<C>,
        result,
        carry: carryOf(inputs),
        consts: constsOf(inputs),
      })
      return [
        ...partOf('carry', carry, gradients.carry as Tree<Tensor> | undefined),
        ...partOf('consts', consts, gradients.consts as Tree<Tensor> | undefined),
      ]
    },
  }
  return unflatten(carry, run(loop, [...leaves<Tensor>(carry), ...leaves<Tensor>(consts)])) as Tensors<C>
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
