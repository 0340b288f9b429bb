import { near, suite, throws, useTestBackend } from '@diffeo/testing'
import { add, exp, mul, tensor1d } from '@tensorflow/tfjs-core'
import { product } from '../../distributions/product.ts'
import { standardNormal } from '../../distributions/normal.ts'
import { uniformSphere } from '../../distributions/sphere.ts'
import { uniformCircle } from '../../distributions/uniform-circle.ts'
import { build, buildBijector, buildDistribution } from '../../flows/build.ts'
import { flow } from '../../flows/flow.ts'
import type { FlowParams } from '../../flows/flow.ts'
import { key } from '../../random/key.ts'
import type { FlowSpec } from '../../specs.ts'
import { circle } from '../../support.ts'
import { mean, tidy } from '../../tensor.ts'
import { each } from '../../transformers/each.ts'
import { identity } from '../../transformers/identity.ts'
import { tanh } from '../../transformers/tanh.ts'
import { mapTree } from '../../tree.ts'
import { chain } from '../chain.ts'
import { elementwise } from '../elementwise.ts'
import { cylinder } from './cylinder.ts'
import { sphereMoebius } from './sphere-moebius.ts'

const s = suite('flows of the sphere')
s.before(() => useTestBackend('cpu'))

const draws = 20_000

/** The mean of p / (1 / area) over uniform points: the integral of p over the sphere. */
const integral = (spec: FlowSpec, size: number): number => {
  const f = build(spec, { event: [size] })
  const params = mapTree(
    leaf => add(leaf, mul(0.7, tensor1d(Array.from({ length: leaf.size }, (_, i) => (i % 2 === 0 ? 1 : -0.5))))),
    f.init(key(0)),
  )
  const uniform = buildDistribution(uniformSphere(), { event: [size] })
  const { x, logProb } = uniform.sampleAndLogProb(uniform.init(key(1)), key(2), draws)
  return mean(exp(add(f.logProb(params as FlowParams, x), mul(-1, logProb)))).dataSync()[0]!
}

const moebius = flow({ base: uniformSphere(), bijector: sphereMoebius() })
const base = product([
  { size: 1, distribution: standardNormal() },
  { size: 1, distribution: uniformCircle() },
])
const onto = flow({ base, bijector: chain(elementwise(each([tanh(), identity({ support: circle })])), cylinder(), sphereMoebius()) })

s.test('densities on the sphere integrate to 1', () =>
  tidy(() => {
    near([integral(moebius, 3), integral(moebius, 4)], [1, 1], { atol: 0.05 })
    near([integral(onto, 3)], [1], { atol: 0.05 })
  }),
)

s.test('sizes that are no sphere', () => {
  throws(() => buildBijector(cylinder(), { event: [2] }), /expected 'cylinder' to get a vector event \[K\], K >= 3, got \[2\]/)
  throws(
    () => buildBijector(cylinder(), { event: [1], side: 'base' }),
    /expected 'cylinder' to get a vector event \[K\], K >= 2, got \[1\]/,
  )
  throws(() => buildBijector(sphereMoebius(), { event: [1] }), /expected 'sphereMoebius' to get a vector event \[K\], K >= 2, got \[1\]/)
})

s.run()
