import { near, ok, suite, throws, useTestBackend } from '@diffeo/testing'
import { add, exp, mul, sum, tensor, tensor2d } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { buildDistribution } from '../flows/build.ts'
import { key, split } from '../random/key.ts'
import { normal } from '../random/sample.ts'
import { tidy } from '../tensor.ts'
import { leaves } from '../tree.ts'
import { gamma } from './gamma.ts'
import { laplace } from './laplace.ts'
import { mixture } from './mixture.ts'
import type { MixtureParams } from './mixture.ts'
import { multivariateNormal } from './multivariate-normal.ts'
import type { MultivariateNormalParams } from './multivariate-normal.ts'
import { diagonalNormal } from './normal.ts'

const values = (x: Tensor): ReadonlyArray<number> => Array.from(x.dataSync())

const s = suite('mixture')
s.before(() => useTestBackend('cpu'))

/** Two clusters of 300 and 100 rows, at (-4, 0) and (4, 2), the second of covariance [[1, 0.8], [0.8, 1]]. */
const rows = (): Tensor =>
  tidy(() => {
    const [a, b] = split(key(1))
    const first = add(mul(normal(a!, [300, 2]), 0.5), tensor([-4, 0]))
    const z = values(normal(b!, [100, 2]))
    const second = Array.from({ length: 100 }, (_, i) => [4 + z[2 * i]!, 2 + 0.8 * z[2 * i]! + 0.6 * z[2 * i + 1]!])
    return tensor2d([...Array.from({ length: 300 }, (_, i) => values(first).slice(2 * i, 2 * i + 2)), ...second])
  })

s.test('starts at the clusters of its rows', () => {
  for (const component of [multivariateNormal(), diagonalNormal(), laplace()]) {
    const built = buildDistribution(mixture([component, component]), { event: [2] })
    const params = built.adapt!(built.init(key(0)), rows()) as MixtureParams
    const weights = values(exp(params.logits))
    near([...weights].sort(), [101 / 402, 301 / 402], { atol: 1e-3 })
    const large = weights[0]! > weights[1]! ? 0 : 1
    const at = leaves<Tensor>(params.components[large]!)[0]!
    near(values(at), [-4, 0], { atol: 0.15 })
  }
})

s.test('a normal component has the covariance of its cluster', () => {
  const built = buildDistribution(mixture([multivariateNormal(), multivariateNormal()]), { event: [2] })
  const params = built.adapt!(built.init(key(0)), rows()) as MixtureParams
  const small = values(params.logits)[0]! < values(params.logits)[1]! ? 0 : 1
  const { mean, logScale, lower } = params.components[small] as MultivariateNormalParams
  near(values(mean), [4, 2], { atol: 0.3 })
  near(values(lower)[2]!, 0.8, { atol: 0.15 })
  near(values(exp(logScale)), [1, 0.6], { atol: 0.15 })
})

s.test('weights say how often a component is drawn', () => {
  const built = buildDistribution(mixture([diagonalNormal(), diagonalNormal(), diagonalNormal()]), { event: [1] })
  const at = (mean: number): object => ({ mean: tensor([mean]), logScale: tensor([-3]) })
  const params = { logits: tensor([0, Math.log(2), Math.log(3)]), components: [at(-5), at(0), at(5)] } as unknown as MixtureParams
  const drawn = values(built.sample(params, key(2), 6000))
  const shares = [-5, 0, 5].map(mean => drawn.filter(x => Math.abs(x - mean) < 1).length / 6000)
  near(shares, [1 / 6, 1 / 3, 1 / 2], { atol: 0.025 })
})

s.test('a fresh mixture has components that are apart, and its density integrates to one', () => {
  const built = buildDistribution(mixture([laplace(), laplace()]), { event: [1] })
  const params = built.init(key(0)) as MixtureParams
  const [first, second] = params.components.map(c => values(leaves<Tensor>(c)[0]!)[0]!)
  ok(first !== second)
  const grid = Array.from({ length: 4001 }, (_, i) => [-20 + i / 100])
  near(values(mul(sum(exp(built.logProb(params, tensor2d(grid)))), 0.01)), [1], { atol: 1e-3 })
})

s.test('components on different supports are refused', () => {
  throws(
    () => buildDistribution(mixture([laplace(), gamma()]), { event: [1] }),
    /mixture: expected components on real, got one on positive/,
  )
  throws(() => buildDistribution(mixture([]), { event: [1] }), /expected 1 to 1000 components at components/)
})

s.run()
