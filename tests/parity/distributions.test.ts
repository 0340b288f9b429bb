import { buildDistribution, key, leaves, lowRankNormal, mapTree, multivariateNormal, tidy, vonMisesFisher } from '@diffeo/core'
import type { DistributionSpec, Params, Tree } from '@diffeo/core'
import { near, ok, suite, useTestBackend } from '@diffeo/testing'
import { tensor } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { readFileSync } from 'node:fs'
import { normalMixtureLogProb, normalMixtureOf } from '../../packages/core/src/distributions/mixture-made.ts'
import { implicitSlope } from '../../packages/core/src/random/gamma.ts'
import { angleSlope } from '../../packages/core/src/random/polar-angle.ts'
import { besselRatio, logPolarIntegral, logScaledBesselI0 } from '../../packages/core/src/special/log-bessel.ts'
import { digamma, logGamma } from '../../packages/core/src/special/log-gamma.ts'
import { logNormalCdf, normalQuantile, normalTails } from '../../packages/core/src/special/normal-tails.ts'

type Numbers = ReadonlyArray<number>
type Table = { readonly x: Numbers; readonly y: Numbers }
type NumberTree = Tree<number>
interface Scored {
  readonly leaves: NumberTree
  readonly x: ReadonlyArray<Numbers>
  readonly logProb: Numbers
}
interface Univariate {
  readonly name: string
  readonly spec: DistributionSpec
  readonly leaves: { readonly [name: string]: number }
  readonly x: Numbers
  readonly logProb: Numbers
  readonly quantiles: Numbers
}
interface Fixture {
  readonly logGamma: Table
  readonly digamma: Table
  readonly logScaledBesselI0: Table
  readonly besselRatio: Table
  readonly normalTails: { readonly x: Numbers; readonly lower: Numbers; readonly upper: Numbers }
  readonly normalQuantile: { readonly lower: Numbers; readonly upper: Numbers; readonly y: Numbers }
  readonly polarIntegral: { readonly kappa: Numbers; readonly dims: Numbers; readonly y: ReadonlyArray<Numbers> }
  readonly univariates: ReadonlyArray<Univariate>
  readonly multivariateNormal: Scored
  readonly lowRankNormal: Scored
  readonly vonMisesFisher: ReadonlyArray<Omit<Scored, 'leaves'> & { readonly direction: Numbers; readonly logConcentration: number }>
  readonly normalMixture: { readonly theta: ReadonlyArray<Numbers>; readonly x: Numbers; readonly logProb: Numbers }
  readonly slopes: {
    readonly gamma: { readonly a: Numbers; readonly logX: Numbers; readonly slope: Numbers }
    readonly vonMises: { readonly k: Numbers; readonly angle: Numbers; readonly slope: Numbers }
  }
}
const fixture = JSON.parse(readFileSync(new URL('../fixtures/distributions.json', import.meta.url), 'utf8')) as Fixture

const numbers = (f: () => Tensor): Float32Array => {
  const x = tidy(f)
  const values = x.dataSync<'float32'>()
  x.dispose()
  return values
}

/** Numbers, lists and lists of lists as tensors. */
const tensors = (record: { readonly [name: string]: unknown }): Params =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, tensor(value as number[])]))

const parity = { atol: 1e-4, rtol: 1e-4 }

for (const backend of ['cpu', 'wasm'] as const) {
  const s = suite(`special functions, ${backend}`)
  s.before(() => useTestBackend(backend))

  s.test('log Gamma and digamma are those of scipy', () => {
    near(
      numbers(() => logGamma(tensor([...fixture.logGamma.x]))),
      fixture.logGamma.y,
      { atol: 2e-6, rtol: 2e-6 },
    )
    near(
      numbers(() => digamma(tensor([...fixture.digamma.x]))),
      fixture.digamma.y,
      { atol: 2e-6, rtol: 2e-6 },
    )
  })

  s.test('Bessel functions are those of scipy', () => {
    near(
      numbers(() => logScaledBesselI0(tensor([...fixture.logScaledBesselI0.x]))),
      fixture.logScaledBesselI0.y,
      { atol: 1e-6, rtol: 1e-6 },
    )
    near(
      numbers(() => besselRatio(tensor([...fixture.besselRatio.x]))),
      fixture.besselRatio.y,
      { atol: 1e-6 },
    )
    const { kappa, dims, y } = fixture.polarIntegral
    dims.forEach((dim, i) =>
      near(
        numbers(() => logPolarIntegral(tensor([...kappa]), dim)),
        y[i]!,
        { atol: 2e-5, rtol: 1e-5, what: `dim ${dim}` },
      ),
    )
  })

  s.test('normal tails and quantiles are those of scipy', () => {
    const { x, lower, upper } = fixture.normalTails
    near(
      numbers(() => normalTails(tensor([...x])).lower),
      lower,
      { atol: 1e-37, rtol: 1e-5 },
    )
    near(
      numbers(() => normalTails(tensor([...x])).upper),
      upper,
      { atol: 1e-37, rtol: 1e-5 },
    )
    near(
      numbers(() => logNormalCdf(tensor([...x]))),
      lower.map(Math.log),
      { atol: 1e-6, rtol: 1e-6 },
    )
    const { y, ...tails } = fixture.normalQuantile
    const at = (swap: boolean): Float32Array =>
      numbers(() => {
        const [a, b] = [tensor([...tails.lower]), tensor([...tails.upper])]
        return normalQuantile(swap ? { lower: b, upper: a } : { lower: a, upper: b })
      })
    near(at(false), y, { atol: 2e-6, rtol: 2e-6 })
    near(
      at(true),
      y.map(v => -v),
      { atol: 2e-6, rtol: 2e-6 },
    )
  })
  s.run()
}

const s = suite('distributions, parity')
s.before(() => useTestBackend('cpu'))

s.test('samples move with their parameters as quantiles do', () => {
  const { gamma, vonMises } = fixture.slopes
  near(
    gamma.a.map((a, i) => implicitSlope(a, gamma.logX[i]!)),
    gamma.slope,
    { rtol: 1e-4 },
  )
  near(
    vonMises.k.map((k, i) => angleSlope(k, vonMises.angle[i]!, 2)),
    vonMises.slope,
    { rtol: 1e-3, atol: 1e-7 },
  )
})

for (const { name, spec, leaves: at, x, logProb, quantiles } of fixture.univariates) {
  const built = buildDistribution(spec, { event: [1] })
  const withParams = <A>(f: (params: Params) => A): A => {
    const params: Params = mapTree(value => tensor([value]), at)
    try {
      return f(params)
    } finally {
      leaves<Tensor>(params).forEach(leaf => leaf.dispose())
    }
  }
  s.test(`${name}: log-densities of scipy`, () =>
    withParams(params =>
      near(
        numbers(() => built.logProb(params, tensor([...x], [x.length, 1]))),
        logProb,
        parity,
      ),
    ),
  )
  s.test(`${name}: samples follow scipy's quantiles`, () =>
    withParams(params => {
      const n = 4000
      const drawn = numbers(() => built.sample(params, key(3), n)).sort()
      // Kolmogorov and Smirnov: a larger distance than 1.95 / sqrt(n) has probability 0.001
      const below = (q: number): number => drawn.filter(v => v <= q).length / n
      const distance = Math.max(...quantiles.map((q, i) => Math.abs(below(q) - (i + 1) / 100)))
      ok(distance < 1.95 / Math.sqrt(n), `distance ${distance}`)
    }),
  )
}

s.test('normal distributions of vectors are those of torch', () => {
  const judge = (spec: DistributionSpec, { leaves: at, x, logProb }: Scored): void =>
    near(
      numbers(() =>
        buildDistribution(spec, { event: [4] }).logProb(
          tensors(at as { readonly [name: string]: unknown }),
          tensor(x.map(row => [...row])),
        ),
      ),
      logProb,
      parity,
    )
  judge(multivariateNormal(), fixture.multivariateNormal)
  judge(lowRankNormal({ rank: 2 }), fixture.lowRankNormal)
})

s.test('mixtures of normals are those of torch', () => {
  const { theta, x, logProb } = fixture.normalMixture
  near(
    numbers(() => normalMixtureLogProb(normalMixtureOf(tensor(theta.map(row => [...row]))), tensor([...x]))),
    logProb,
    parity,
  )
})

s.test('the von Mises-Fisher distribution is that of scipy', () => {
  for (const { direction, logConcentration, x, logProb } of fixture.vonMisesFisher) {
    const built = buildDistribution(vonMisesFisher(), { event: [direction.length] })
    near(
      numbers(() => built.logProb(tensors({ direction, logConcentration }), tensor(x.map(row => [...row])))),
      logProb,
      {
        ...parity,
        what: `D = ${direction.length}, log k = ${logConcentration}`,
      },
    )
  }
})

s.run()
