import { foldIn, key, normalArray, uniformArray } from '@diffeo/core'
import { equal, is, near, not, ok, suite, throws } from '@diffeo/testing'
import { columnOf, firstRows, joinColumns, type Matrix, matrix, matrixOf, selectRows } from '../matrix.ts'
import { meanWithError } from '../statistics/mean-with-error.ts'
import { halfLogTwoPi } from '../statistics/normal.ts'
import type { FitBaseline } from './baseline.ts'
import { expectationMaximization, kMeansStart } from './expectation-maximization.ts'
import { gaussian } from './gaussian.ts'
import { gaussianMixture } from './gaussian-mixture.ts'
import { goldenSection } from './golden-section.ts'
import { kernelDensity } from './kernel-density.ts'
import { moments } from '../statistics/moments.ts'
import { conditionalLogProb, prepare } from './normal-mixture.ts'

const s = suite('baselines')
const baselines: ReadonlyArray<readonly [string, FitBaseline]> = Object.entries({ gaussian, gaussianMixture, kernelDensity })

/** x = mean + L z. */
const normalRows = (seed: number, n: number, mean: ReadonlyArray<number>, factor: ReadonlyArray<ReadonlyArray<number>>): Matrix => {
  const dim = mean.length
  const z = normalArray(key(seed), n * dim)
  const values = Float64Array.from(z, (_, i) => {
    const row = i - (i % dim)
    return mean[i % dim]! + factor[i % dim]!.reduce((sum, l, j) => sum + l * z[row + j]!, 0)
  })
  return matrix(n, dim, values)
}
const mean = [1, -2, 3]
const factor = [
  [2, 0, 0],
  [0.6, 0.5, 0],
  [-1, 0.3, 0.7],
]
const train = normalRows(1, 2000, mean, factor)
const validation = normalRows(2, 300, mean, factor)
const test = normalRows(3, 1000, mean, factor)

/** The log-density of that normal: its covariance is L L'. */
const trueNormal = (rows: Matrix): Float64Array =>
  Float64Array.from({ length: rows.rows }, (_, i) => {
    const z: number[] = []
    for (let j = 0; j < 3; j++)
      z.push((rows.values[3 * i + j]! - mean[j]! - z.reduce((sum, zl, l) => sum + factor[j]![l]! * zl, 0)) / factor[j]![j]!)
    return z.reduce((sum, zj, j) => sum - 0.5 * zj * zj - Math.log(factor[j]![j]!) - halfLogTwoPi, 0)
  })

/** Three normals in the plane, of standard deviation 0.5, weights 0.5, 0.3, 0.2. */
const centres = [
  [-3, 0],
  [2, 2],
  [1, -3],
]
const weights = [0.5, 0.3, 0.2]
const threeClusters = (seed: number, n: number): Matrix => {
  const u = uniformArray(key(seed), n)
  const z = normalArray(foldIn(key(seed), 1), 2 * n)
  const pick = (v: number): number => (v < 0.5 ? 0 : v < 0.8 ? 1 : 2)
  return matrix(
    n,
    2,
    Float64Array.from(z, (v, i) => centres[pick(u[i >> 1]!)]![i % 2]! + 0.5 * v),
  )
}
const trueClusters = (rows: Matrix): Float64Array =>
  Float64Array.from({ length: rows.rows }, (_, i) =>
    Math.log(
      centres.reduce((sum, [x, y], k) => {
        const squares = ((rows.values[2 * i]! - x!) ** 2 + (rows.values[2 * i + 1]! - y!) ** 2) / 0.25
        return sum + (weights[k]! * Math.exp(-0.5 * squares)) / (2 * Math.PI * 0.25)
      }, 0),
    ),
  )
const clusters = { train: threeClusters(4, 3000), validation: threeClusters(5, 1000), test: threeClusters(6, 3000) }

const sumExp = (logs: Float64Array): number => logs.reduce((sum, x) => sum + Math.exp(x), 0)
const line = (low: number, high: number, n: number): ReadonlyArray<number> =>
  Array.from({ length: n }, (_, i) => low + ((i + 0.5) * (high - low)) / n)

s.test('gaussian: maximum likelihood of a known normal, the same density as the formula', () => {
  const fitted = gaussian(train, validation, { key: key(0) })
  is(fitted.detail, 'full covariance')
  const { mean: m, covariance } = moments(train)
  near(m, mean, { atol: 0.1 })
  near(covariance, [4, 1.2, -2, 1.2, 0.61, -0.45, -2, -0.45, 1.58], { atol: 0.2 })
  near(meanWithError(fitted.logProb(test)).mean, meanWithError(trueNormal(test)).mean, { atol: 0.005 })
})

s.test('gaussianMixture: three clusters are found, the held-out likelihood is the true one', () => {
  const fitted = gaussianMixture(clusters.train, clusters.validation, { key: key(0) })
  ok(/^[48] components$/.test(fitted.detail), fitted.detail)
  const [got, truth] = [fitted.logProb(clusters.test), trueClusters(clusters.test)]
  near(meanWithError(got).mean, meanWithError(truth).mean, { atol: 0.02 })
  near(Math.max(...got.map((x, i) => Math.abs(Math.exp(x) - Math.exp(truth[i]!)))), 0, { atol: 0.05 })
})

s.test('gaussianMixture: on a normal it is no better than one, and close to it', () => {
  const fitted = gaussianMixture(train, validation, { key: key(0) })
  near(meanWithError(fitted.logProb(test)).mean, meanWithError(trueNormal(test)).mean, { atol: 0.02 })
})

s.test('EM never loses likelihood', () => {
  let mixture = kMeansStart(key(1), clusters.train, 5, 0)
  let last = -Infinity
  for (let i = 0; i < 20; i++) {
    const score = meanWithError(conditionalLogProb(prepare(mixture), clusters.train, 0)).mean
    ok(score >= last - 1e-12, `iteration ${i}: ${score} after ${last}`)
    last = score
    mixture = expectationMaximization(mixture, clusters.train, { iterations: 1, tolerance: 0, floor: 0 })
  }
})

s.test('EM of one component is the maximum-likelihood normal', () => {
  const fitted = expectationMaximization(kMeansStart(key(1), train, 1, 0), train, { iterations: 3, tolerance: 0, floor: 0 })
  near(conditionalLogProb(prepare(fitted), test, 0), gaussian(train, validation, { key: key(0) }).logProb(test), { atol: 1e-9 })
})

s.test('one step of EM from anywhere gives one component its mean and covariance', () => {
  const start = {
    dim: 3,
    weights: Float64Array.of(1),
    means: Float64Array.of(5, 5, 5),
    factors: Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1),
  }
  const { means, factors } = expectationMaximization(start, train, { iterations: 1, tolerance: 0, floor: 0 })
  const expected = moments(train)
  near(means, expected.mean, { atol: 1e-10 })
  near([factors[0]! ** 2, factors[0]! * factors[3]!], [expected.covariance[0]!, expected.covariance[3]!], { atol: 1e-10 })
})

s.test('mixture and kernels: what is given chooses the component', () => {
  const half = (m: Matrix, j: number): Matrix => matrix(m.rows, 1, columnOf(m, j))
  const some = firstRows(clusters.train, 1000)
  for (const fit of [gaussianMixture, kernelDensity]) {
    const given = { train: half(some, 0), validation: half(clusters.validation, 0) }
    const fitted = fit(half(some, 1), half(clusters.validation, 1), { key: key(0), given })
    const at = matrix(
      400,
      1,
      Float64Array.from({ length: 400 }, (_, i) => (i < 200 ? -3 : 2.8)),
    )
    const y = columnOf(fitted.sample(key(3), 400, at), 0)
    near(meanWithError(y.subarray(0, 200)).mean, 0, { atol: 0.2 })
    const upper = y.subarray(200).filter(v => v > 0).length / 200
    near(upper, 1, { atol: 0.1, what: 'at x = 2.8 the cluster about (2, 2) outweighs that about (1, -3)' })
  }
})

s.test('kernelDensity: near the truth in one dimension', () => {
  const oneColumn = (m: Matrix): Matrix => matrix(m.rows, 1, columnOf(m, 0))
  const fitted = kernelDensity(oneColumn(clusters.train), oneColumn(clusters.validation), { key: key(0) })
  const truth = (x: number): number =>
    centres.reduce((sum, [c], k) => sum + (weights[k]! * Math.exp(-2 * (x - c!) ** 2)) / Math.sqrt(2 * Math.PI * 0.25), 0)
  const at = line(-5, 4, 90)
  const got = fitted.logProb(matrix(90, 1, Float64Array.from(at)))
  near(got.map(Math.exp), at.map(truth), { atol: 0.03 })
})

s.test('kernelDensity is the sum of its kernels', () => {
  const few = firstRows(clusters.train, 40)
  const held = firstRows(clusters.validation, 400)
  const [fitted, single] = [kernelDensity(few, held, { key: key(0) }), kernelDensity(few, held, { key: key(5) })]
  near(fitted.logProb(clusters.test), single.logProb(clusters.test), { atol: 1e-12, what: 'the key chooses nothing here' })
  const { covariance: c } = moments(few)
  const determinant = c[0]! * c[3]! - c[1]! * c[2]!
  const point = [0.3, -0.7]
  const distances = Array.from({ length: 40 }, (_, j) => {
    const [dx, dy] = [point[0]! - few.values[2 * j]!, point[1]! - few.values[2 * j + 1]!]
    return (c[3]! * dx * dx - 2 * c[1]! * dx * dy + c[0]! * dy * dy) / determinant
  })
  const byHand = (h: number): number =>
    Math.log(distances.reduce((sum, d) => sum + Math.exp((-0.5 * d) / h ** 2), 0) / (40 * 2 * Math.PI * h * h * Math.sqrt(determinant)))
  const h = Number(/bandwidth (.*)$/.exec(fitted.detail)![1])
  const got = fitted.logProb(matrixOf([point]))[0]!
  ok(Math.min(byHand(h * 0.95), byHand(h * 1.05)) <= got && got <= Math.max(byHand(h * 0.95), byHand(h * 1.05)), `${got} at h = ${h}`)
})

s.test('goldenSection finds a maximum', () => {
  near(
    goldenSection(x => -((x - 0.3) ** 2), -2, 5, 1e-6),
    0.3,
    { atol: 1e-6 },
  )
})

baselines.forEach(([name, fit]) => {
  const one = (m: Matrix): Matrix => matrix(m.rows, 1, columnOf(m, 0))

  s.test(`${name}: integrates to 1 in one and two dimensions`, () => {
    const inLine = fit(one(clusters.train), one(clusters.validation), { key: key(0) })
    const at = line(-20, 20, 4000)
    near((40 / 4000) * sumExp(inLine.logProb(matrix(4000, 1, Float64Array.from(at)))), 1, { atol: 1e-6 })
    const inPlane = fit(firstRows(clusters.train, 500), clusters.validation, { key: key(0) })
    const grid = line(-15, 15, 200).flatMap(x => line(-15, 15, 200).map(y => [x, y]))
    near((30 / 200) ** 2 * sumExp(inPlane.logProb(matrixOf(grid))), 1, { atol: 1e-4 })
  })

  s.test(`${name}: given a column it integrates to 1, and is the joint over the marginal`, () => {
    const split = (m: Matrix): readonly [Matrix, Matrix] => [matrix(m.rows, 1, columnOf(m, 0)), matrix(m.rows, 1, columnOf(m, 1))]
    const [[c, x], [cv, xv]] = [split(firstRows(clusters.train, 1000)), split(clusters.validation)]
    const conditional = fit(x, xv, { key: key(0), given: { train: c, validation: cv } })
    const at = matrix(2000, 1, Float64Array.from(line(-30, 30, 2000)))
    for (const known of [-3, 0, 2.4])
      near((60 / 2000) * sumExp(conditional.logProb(at, matrixOf([[known]]))), 1, { atol: 1e-6, what: `c = ${known}` })
  })

  s.test(`${name}: samples have the density's moments`, () => {
    const fitted = fit(train, validation, { key: key(0) })
    const { mean: m, covariance } = moments(fitted.sample(key(7), 20000))
    const expected = moments(train)
    const wider = name === 'kernelDensity' ? 1 + Number(/bandwidth ([0-9.]+)/.exec(fitted.detail)![1]) ** 2 : 1
    near(m, expected.mean, { atol: 0.06 })
    near(
      covariance,
      expected.covariance.map(v => v * wider),
      { atol: 0.15 },
    )
  })

  s.test(`${name}: conditional samples follow the regression line`, () => {
    const given = (m: Matrix): Matrix => matrix(m.rows, 1, columnOf(m, 0))
    const rest = (m: Matrix): Matrix =>
      matrix(
        m.rows,
        2,
        Float64Array.from({ length: 2 * m.rows }, (_, i) => m.values[3 * (i >> 1) + 1 + (i % 2)]!),
      )
    const fitted = fit(rest(train), rest(validation), { key: key(0), given: { train: given(train), validation: given(validation) } })
    const samples = fitted.sample(key(8), 20000, matrixOf([[3]]))
    const { mean: m, covariance } = moments(samples)
    const loose = name === 'kernelDensity' ? 0.12 : 0.05
    near(m, [-2 + 0.6, 3 - 1], { atol: loose })
    near(covariance, [0.25, 0.15, 0.15, 0.58], { atol: name === 'kernelDensity' ? 0.2 : loose })
    const each = matrix(
      300,
      1,
      Float64Array.from({ length: 300 }, (_, i) => (i < 150 ? -1 : 3)),
    )
    const rows = fitted.sample(key(9), 300, each)
    near(meanWithError(columnOf(firstRows(rows, 150), 0)).mean, -2.6, { atol: 0.2 })
    near(meanWithError(columnOf(selectRows(rows, line(150, 300, 150).map(Math.floor)), 0)).mean, -1.4, { atol: 0.2 })
    const truth =
      meanWithError(trueNormal(test)).mean -
      meanWithError(columnOf(test, 0).map(x => -0.5 * ((x - 1) / 2) ** 2 - Math.log(2) - halfLogTwoPi)).mean
    near(meanWithError(fitted.logProb(rest(test), given(test))).mean, truth, { atol: name === 'kernelDensity' ? 0.1 : 0.02 })
  })

  s.test(`${name}: does not depend on the units, also where float32 would lose the column`, () => {
    const inUnits = (m: Matrix): Matrix =>
      matrix(
        m.rows,
        2,
        m.values.map((v, i) => (i % 2 === 0 ? 1.6e9 + 30 * v : 1e-6 * v)),
      )
    const some = firstRows(clusters.train, 500)
    const [a, b] = [
      fit(some, clusters.validation, { key: key(0) }).logProb(clusters.test),
      fit(inUnits(some), inUnits(clusters.validation), { key: key(0) }).logProb(inUnits(clusters.test)),
    ]
    near(
      b,
      a.map(x => x - Math.log(30) - Math.log(1e-6)),
      { atol: 1e-4 },
    )
  })

  s.test(`${name}: a row of NaN gives NaN for itself alone, a far one a finite density or none, no rows none`, () => {
    const fitted = fit(firstRows(train, 200), validation, { key: key(0) })
    const [first, nan, far, last] = fitted.logProb(
      matrixOf([
        [0, 0, 0],
        [0, NaN, 0],
        [1e6, -1e6, 1e6],
        [1, 1, 1],
      ]),
    )
    near(
      [first!, last!],
      fitted.logProb(
        matrixOf([
          [0, 0, 0],
          [1, 1, 1],
        ]),
      ),
      { atol: 1e-12 },
    )
    near(nan!, NaN)
    ok(far! < -1e6)
    is(fitted.logProb(matrix(0, 3)).length, 0)
    is(fitted.sample(key(1), 0).rows, 0)
  })

  s.test(`${name}: the same key, the same fit and samples`, () => {
    const [a, b] = [0, 0].map(seed => fit(firstRows(clusters.train, 300), clusters.validation, { key: key(seed) }))
    near(a!.logProb(clusters.test), b!.logProb(clusters.test), { atol: 0 })
    equal(a!.sample(key(1), 10).values, b!.sample(key(1), 10).values)
    not.equal(a!.sample(key(1), 10).values, a!.sample(key(2), 10).values)
  })

  s.test(`${name}: columns that depend on each other do not stop it`, () => {
    const doubled = (m: Matrix): Matrix => joinColumns(m, m)
    const fitted = fit(doubled(firstRows(train, 300)), doubled(firstRows(validation, 50)), { key: key(0) })
    ok(fitted.logProb(doubled(test)).every(Number.isFinite))
    if (name === 'gaussian') ok(/ridge 1e-/.test(fitted.detail), fitted.detail)
  })

  s.test(`${name}: what does not fit is named`, () => {
    const fitted = fit(firstRows(train, 200), validation, { key: key(0) })
    throws(() => fit(firstRows(train, 1), validation, { key: key(0) }), new RegExp(`^${name}: expected at least 2 training rows, got 1$`))
    throws(
      () => fit(train, firstRows(validation, 0), { key: key(0) }),
      new RegExp(`^${name}: expected at least 1 validation row, got none$`),
    )
    throws(() => fit(train, clusters.validation, { key: key(0) }), new RegExp(`^${name}: expected 3 validation columns, got 2$`))
    throws(() => fitted.logProb(clusters.test), new RegExp(`^${name}: expected 3 columns, got 2$`))
    throws(() => fitted.logProb(test, matrixOf([[1]])), new RegExp(`^${name}: expected 0 given columns, got 1`))
    const some = firstRows(train, 100)
    const conditional = fit(some, validation, { key: key(0), given: { train: some, validation } })
    throws(() => conditional.sample(key(1), 5), new RegExp(`^${name}: expected 3 given columns, got 0`))
    throws(() => conditional.sample(key(1), 5, firstRows(train, 2)), new RegExp(`^${name}: expected 5 given rows or 1, got 2$`))
  })
})

s.run()
