import { affine, autoregressive, buildBijector, conditional, coupling, embedding, tidy } from '@diffeo/core'
import type { Bijector, BijectorSpec, Context } from '@diffeo/core'
import { abs, concat, floor, minimum, slice } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Law } from '../law.ts'
import { bijectorMember } from '../members.ts'
import type { BijectorMember } from '../members.ts'
import { masked, net, spline } from './row.ts'

/** The first number of a context as a class, 0, 1 or 2: laws draw contexts of numbers. */
const classed = (context: Context): Context =>
  tidy(() => {
    const numbers = context as Tensor // it is built with one tensor as its context
    const [n] = numbers.shape as [number]
    if (n === 0) return numbers
    return concat([minimum(floor(abs(slice(numbers, [0, 0], [n, 1]))), 2), slice(numbers, [0, 1], [n, 1])], 1)
  })

const ofClasses = (b: Bijector): Bijector => ({
  ...b,
  forward: (params, x, context, key) => tidy(() => b.forward(params, x, context && classed(context), key)),
  inverse: (params, y, context, key) => tidy(() => b.inverse(params, y, context && classed(context), key)),
})

const specs: ReadonlyArray<readonly [string, BijectorSpec]> = [
  ['coupling', coupling(embedding([3, 0], net), spline)],
  ['autoregressive', autoregressive(embedding([3, 0], masked), affine())],
  ['conditional', conditional(embedding([3, 0], net), affine())],
]

const sizes = { event: [3], context: [2] }

/** Layers that are conditional on a class. */
export const classMembers: ReadonlyArray<BijectorMember> = specs.map(([name, spec]) =>
  bijectorMember(`${name} given a class, D = 3`, ofClasses(buildBijector(spec, sizes)), sizes, { startsAtIdentity: true }),
)

/** No derivative says whether a class matters; `embedding.test.ts` does. */
export const lawsOfClasses = (laws: ReadonlyArray<Law<BijectorMember>>): ReadonlyArray<Law<BijectorMember>> =>
  laws.filter(({ name }) => name !== 'depends on its context')
