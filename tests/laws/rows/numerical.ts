import { bijectorFromFunction, bijectors, elementwiseFrom, random } from '@diffeo/core'
import type { Bijector, Key, Params } from '@diffeo/core'
import { add, matMul, mul, sigmoid, slice, squeeze, tanh } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { bijectorMember } from '../members.ts'
import type { BijectorMember } from '../members.ts'

/** Number `at` of theta [N, D, size]. */
const part = (theta: Tensor, at: number): Tensor => squeeze(slice(theta, [0, 0, at], [-1, -1, 1]), [2])

/** x + w1 tanh(x + b), w1 > 0. */
const bent = elementwiseFrom((x, theta) => add(x, mul(sigmoid(part(theta, 0)), tanh(add(x, part(theta, 1))))), { size: 2 })

type Weights = { readonly a: Tensor; readonly b: Tensor }
/** x + 0.3 tanh(x a) b: near enough to the identity to be invertible. */
const mixed = bijectorFromFunction((p: Weights, x: Tensor) => add(x, mul(0.3, matMul(tanh(matMul(x, p.a)), p.b))), {
  dim: 3,
  init: (key: Key) => ({ a: random.normal(key, [3, 3]), b: random.normal(random.foldIn(key, 1), [3, 3]) }),
  trainable: { a: true, b: true },
})

const plain = <P extends Params>(b: Bijector<P>): Bijector => b as unknown as Bijector

export const numericalMembers: ReadonlyArray<BijectorMember> = [
  bijectorMember('elementwiseFrom', plain(bijectors.elementwise(bent, [3])), { event: [3] }, { spread: 1 }),
  bijectorMember('bijectorFromFunction', plain(mixed), { event: [3] }, { spread: 0.1, factors: [] }),
]
