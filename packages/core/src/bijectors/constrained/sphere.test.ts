import { near, suite, throws, useTestBackend } from '@diffeo/testing'
import { abs, add, exp, fill, max, mul, sub, tensor, tensor1d, tensor2d } from '@tensorflow/tfjs-core'
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
import { circularNsf, sphereFlow } from '../../flows/sphere-recipes.ts'
import { mlp } from '../../networks/mlp.ts'
import { invert } from '../invert.ts'
import { cylinder } from './cylinder.ts'
import type { CylinderSpec } from './cylinder.ts'
import { exponentialMap } from './exponential-map.ts'
import type { ExponentialMapParams } from './exponential-map.ts'
import { sphereMoebius } from './sphere-moebius.ts'

const s = suite('flows of the sphere')
s.before(() => useTestBackend('cpu'))

const most = 20_000

/** The mean of p / (1 / area) over uniform points: the integral of p over the sphere. */
const integral = (spec: FlowSpec, size: number, draws = most, spread = 0.7): number => {
  const f = build(spec, { event: [size] })
  const params = mapTree(
    leaf =>
      add(
        leaf,
        tensor(
          Float32Array.from({ length: leaf.size }, (_, i) => (i % 2 === 0 ? spread : -spread / 2)),
          leaf.shape,
        ),
      ),
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
const ontoByReals = flow({ base, bijector: chain(cylinder({ heights: 'real' }), sphereMoebius()) })

s.test('densities on the sphere integrate to 1', () =>
  tidy(() => {
    near([integral(moebius, 3), integral(moebius, 4)], [1, 1], { atol: 0.05 })
    near([integral(onto, 3), integral(ontoByReals, 3)], [1, 1], { atol: 0.05 })
  }),
)

s.test('real heights are tanh of them, with the same density, and near a pole their digits are kept', () =>
  tidy(() => {
    const params = build(onto, { event: [3] }).init(key(0)) as FlowParams
    const [byTanh, byReals] = [onto, ontoByReals].map(spec => build(spec, { event: [3] }))
    const own = byReals!.init(key(0)) as FlowParams
    const z = tensor2d([0.3, 1, -1.7, 2, 0, -3], [3, 2])
    const y = byReals!.toData(own, z)
    near([...y.dataSync()], [...byTanh!.toData(params, z).dataSync()], { atol: 1e-6 })
    near([...byReals!.logProb(own, y).dataSync()], [...byTanh!.logProb(params, y).dataSync()], { atol: 1e-5 })

    const b = buildBijector(cylinder({ heights: 'real' }), { event: [3] })
    const far = [-20, -9, 9, 20]
    const places = tensor2d(
      far.flatMap(u => [u, 0.7]),
      [4, 2],
    )
    const { y: poles, logDet } = b.forward({}, places)
    near(
      [...logDet.dataSync()],
      far.map(u => -2 * (Math.abs(u) - Math.LN2 + Math.log1p(Math.exp(-2 * Math.abs(u))))),
      { atol: 1e-5 },
    )
    near([...b.inverse({}, poles).x.dataSync()], [...places.dataSync()], { atol: 1e-5 })
  }),
)

const tested = [
  ['exponential maps on S2', exponentialMap({ components: 4 }), 3],
  ['exponential maps on S3', exponentialMap({ components: 4 }), 4],
  ['exponential maps on the circle', exponentialMap({ components: 3 }), 2],
] as const

tested.forEach(([name, bijector, size]) =>
  s.test(`${name}: densities that integrate to 1`, () =>
    tidy(() => near([integral(flow({ base: uniformSphere(), bijector: invert(bijector) }), size, 4000)], [1], { atol: 0.05 })),
  ),
)

s.test('recipes of the sphere: densities that integrate to 1', () =>
  tidy(() => {
    const specs = [sphereFlow({ layers: 2, hidden: [8], bins: 4 }), sphereFlow({ map: 'exponential', layers: 2, components: 2 })]
    near(
      specs.map(spec => integral(spec, 3, 4000, 0.3)),
      [1, 1],
      { atol: 0.08 },
    )
    near([integral(sphereFlow({ map: 'moebius', layers: 2 }), 3, 4000, 0.2)], [1], { atol: 0.08 })
  }),
)

s.test('one bump: points on its great circles move towards it by alpha sin(a) exp(beta (cos(a) - 1))', () =>
  tidy(() => {
    const [alpha, beta] = [0.6, 3]
    const b = buildBijector(exponentialMap({ components: 1 }), { event: [3] })
    // alpha = 0.95 e^w / (e^w + 9)
    const params = {
      centres: tensor2d([[0, 0, 5]]),
      weights: tensor1d([Math.log((9 * alpha) / (0.95 - alpha))]),
      sharpness: tensor1d([7 * Math.atanh(Math.log(beta) / 7)]),
    }
    const angles = [0.01, 0.3, 1, 2, 3]
    const at = (a: number): ReadonlyArray<number> => [Math.sin(a), 0, Math.cos(a)]
    const { y, logDet } = b.forward(params, tensor2d(angles.flatMap(at), [5, 3]))
    const pull = (a: number): number => alpha * Math.exp(beta * (Math.cos(a) - 1))
    const image = (a: number): number => a - pull(a) * Math.sin(a)
    near([...y.dataSync()], angles.map(image).flatMap(at), { atol: 2e-6 })
    // along the circle da'/da, across it sin(a') / sin(a)
    const slope = (a: number): number => 1 - pull(a) * (Math.cos(a) - beta * Math.sin(a) ** 2)
    near(
      [...logDet.dataSync()],
      angles.map(a => Math.log(slope(a)) + Math.log(Math.sin(image(a)) / Math.sin(a))),
      { atol: 1e-5 },
    )
  }),
)

s.test('exponential maps are inverted wherever a point lies, with alphas at their most', () =>
  tidy(() => {
    const b = buildBijector(exponentialMap({ components: 6 }), { event: [3] })
    const fresh = b.init(key(5)) as ExponentialMapParams
    const params = { ...fresh, weights: fill([6], 9), sharpness: tensor1d([-3, 0, 2, 4, 6, 20]) }
    const uniform = buildDistribution(uniformSphere(), { event: [3] })
    const z = uniform.sample(uniform.init(key(1)), key(6), 1000)
    const { y } = b.forward(params, z)
    const { x } = b.inverse(params, y)
    // the map contracts by up to 1 / 0.05, or more where bumps lie on one another
    near([...max(abs(sub(b.forward(params, x).y, y))).dataSync()], [0], { atol: 2e-6 })
    near([...max(abs(sub(x, z))).dataSync()], [0], { atol: 1e-3 })
  }),
)

s.test('what recipes of the sphere refuse', () => {
  throws(() => sphereFlow({ dimension: 1 }), /sphereFlow: expected 2 to 1000 dimensions, got 1/)
  throws(() => sphereFlow({ layers: 0 }), /sphereFlow: expected 1 to 1000 layers, got 0/)
  throws(() => circularNsf({ layers: 1.5 }), /circularNsf: expected 1 to 1000 layers, got 1.5/)
  throws(() => buildBijector(exponentialMap({ components: 0 }), { event: [3] }), /expected 1 to 1000 components, got 0 at components/)
  throws(() => buildBijector(exponentialMap({ conditioner: mlp() }), { event: [3] }), /expected a context, got none at conditioner/)
})

s.test('sizes that are no sphere', () => {
  throws(() => buildBijector(cylinder(), { event: [2] }), /expected 'cylinder' to get a vector event \[K\], K >= 3, got \[2\]/)
  throws(
    () => buildBijector(cylinder(), { event: [1], side: 'base' }),
    /expected 'cylinder' to get a vector event \[K\], K >= 2, got \[1\]/,
  )
  throws(
    () => buildBijector({ ...cylinder(), heights: 'reals' } as unknown as CylinderSpec, { event: [3] }), // as a caller without types may write it
    /build: expected heights to be real or left out, got reals at heights/,
  )
  throws(() => buildBijector(sphereMoebius(), { event: [1] }), /expected 'sphereMoebius' to get a vector event \[K\], K >= 2, got \[1\]/)
})

s.run()
