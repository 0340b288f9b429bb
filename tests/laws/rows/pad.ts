import { buildBijector, pad } from '@diffeo/core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { bijectorLaws } from '../bijector-laws.ts'
import { bijectorMember } from '../members.ts'
import type { BijectorMember } from '../members.ts'

const sizes = { event: [2] }
const bijector = buildBijector(pad({ before: 1, after: 2, value: 0.5 }), { ...sizes, side: 'base' })
const member = bijectorMember('pad', bijector, sizes)

/** Vectors with constants around them; points of the data lie on the plane. */
export const padMember: BijectorMember = {
  ...member,
  points: (n, side): Tensor => (side === 'base' ? member.points(n, side) : bijector.forward({}, member.points(n, 'base')).y),
}

const square = ['round trip', 'log-determinant', 'antisymmetry', 'inverse Jacobian', 'finite in the tails']

/** The laws that need no square Jacobian. */
export const padLaws: typeof bijectorLaws = bijectorLaws.filter(({ name }) => !square.includes(name))
