import { readFileSync } from 'node:fs'
import { foldIn, key, normalArray, uniformArray } from '@diffeo/core'
import { equal, is, near, ok, suite, throws } from '@diffeo/testing'
import { columnScale } from '../statistics/moments.ts'
import { firstRows, type Matrix, matrix, matrixOf } from '../matrix.ts'
import { meanWithError } from '../statistics/mean-with-error.ts'
import { trainClassifier } from './binary-classifier.ts'
import { classifierTwoSample } from './classifier-two-sample.ts'
import { energyDistance } from './energy-distance.ts'
import { hpdCoverage } from './hpd-coverage.ts'
import { latentPit } from './latent-pit.ts'
import { sbcRanks } from './sbc-ranks.ts'
import { tarp } from './tarp.ts'

const s = suite('calibration')

/** A model that is a normal in the plane of standard deviation `scale` about (shift, shift); the data's is 1 about 0. */
interface Model {
  readonly scale: number
  readonly shift: number
}
const right: Model = { scale: 1, shift: 0 }
const wrong: Readonly<Record<string, Model>> = {
  narrow: { scale: 0.75, shift: 0 },
  wide: { scale: 1.33, shift: 0 },
  shifted: { scale: 1, shift: 0.6 },
}
const dim = 2
const normals = (seed: number, n: number, { scale, shift }: Model = right): Matrix =>
  matrix(
    n,
    dim,
    Float64Array.from(normalArray(key(seed), n * dim), z => scale * z + shift),
  )
const toBase = (rows: Matrix, { scale, shift }: Model): Matrix =>
  matrix(
    rows.rows,
    dim,
    rows.values.map(x => (x - shift) / scale),
  )
const logProb = (rows: Matrix, model: Model): Float64Array => {
  const z = toBase(rows, model).values
  return Float64Array.from(
    { length: rows.rows },
    (_, i) => -0.5 * (z[2 * i]! ** 2 + z[2 * i + 1]! ** 2) - 2 * Math.log(model.scale) - Math.log(2 * Math.PI),
  )
}

const data = normals(1, 1500)
const coverageOf = (model: Model): ReturnType<typeof hpdCoverage> =>
  hpdCoverage(logProb(data, model), logProb(normals(2, 6000, model), model))
const classifierOf = (model: Model): ReturnType<typeof classifierTwoSample> =>
  classifierTwoSample(data, normals(3, 800, model), { key: key(4) })

const checks: Readonly<Record<string, (model: Model) => number>> = {
  latentPit: model => latentPit(toBase(data, model)).pValue,
  hpdCoverage: model => coverageOf(model).pValue,
  classifierTwoSample: model => classifierOf(model).pValue,
  energyDistance: model => energyDistance(data, normals(3, 1500, model), { key: key(4), rows: 500, permutations: 120 }).pValue,
}

/** theta ~ N(0, I), x = theta + e / 2: the posterior is normal about 0.8 x with variance 0.2; the model's is scaled and shifted in its sd. */
const posterior = ({ scale, shift }: Model, sets = 400, draws = 79): { readonly truths: Matrix; readonly draws: ReadonlyArray<Matrix> } => {
  const truths = normals(10, sets)
  const noise = normals(11, sets)
  const sd = Math.sqrt(0.2)
  const draw = (i: number): Matrix => {
    const z = normalArray(foldIn(key(12), i), draws * dim)
    return matrix(
      draws,
      dim,
      Float64Array.from(z, (v, at) => {
        const j = dim * i + (at % dim)
        return 0.8 * (truths.values[j]! + 0.5 * noise.values[j]!) + sd * (scale * v + shift)
      }),
    )
  }
  return { truths, draws: Array.from({ length: sets }, (_, i) => draw(i)) }
}
const posteriorChecks: Readonly<Record<string, (model: Model) => number>> = {
  sbcRanks: model => sbcRanks(posterior(model)).pValue,
  tarp: model => {
    const { truths, draws } = posterior(model)
    return tarp({ samples: draws, truths, key: key(13) }).pValue
  },
}

Object.entries({ ...checks, ...posteriorChecks }).forEach(([name, check]) => {
  s.test(`${name}: a calibrated model passes`, () => {
    const p = check(right)
    ok(p > 0.01, `p = ${p}`)
  })
  Object.entries(wrong).forEach(([fault, model]) =>
    s.test(`${name}: a model too ${fault} is caught`, () => {
      // A ball around a random point gains on one side of it what it loses on the other: TARP sees shifts in the second order.
      const p = check(name === 'tarp' && fault === 'shifted' ? { scale: 1, shift: 1.2 } : model)
      ok(p < 0.01, `p = ${p}`)
    }),
  )
})

s.test('latentPit: values are Phi, one test for each coordinate, the worst of them counts', () => {
  const half = matrix(
    1500,
    2,
    data.values.map((x, i) => (i % 2 === 0 ? x : x + 0.5)),
  )
  const { values, coordinates, pValue } = latentPit(half)
  near(latentPit(matrixOf([[0, 1.959963984540054, -Infinity]])).values.values, [0.5, 0.975, 0], { atol: 1e-12 })
  is(values.rows, 1500)
  ok(coordinates[0]!.pValue > 0.01 && coordinates[1]!.pValue < 1e-6)
  near(pValue, 2 * coordinates[1]!.pValue, { atol: 0 })
})

s.test('latentPit cannot see latents that depend on each other; the others can', () => {
  const mixed = matrix(
    1500,
    2,
    data.values.map((x, i) => (i % 2 === 0 ? x : 0.8 * data.values[i - 1]! + 0.6 * x)),
  )
  ok(latentPit(mixed).pValue > 0.01)
  ok(classifierTwoSample(mixed, normals(3, 800), { key: key(4) }).pValue < 1e-6)
  ok(energyDistance(mixed, normals(3, 1500), { key: key(4), rows: 500, permutations: 120 }).pValue < 0.01)
  ok(hpdCoverage(logProb(mixed, right), logProb(normals(2, 6000), right)).pValue < 0.01)
})

s.test('hpdCoverage cannot see data folded onto one side of a symmetric model; the others can', () => {
  const folded = matrix(1500, 2, data.values.map(Math.abs))
  near(hpdCoverage(logProb(folded, right), logProb(normals(2, 6000), right)).pValue, coverageOf(right).pValue, { atol: 0 })
  ok(latentPit(folded).pValue < 1e-6)
  ok(classifierTwoSample(folded, normals(3, 800), { key: key(4) }).pValue < 1e-6)
})

s.test('hpdCoverage: by hand, four samples', () => {
  const { levels, coverage } = hpdCoverage(Float64Array.of(5, 2, 0.5, -Infinity), Float64Array.of(1, 2, 3, 4))
  const at = (level: number): number => coverage[levels.findIndex(l => Math.abs(l - level) < 1e-9)]!
  near([at(0), at(0.49), at(0.5), at(0.99), at(1)], [0.25, 0.25, 0.5, 0.5, 1])
})

s.test('hpdCoverage: below the diagonal when too narrow, above when too wide, within the band when right', () => {
  const gap = (model: Model): number => meanWithError(coverageOf(model).coverage.map((c, i) => c - i / 100)).mean
  ok(gap(wrong['narrow']!) < -0.05)
  ok(gap(wrong['wide']!) > 0.05)
  const { coverage, low, high } = coverageOf(right)
  ok(coverage.filter((c, i) => c >= low[i]! && c <= high[i]!).length > 80)
})

s.test('classifierTwoSample: 1 for sets apart, 0.5 for sets alike, its error that of a coin', () => {
  const apart = classifierTwoSample(firstRows(data, 200), normals(3, 200, { scale: 1, shift: 8 }), { key: key(1) })
  ok(apart.accuracy > 0.99)
  const alike = classifierOf(right)
  near(alike.accuracy, 0.5, { atol: 3 * alike.standardError })
  near(alike.standardError, 0.5 / Math.sqrt(1600), { atol: 1e-15 })
  is(alike.folds.length, 5)
})

s.test('classifierTwoSample: the larger side is cut, far samples do no harm, the key decides all', () => {
  const few = firstRows(data, 100)
  const far = matrix(
    1500,
    2,
    data.values.map((x, i) => (i === 7 ? 1e12 : x)),
  )
  const [one, two] = [0, 0].map(() => classifierTwoSample(few, far, { key: key(2) }))
  near(one!.standardError, 0.5 / Math.sqrt(200), { atol: 1e-15 })
  equal(one, two)
})

s.test('classifierTwoSample: rows are scored by a classifier that has not seen them', () => {
  const many = (seed: number): Matrix => matrix(60, 40, Float64Array.from(normalArray(key(seed), 2400)))
  const { accuracy } = classifierTwoSample(many(20), many(21), { key: key(1) })
  ok(accuracy < 0.62, `${accuracy}`)
})

s.test('trainClassifier learns exclusive or, which no linear rule can', () => {
  const rows = matrix(800, 2, Float64Array.from(uniformArray(key(5), 1600, { low: -1, high: 1 })))
  const labels = Float64Array.from({ length: 800 }, (_, i) => (rows.values[2 * i]! * rows.values[2 * i + 1]! > 0 ? 1 : 0))
  const logits = trainClassifier(rows, labels, { key: key(6), hidden: [20, 20] })(rows)
  const share = meanWithError(logits.map((logit, i) => (logit > 0 === labels[i]! > 0 ? 1 : 0))).mean
  ok(share > 0.95, `${share}`)
})

s.test('energyDistance equals scipy in one dimension, after the scale', () => {
  const { a, b, squared } = (
    JSON.parse(readFileSync(new URL('../../../../tests/fixtures/scipy-statistics.json', import.meta.url), 'utf8')) as {
      readonly energyDistance: { readonly a: ReadonlyArray<number>; readonly b: ReadonlyArray<number>; readonly squared: number }
    }
  ).energyDistance
  const column = (x: ReadonlyArray<number>): Matrix => matrix(x.length, 1, Float64Array.from(x))
  const { scale } = columnScale(column([...a, ...b]))
  near(energyDistance(column(a), column(b), { key: key(0), permutations: 1 }).statistic * scale[0]!, squared, { atol: 1e-12 })
})

s.test('energyDistance: the least p-value is 1 / (1 + permutations), of a set with itself it is 0', () => {
  near(energyDistance(data, normals(3, 500, wrong['shifted']), { key: key(0), permutations: 19, rows: 300 }).pValue, 0.05, { atol: 1e-15 })
  near(energyDistance(firstRows(data, 50), firstRows(data, 50), { key: key(0), permutations: 5 }).statistic, 0, { atol: 1e-12 })
})

s.test('sbcRanks: the number of draws below the truth, by hand', () => {
  const draws = [
    matrixOf([
      [1, 5],
      [2, 6],
      [3, 7],
    ]),
    matrixOf([
      [1, 5],
      [2, 6],
      [3, 7],
    ]),
  ]
  const { ranks, draws: count } = sbcRanks({
    draws,
    truths: matrixOf([
      [0, 6.5],
      [2.5, 9],
    ]),
  })
  equal(ranks, Int32Array.of(0, 2, 2, 3))
  is(count, 3)
})

s.test('sbcRanks: ranks pile up at the ends when too narrow, in the middle when too wide', () => {
  const outer = (model: Model): number => meanWithError(sbcRanks(posterior(model)).ranks.map(r => (r < 20 || r > 59 ? 1 : 0))).mean
  ok(outer(wrong['narrow']!) > 0.55)
  ok(outer(wrong['wide']!) < 0.45)
})

s.test('tarp: the share of draws nearer to the reference than the truth, on known points', () => {
  const truths = matrixOf([[0], [1]])
  const draws = [matrixOf([[-100], [-100], [0]]), matrixOf([[1], [1], [1]])]
  near(tarp({ samples: draws, truths, key: key(0) }).shares, [0, 0])
  const reference = uniformArray(key(0), 2)
  const near0 = matrixOf([[reference[0]!], [reference[0]!], [-50]])
  near(tarp({ samples: [near0, draws[1]!], truths, key: key(0) }).shares, [2 / 3, 0])
})

s.test('tarp does not depend on the units', () => {
  const { truths, draws } = posterior(right, 50, 20)
  const inUnits = (m: Matrix): Matrix =>
    matrix(
      m.rows,
      2,
      m.values.map((x, i) => (i % 2 === 0 ? 1e6 * x + 3 : x)),
    )
  const shares = tarp({ samples: draws, truths, key: key(1) }).shares
  near(tarp({ samples: draws.map(inUnits), truths: inUnits(truths), key: key(1) }).shares, shares)
})

s.test('tarp: the curve is above the diagonal at small levels when too narrow', () => {
  const at20 = (model: Model): number => {
    const { truths, draws } = posterior(model)
    return tarp({ samples: draws, truths, key: key(13) }).coverage[20]!
  }
  ok(at20(wrong['narrow']!) > 0.22 && at20(wrong['wide']!) < 0.18)
})

s.test('what does not fit is named, with its place', () => {
  const nan = matrixOf([
    [0, 0],
    [0, NaN],
  ])
  throws(() => latentPit(nan), /^latentPit: expected numbers, got NaN at latents, row 1, column 1$/)
  throws(() => latentPit(matrix(0, 2)), /^latentPit: expected latents of one row or more, got 0 x 2$/)
  throws(
    () => hpdCoverage(Float64Array.of(NaN), Float64Array.of(1)),
    /^hpdCoverage: expected numbers, got NaN at log-densities of rows, row 0/,
  )
  throws(() => energyDistance(data, nan, { key: key(0) }), /^energyDistance: expected finite numbers, got NaN at b, row 1, column 1$/)
  throws(() => energyDistance(data, matrix(5, 3), { key: key(0) }), /^energyDistance: expected 2 columns in b, got 3$/)
  throws(() => classifierTwoSample(data, firstRows(data, 9), { key: key(0) }), /^classifierTwoSample: expected at least 10 rows a side/)
  throws(
    () => classifierTwoSample(data, matrixOf([[Infinity, 1]]), { key: key(0) }),
    /^classifierTwoSample: expected at least 2 rows of b, got 1$/,
  )
  const truths = firstRows(data, 2)
  throws(() => sbcRanks({ draws: [truths], truths }), /^sbcRanks: expected draws for 2 truths, got 1$/)
  throws(() => tarp({ samples: [truths, data], truths, key: key(0) }), /^tarp: expected 2 x 2 draws, got 1500 x 2 at observation 1$/)
})

s.run()
