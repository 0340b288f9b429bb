import type { Tensor } from '@tensorflow/tfjs-core'
import type { ScalarSupport, Transformer } from '../contracts.ts'
import type { TransformerEntry } from '../registry.ts'
import type { TransformerSpec } from '../spec.ts'
import { isScalar, real, showSupport } from '../support.ts'
import { handle, tidy, zeroUnlessNaN } from '../tensor.ts'
import { showPath } from '../tree.ts'

/** What `identity` returns. */
export type IdentitySpec = TransformerSpec & { readonly _tag: 'identity'; readonly support: ScalarSupport }

/**
 * y = x on any support: for the dimensions that a layer of `each` leaves alone.
 *
 * @example elementwise(each([affine(), identity({ support: { _tag: 'circle' } })]))
 */
export const identity = ({ support = real }: { readonly support?: ScalarSupport } = {}): IdentitySpec => ({ _tag: 'identity', support })

export const identityTransformer = (spec: IdentitySpec): Transformer<Record<string, never>> => {
  const same = (x: Tensor): readonly [Tensor, Tensor] => tidy(() => [handle(x), zeroUnlessNaN(x)] as const)
  return {
    spec,
    size: 0,
    domain: spec.support,
    range: spec.support,
    trainable: {},
    init: () => ({}),
    forward: (_, __, x) => {
      const [y, logDeriv] = same(x)
      return { y, logDeriv }
    },
    inverse: (_, __, y) => {
      const [x, logDeriv] = same(y)
      return { x, logDeriv }
    },
  }
}

export const identityEntry: TransformerEntry<IdentitySpec> = {
  tag: 'identity',
  build: (spec, site) => {
    if (!isScalar(spec.support))
      throw new RangeError(
        `build: expected a support of single values, got ${showSupport(spec.support)} at ${showPath([...site.path, 'support'])}`,
      )
    return identityTransformer(spec)
  },
}
