import { add, engine, mul, scalar, sum, zerosLike } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { taped } from '../autodiff/value-and-grad.ts'

/**
 * The gradients by `xs` of what `f` gives, from its cotangents (null where one is zero; integers have none): tensors that `f` captures may stand among `xs`,
 * which must be different tensors. For a rule of an op; elsewhere there is `valueAndGrad`.
 */
export const pullback = (
  f: () => ReadonlyArray<Tensor>,
  cotangents: ReadonlyArray<Tensor | null>,
  xs: ReadonlyArray<Tensor>,
): ReadonlyArray<Tensor> => {
  const weighed = (): Tensor => {
    const outputs = f()
    const parts = cotangents.flatMap((d, i) => (d === null || outputs[i]!.dtype !== 'float32' ? [] : [sum(mul(d, outputs[i]!))]))
    return parts.length === 0 ? scalar(0) : parts.reduce((p, q) => add(p, q))
  }
  if (xs.length === 0) return []
  const { grads } = taped(() => engine().gradients(weighed, [...xs], undefined, true))
  return grads.map((g: Tensor | null | undefined, i: number) => g ?? zerosLike(xs[i]!))
}
