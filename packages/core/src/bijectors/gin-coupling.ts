import { add, exp, mean, mul, neg, sub } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Bijector, Context, Network, Params, Shape } from '../contracts.ts'
import type { Key } from '../random/key.ts'
import type { BijectorEntry } from '../registry.ts'
import type { BijectorSpec, NetworkSpec } from '../spec.ts'
import type { CouplingMask } from '../specs.ts'
import { realSpace } from '../support.ts'
import { sumEvent, tidy, zeroUnlessNaN } from '../tensor.ts'
import { logScale } from '../transformers/scale-map.ts'
import { column } from '../transformers/theta.ts'
import { showPath } from '../tree.ts'
import type { Tree } from '../tree.ts'
import { partition, passesOf } from './coupling.ts'
import { vectorLength } from './vector.ts'

/** What `ginCoupling` returns. */
export type GinCouplingSpec = BijectorSpec & {
  readonly _tag: 'ginCoupling'
  readonly conditioner: NetworkSpec
  readonly mask: CouplingMask
}

/**
 * A volume-preserving coupling layer (GIN, Sorrenson et al. 2020, section 3.3): an affine coupling whose log-scales add up to 0, so that its
 * log-determinant is 0 and the dimensions compete for the volume.
 *
 *   y_a = x_a,   y_b = exp(s) x_b + t,   (s, t) = conditioner(x_a, context), s less its mean
 *
 * (The paper makes the last s minus the sum of the others; less the mean, as in FrEIA, no dimension is special.)
 *
 * @param mask the dimensions that pass, as in `coupling`; at least two do not, or only t is left
 * @see https://arxiv.org/abs/2001.04872
 */
export const ginCoupling = (conditioner: NetworkSpec, { mask = 'half' }: { readonly mask?: CouplingMask } = {}): GinCouplingSpec => ({
  _tag: 'ginCoupling',
  conditioner,
  mask,
})

/** The conditioner's parameters. */
export type GinCouplingParams = { readonly conditioner: Params }

/**
 * A volume-preserving coupling layer.
 *
 * @param passes      for each dimension whether it passes unchanged; at least one does, at least one does not
 * @param conditioner [N, count of true] to [N, count of false, 2]
 */
export const ginCouplingBijector = (
  conditioner: Network,
  passes: ReadonlyArray<boolean>,
  contextShape?: Tree<Shape>,
): Bijector<GinCouplingParams> => {
  const parts = partition(passes)
  const space = realSpace([passes.length])
  const affine = (params: GinCouplingParams, a: Tensor, context?: Context, key?: Key): { readonly s: Tensor; readonly t: Tensor } => {
    const theta = conditioner.apply(params.conditioner, a, context, key)
    const s = logScale('softclip', column(theta, 1))
    return { s: sub(s, mean(s, 1, true)), t: column(theta, 0) }
  }
  return {
    spec: ginCoupling(conditioner.spec, { mask: passes }),
    contextShape,
    base: space,
    data: space,
    cost: { forward: 'parallel', inverse: 'parallel' },
    trainable: { conditioner: conditioner.trainable },
    init: key => ({ conditioner: conditioner.init(key) }),
    forward: (params, x, context, key) =>
      tidy(() => {
        const [xa, xb] = parts.separate(x)
        const { s, t } = affine(params, xa, context, key)
        const y = parts.join(xa, add(mul(xb, exp(s)), t))
        return { y, logDet: sumEvent(zeroUnlessNaN(y)) }
      }),
    inverse: (params, y, context, key) =>
      tidy(() => {
        const [ya, yb] = parts.separate(y)
        const { s, t } = affine(params, ya, context, key)
        const x = parts.join(ya, mul(sub(yb, t), exp(neg(s))))
        return { x, logDet: sumEvent(zeroUnlessNaN(x)) }
      }),
  }
}

export const ginCouplingEntry: BijectorEntry<GinCouplingSpec> = {
  tag: 'ginCoupling',
  build: (spec, site) => {
    const dim = vectorLength('ginCoupling', site)
    if (dim === 1) throw new RangeError(`build: expected at least 2 dimensions for 'ginCoupling', got 1 at ${showPath(site.path)}`)
    const passes = passesOf(spec.mask, dim, site)
    const kept = passes.filter(Boolean).length
    const conditioner = site.builder.network(spec.conditioner, {
      context: site.context,
      path: [...site.path, 'conditioner'],
      input: [kept],
      output: [dim - kept, 2],
      autoregressive: false,
    })
    return { ...ginCouplingBijector(conditioner, passes, site.context), spec }
  },
}
