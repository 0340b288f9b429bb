import { correlationCholesky, positiveDefinite } from '../bijectors/constrained/cholesky.ts'
import { ascending } from '../bijectors/constrained/ordered.ts'
import { stickBreaking } from '../bijectors/constrained/simplex.ts'
import { elementwise } from '../bijectors/elementwise.ts'
import type { ScalarSupport, Support } from '../contracts.ts'
import type { BijectorSpec, TransformerSpec } from '../spec.ts'
import { isScalar, showSupport } from '../support.ts'
import { each } from '../transformers/each.ts'
import { exp } from '../transformers/exp.ts'
import { expm1 } from '../transformers/expm1.ts'
import { identity } from '../transformers/identity.ts'
import { sigmoid } from '../transformers/sigmoid.ts'

/**
 * A bijector from the real line (base) onto a support (data): what turns a flow of real vectors into one of constrained ones.
 *
 *   real       the identity
 *   positive   `exp`
 *   interval   `sigmoid` between its ends; `expm1` for the numbers above -1
 *   each       that of each dimension
 *   simplex    `stickBreaking`;  ordered: `ascending`;  positiveDefinite and correlationCholesky: the bijectors of these names
 *   circle     the identity of angles: no map takes the line to a circle, and the base must be one of angles too
 *   categories the identity of codes, likewise
 *
 * @throws RangeError for a support that has none yet
 * @example flow({ base: standardNormal(), bijector: chain(coupling(mlp(), affine()), bijectorFor({ _tag: 'positive' })) })
 */
export const bijectorFor = (support: Support): BijectorSpec => {
  if (isScalar(support)) return elementwise(transformerFor(support))
  if (support._tag === 'each') return elementwise(each(support.dimensions.map(transformerFor)))
  switch (support._tag) {
    case 'simplex':
      return stickBreaking()
    case 'ordered':
      return ascending()
    case 'positiveDefinite':
      return positiveDefinite()
    case 'correlationCholesky':
      return correlationCholesky()
  }
  throw new RangeError(`bijectorFor: expected a support that a map of real vectors reaches, got ${showSupport(support)}`)
}

const transformerFor = (support: ScalarSupport): TransformerSpec => {
  switch (support._tag) {
    case 'real':
    case 'circle':
    case 'categories':
      return identity({ support })
    case 'positive':
      return exp()
    case 'interval': {
      const { low, high } = support
      if (low === -1 && high === Infinity) return expm1()
      if (Number.isFinite(low) && Number.isFinite(high)) return sigmoid({ low, high })
      throw new RangeError(`bijectorFor: expected an interval with finite ends, got ${showSupport(support)}`)
    }
    default:
      return support satisfies never
  }
}
