import { buildDistribution, realSpace, standardNormal, tidy, transformed } from 'diffeo'
import type { Bijector, Flow } from 'diffeo'
import { add, concat, exp, log, mul, neg, slice, sub, sum } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'

/** A map of the plane with a closed inverse; its data have a positive first coordinate. */
interface PlaneMap {
  toData(z1: Tensor, z2: Tensor): readonly [Tensor, Tensor]
  toBase(x1: Tensor, x2: Tensor): readonly [Tensor, Tensor]
  /** log |det| of toBase. */
  logDet(logX1: Tensor): Tensor
}

const columns = (x: Tensor): readonly [Tensor, Tensor] => [slice(x, [0, 0], [x.shape[0]!, 1]), slice(x, [0, 1], [x.shape[0]!, 1])]

const planeMap = (name: string, { toData, toBase, logDet }: PlaneMap): Bijector<Record<string, never>> => ({
  spec: { _tag: name },
  contextShape: undefined,
  base: realSpace([2]),
  data: realSpace([2]),
  cost: { forward: 'parallel', inverse: 'parallel' },
  trainable: {},
  init: () => ({}),
  forward: (_, z) =>
    tidy(() => {
      const [x1, x2] = toData(...columns(z))
      return { y: concat([x1, x2], 1), logDet: neg(sum(logDet(log(x1)), 1)) }
    }),
  inverse: (_, x) =>
    tidy(() => {
      const [x1, x2] = columns(x)
      return { x: concat([...toBase(x1, x2)], 1), logDet: sum(logDet(log(x1)), 1) }
    }),
})

const ofNormals = (bijector: Bijector): Flow => transformed(buildDistribution(standardNormal(), { event: [2] }), bijector)

/** z1 = ln x1, z2 = x2 - 2 ln x1, so |det| = 1 / x1. */
export const logMap: Flow = ofNormals(
  planeMap('logMap', {
    toData: (z1, z2) => [exp(z1), add(z2, mul(2, z1))],
    toBase: (x1, x2) => [log(x1), sub(x2, mul(2, log(x1)))],
    logDet: logX1 => neg(logX1),
  }),
)

/** z1 = ln x1 + 0.5 x2, z2 = x2 - 2 ln x1, so |det| = 2 / x1. */
export const mixedMap: Flow = ofNormals(
  planeMap('mixedMap', {
    toData: (z1, z2) => [exp(sub(mul(0.5, z1), mul(0.25, z2))), add(z1, mul(0.5, z2))],
    toBase: (x1, x2) => [add(log(x1), mul(0.5, x2)), sub(x2, mul(2, log(x1)))],
    logDet: logX1 => sub(Math.log(2), logX1),
  }),
)
