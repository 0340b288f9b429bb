import { cast, engine, getGradient, registerGradient, zeros } from '@tensorflow/tfjs-core'
import type { GradConfig, Tensor } from '@tensorflow/tfjs-core'
import { isolated } from '../autodiff/isolated.ts'
import { handle } from '../tensor.ts'
import type { Json } from './json.ts'
import { isHostOp } from './op.ts'
import type { Op } from './op.ts'
import { pullback } from './pullback.ts'
import { activeTracer } from './tracer.ts'

/** Installs a gradient rule, unless it is the one that stands there. */
export const ensureRule = (rule: GradConfig): void => {
  if (getGradient(rule.kernelName) !== rule) registerGradient(rule)
}

/**
 * A gradient rule that saves all inputs and no output. It computes all gradients before tfjs asks for one, since each is asked for in
 * a tidy of its own.
 *
 * @param vjp gradients of the inputs, null for zeros
 */
export const ruleOf = (
  kernelName: string,
  vjp: (cotangents: ReadonlyArray<Tensor>, inputs: ReadonlyArray<Tensor>, attrs: unknown) => ReadonlyArray<Tensor | null>,
): GradConfig => ({
  kernelName,
  saveAllInputs: true,
  gradFunc: (dy, saved, attrs) => {
    const cotangents = (Array.isArray(dy) ? dy : [dy]).map(d => (d.dtype === 'float32' ? d : cast(d, 'float32')))
    const gradients = inRule(() => vjp(cotangents, saved, attrs))
    checkGradients(kernelName, gradients, saved)
    return Object.fromEntries(saved.map((x, i) => [i, () => gradientOf(gradients[i]!, x)]))
  },
})

const gradientOf = (gradient: Tensor | null, x: Tensor): Tensor => (gradient === null ? zeros(x.shape) : handle(gradient))

/** At first order a gradient taken in a rule would reset the running tape; at a higher one it must be on it. */
const inRule = <A>(f: () => A): A => {
  const { gradientDepth } = (engine() as unknown as { readonly state: { readonly gradientDepth: number } }).state // private API
  return gradientDepth === 0 ? isolated(f) : f()
}

const checkGradients = (name: string, gradients: ReadonlyArray<Tensor | null>, inputs: ReadonlyArray<Tensor>): void => {
  if (gradients.length !== inputs.length)
    throw new RangeError(`${name}: expected ${inputs.length} gradients of its vjp, got ${gradients.length}`)
  gradients.forEach((gradient, i) => {
    const { shape } = inputs[i]!
    if (gradient !== null && (gradient.rank !== shape.length || gradient.shape.some((size, axis) => size !== shape[axis])))
      throw new RangeError(`${name}: expected a gradient of shape [${shape.join(', ')}], got [${gradient.shape.join(', ')}] at input ${i}`)
  })
}

/** The gradients of an op's inputs: by its own rule, or by autodiff of its composite. */
export const gradientsOfOp = (
  op: Op,
  cotangents: ReadonlyArray<Tensor>,
  inputs: ReadonlyArray<Tensor>,
  attrs: Json,
): ReadonlyArray<Tensor | null> => {
  if (op.vjp !== undefined) return op.vjp(cotangents, inputs, attrs)
  const at = inputs.flatMap((x, i) => (x.dtype === 'float32' ? [i] : []))
  if (at.length === 0) return inputs.map(() => null)
  if (isHostOp(op)) throw new TypeError(`${op.name}: expected a vjp where a gradient is taken, got none; give defineOp one`)
  const live = cotangents.map(d => (activeTracer()?.isZero(d) ? null : d))
  if (live.every(d => d === null)) return inputs.map(() => null)
  const floats = at.map(i => handle(inputs[i]!))
  const gradients = pullback(
    () =>
      op.composite(
        inputs.map((x, i) => (at.includes(i) ? floats[at.indexOf(i)]! : x)),
        attrs,
      ),
    live,
    floats,
  )
  return inputs.map((_, i) => (at.includes(i) ? gradients[at.indexOf(i)]! : null))
}
