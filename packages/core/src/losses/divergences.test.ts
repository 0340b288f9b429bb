import { allocates, near, ok, suite, useTestBackend } from '@diffeo/testing'
import { tensor, tensor2d } from '@tensorflow/tfjs-core'
import { conditional } from '../bijectors/elementwise.ts'
import { diagonalNormalDistribution, standardNormal } from '../distributions/normal.ts'
import { uniform, uniformDistribution } from '../distributions/uniform.ts'
import { build } from '../flows/build.ts'
import { flow } from '../flows/flow.ts'
import { mlp } from '../networks/mlp.ts'
import { key } from '../random/key.ts'
import { tidy } from '../tensor.ts'
import { affine } from '../transformers/affine.ts'
import { crossEntropy, entropy, klDivergence } from './divergences.ts'
import type { Bound, Estimate } from './divergences.ts'

const s = suite('divergences')
s.before(() => useTestBackend('cpu'))
const test = (name: string, body: () => void): void => s.test(name, () => allocates(0, () => tidy(body)))

const gaussian = (mean: ReadonlyArray<number>, scales: ReadonlyArray<number>): Bound =>
  ({
    distribution: diagonalNormalDistribution([mean.length]),
    params: { mean: tensor([...mean]), logScale: tensor(scales.map(Math.log)) },
  }) as unknown as Bound
const box = (low: number, high: number): Bound => ({ distribution: uniformDistribution(uniform({ low, high }), [2]), params: {} }) as Bound

const means = [
  [0.5, -1],
  [0, 0.3],
] as const
const scales = [
  [0.7, 2],
  [1.2, 1.5],
] as const
const p = (): Bound => gaussian(means[0], scales[0])
const q = (): Bound => gaussian(means[1], scales[1])

const each = (f: (s: number, t: number, d: number) => number): number =>
  [0, 1].reduce((total, i) => total + f(scales[0][i]!, scales[1][i]!, means[0][i]! - means[1][i]!), 0)
const exactKl = each((s, t, d) => Math.log(t / s) + (s * s + d * d) / (2 * t * t) - 0.5)
const exactEntropy = each(s => 0.5 * Math.log(2 * Math.PI * Math.E * s * s))

const agrees = ({ value, standardError }: Estimate, exact: number, what: string): void => {
  ok(standardError > 0, `${what}: standard error ${standardError}`)
  ok(Math.abs(value - exact) <= 4 * standardError, `${what}: ${value} +- ${standardError} for ${exact}`)
}

test('of Gaussians, within four standard errors of the closed forms', () => {
  for (const seed of [1, 2, 3]) {
    const draws = { samples: 4000 }
    agrees(klDivergence(p(), q(), key(seed), draws), exactKl, 'klDivergence')
    agrees(entropy(p(), key(seed), draws), exactEntropy, 'entropy')
    agrees(crossEntropy(p(), q(), key(seed), draws), exactEntropy + exactKl, 'crossEntropy')
  }
})

test('the standard error is right: it shrinks as 1 / sqrt(n), and estimates scatter by it', () => {
  const errors = [400, 6400].map(samples => klDivergence(p(), q(), key(4), { samples }).standardError)
  near(errors[0]! / errors[1]!, 4, { rtol: 0.25 })
  const repeats = Array.from({ length: 60 }, (_, i) => klDivergence(p(), q(), key(100 + i), { samples: 400 }).value)
  const deviation = Math.sqrt(repeats.reduce((total, v) => total + (v - exactKl) ** 2, 0) / repeats.length)
  near(deviation, errors[0]!, { rtol: 0.35 })
})

test('of a distribution with itself: 0 with no error, and the cross entropy is the entropy', () => {
  const { value, standardError } = klDivergence(p(), p(), key(1), { samples: 500 })
  near([value, standardError], [0, 0], { atol: 1e-6 })
  near(crossEntropy(p(), p(), key(1), { samples: 500 }).value, entropy(p(), key(1), { samples: 500 }).value, { atol: 1e-6 })
})

test('of boxes: exact; infinite where p has mass and q has none', () => {
  near(entropy(box(0, 3), key(1), { samples: 100 }).value, 2 * Math.log(3), { atol: 1e-6 })
  near(klDivergence(box(0, 1), box(0, 2), key(1), { samples: 100 }).value, 2 * Math.log(2), { atol: 1e-6 })
  near(klDivergence(box(0, 2), box(0, 1), key(1), { samples: 100 }).value, Infinity)
})

test('a key decides the estimate', () => {
  const run = (seed: number): number => entropy(p(), key(seed), { samples: 50 }).value
  ok(run(1) === run(1) && run(1) !== run(2), 'draws')
})

test('of conditional flows, at a context of their own', () => {
  const f = build(flow({ base: standardNormal(), bijector: conditional(mlp({ hidden: [2] }), affine({ scale: 'exp' })) }), {
    event: [1],
    context: [1],
  })
  const start = f.init(key(0)) as unknown as {
    readonly base: Bound['params']
    readonly bijector: { readonly conditioner: Record<string, unknown>; readonly transformer: Bound['params'] }
  }
  // theta is the bias of the last layer, whatever the context: a shift of 1 and a scale of 2
  const params = {
    base: start.base,
    bijector: {
      conditioner: {
        ...start.bijector.conditioner,
        last: {
          w: tensor2d([
            [0, 0],
            [0, 0],
          ]),
          b: tensor([1, Math.log(2)]),
        },
      },
      transformer: start.bijector.transformer,
    },
  }
  const bound = { distribution: f, params, context: tensor2d([[0.5]]) } as unknown as Bound
  agrees(entropy(bound, key(3), { samples: 3000 }), 0.5 * Math.log(2 * Math.PI * Math.E * 4), 'entropy')
  const unit = gaussian([0], [1])
  agrees(klDivergence(bound, unit, key(3), { samples: 3000 }), -Math.log(2) + (4 + 1) / 2 - 0.5, 'klDivergence')
})

s.run()
