import { add, mul, ones, sub } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Bijector, Params, Space } from '../../contracts.ts'
import type { BijectorSpec } from '../../spec.ts'
import { realSpace } from '../../support.ts'
import { sumEvent, tidy, zeroUnlessNaN } from '../../tensor.ts'
import type { Tree } from '../../tree.ts'

/** A linear map of rows [N, D] by a matrix that parameters make: x to A x and back, and log |det A|, one number. */
export interface LinearMap<P extends Params> {
  readonly spec: BijectorSpec
  readonly dim: number
  readonly trainable: Tree<boolean>
  init: Bijector<P>['init']
  apply(params: P, x: Tensor): Tensor
  solve(params: P, y: Tensor): Tensor
  logDet(params: P): Tensor
}

/** y = A x. */
export const linearBijector = <P extends Params>({ spec, dim, trainable, init, apply, solve, logDet }: LinearMap<P>): Bijector<P> => {
  const space = realSpace([dim])
  const ofRows = (log: Tensor, x: Tensor): Tensor => add(mul(log, ones([x.shape[0]!])), sumEvent(zeroUnlessNaN(x)))
  return {
    spec,
    contextShape: undefined,
    base: space,
    data: space,
    cost: { forward: 'parallel', inverse: 'parallel' },
    trainable,
    init,
    forward: (params, x) => tidy(() => ({ y: apply(params, x), logDet: ofRows(logDet(params), x) })),
    inverse: (params, y) => tidy(() => ({ x: solve(params, y), logDet: ofRows(mul(-1, logDet(params)), y) })),
  }
}

/** y = A x + shift. */
export const affineMap = <P extends Params & { readonly shift: Tensor }>(map: LinearMap<P>): LinearMap<P> => ({
  ...map,
  apply: (params, x) => add(map.apply(params, x), params.shift),
  solve: (params, y) => map.solve(params, sub(y, params.shift)),
})

/** A map that keeps lengths: of the sphere, too, where what stands beside it lies there. */
export const onSpheres = <P extends Params>(bijector: Bijector<P>): Bijector<P> => {
  const sphere: Space = { ...bijector.base, support: { _tag: 'sphere' } }
  return { ...bijector, on: (_, support) => (support._tag === 'sphere' ? { ...bijector, base: sphere, data: sphere } : bijector) }
}
