import { bijectorFromFunction, bijectors, elementwiseFrom, random } from '@diffeo/core'
import type { Bijector, Key, Params } from '@diffeo/core'
import { add, div, matMul, mul, sigmoid, slice, sqrt, square, squeeze, sum, tanh } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { bijectorMember } from '../members.ts'
import type { BijectorMember } from '../members.ts'

/** Number `at` of theta [N, D, size]. */
const part = (theta: Tensor, at: number): Tensor => squeeze(slice(theta, [0, 0, at], [-1, -1, 1]), [2])

/** x + w1 tanh(x + b), w1 > 0. */
const bent = elementwiseFrom((x, theta) => add(x, mul(sigmoid(part(theta, 0)), tanh(add(x, part(theta, 1))))), { size: 2 })

type Weights = { readonly a: Tensor; readonly b: Tensor }
/** x + 0.9 tanh(x a) b / (1 + |a| |b|): what is added to x moves less than x does, so that it is invertible for all weights. */
const contracted = (p: Weights, x: Tensor): Tensor => {
  const most = add(1, sqrt(mul(sum(square(p.a)), sum(square(p.b)))))
  return add(x, div(mul(0.9, matMul(tanh(matMul(x, p.a)), p.b)), most))
}
const mixed = bijectorFromFunction(contracted, {
  dim: 3,
  init: (key: Key) => ({ a: random.normal(key, [3, 3]), b: random.normal(random.foldIn(key, 1), [3, 3]) }),
  trainable: { a: true, b: true },
})

const plain = <P extends Params>(b: Bijector<P>): Bijector => b as unknown as Bijector

export const numericalMembers: ReadonlyArray<BijectorMember> = [
  bijectorMember('elementwiseFrom', plain(bijectors.elementwise(bent, [3])), { event: [3] }, { spread: 1 }),
  bijectorMember('bijectorFromFunction', plain(mixed), { event: [3] }, { spread: 0.1 }),
]
