import { readFileSync } from 'node:fs'
import { near, ok, suite, throws } from '@diffeo/testing'
import { chiSquareSurvival, chiSquareTest } from './chi-square.ts'
import { logGamma, upperIncompleteGamma } from './incomplete-gamma.ts'
import { bonferroni, kolmogorovSurvival, twoSampleTest, uniformRankTest, uniformTest } from './kolmogorov.ts'
import { meanWithError, pairedDifference } from './mean-with-error.ts'
import { normalCdf, normalSurvival } from './normal.ts'

interface Points {
  readonly x: ReadonlyArray<number>
  readonly y: ReadonlyArray<number>
}
interface Fixture {
  readonly logGamma: Points
  readonly upperIncompleteGamma: Points & { readonly a: ReadonlyArray<number> }
  readonly normalCdf: Points
  readonly chiSquareSurvival: Points & { readonly degrees: number }
  readonly kolmogorovSurvival: Points
  readonly uniformTest: { readonly values: ReadonlyArray<number>; readonly statistic: number; readonly exactPValue: number }
  readonly twoSampleTest: Record<'a' | 'b', ReadonlyArray<number>> & { readonly statistic: number; readonly exactPValue: number }
  readonly chiSquareTest: Record<'observed' | 'expected', ReadonlyArray<number>> & { readonly statistic: number; readonly pValue: number }
}
const scipy = JSON.parse(readFileSync(new URL('../../../../tests/fixtures/scipy-statistics.json', import.meta.url), 'utf8')) as Fixture

const s = suite('statistics')

s.test('logGamma, the incomplete gamma function, normal and chi-square agree with scipy to 1e-12', () => {
  near(scipy.logGamma.x.map(logGamma), scipy.logGamma.y, { atol: 1e-12, rtol: 1e-13 })
  const { a, x, y } = scipy.upperIncompleteGamma
  near(
    x.map((xi, i) => upperIncompleteGamma(a[i]!, xi)),
    y,
    { atol: 1e-300, rtol: 1e-12 },
  )
  near(scipy.normalCdf.x.map(normalCdf), scipy.normalCdf.y, { atol: 0, rtol: 1e-11 })
  near(
    scipy.chiSquareSurvival.x.map(v => chiSquareSurvival(v, scipy.chiSquareSurvival.degrees)),
    scipy.chiSquareSurvival.y,
    { rtol: 1e-12, atol: 1e-300 },
  )
})

s.test('their limits', () => {
  near([normalCdf(-Infinity), normalCdf(Infinity), normalCdf(NaN), normalSurvival(0)], [0, 1, NaN, 0.5])
  near([upperIncompleteGamma(2, 0), upperIncompleteGamma(2, Infinity), upperIncompleteGamma(2, NaN)], [1, 0, NaN])
})

s.test('the Kolmogorov distribution agrees with scipy', () => {
  near(scipy.kolmogorovSurvival.x.map(kolmogorovSurvival), scipy.kolmogorovSurvival.y, { atol: 1e-13, rtol: 1e-10 })
  near([kolmogorovSurvival(0), kolmogorovSurvival(1e-3), kolmogorovSurvival(100), kolmogorovSurvival(NaN)], [1, 1, 0, NaN])
})

s.test('Kolmogorov-Smirnov statistics equal scipy, p-values its exact ones within 0.01', () => {
  const one = uniformTest(scipy.uniformTest.values)
  near(one.statistic, scipy.uniformTest.statistic, { atol: 1e-14 })
  near(one.pValue, scipy.uniformTest.exactPValue, { atol: 0.01 })
  const two = twoSampleTest(scipy.twoSampleTest.a, scipy.twoSampleTest.b)
  near(two.statistic, scipy.twoSampleTest.statistic, { atol: 1e-14 })
  near(two.pValue, scipy.twoSampleTest.exactPValue, { atol: 0.02 })
})

s.test('tied values count together, NaN gives NaN', () => {
  near(twoSampleTest([1, 1, 1], [1, 1, 1]).statistic, 0)
  near(twoSampleTest([0, NaN], [1, 2]).pValue, NaN)
  near(uniformTest([0.5, NaN]).statistic, NaN)
})

s.test('ranks: uniform ones pass, those in the middle do not', () => {
  const even = Array.from({ length: 1000 }, (_, i) => i % 10)
  near(uniformRankTest(even, 9).statistic, 0, { atol: 1e-12 })
  ok(uniformRankTest(even, 11).pValue < 1e-6)
})

s.test('the chi-square test equals scipy', () => {
  const { observed, expected, statistic, pValue } = scipy.chiSquareTest
  near(Object.values(chiSquareTest(observed, expected)), [statistic, pValue], { atol: 1e-12 })
  throws(() => chiSquareTest([1, 2], [1]), /^chiSquareTest: expected 1 counts, got 2$/)
})

s.test('Bonferroni: m times the least, at most 1', () => {
  near([bonferroni([0.01, 0.5, 0.2]), bonferroni([0.6, 0.7]), bonferroni([0.3])], [0.03, 1, 0.3], { atol: 1e-15 })
})

s.test('meanWithError: s / sqrt(n)', () => {
  near(Object.values(meanWithError([1, 2, 3, 4])), [2.5, Math.sqrt(5 / 3 / 4)], { atol: 1e-15 })
  near(Object.values(meanWithError([7])), [7, NaN])
})

s.test('pairedDifference: what two densities have in common falls out', () => {
  const a = Float64Array.from({ length: 100 }, (_, i) => 100 * Math.sin(i))
  const b = a.map((x, i) => x - 0.5 + 0.1 * (-1) ** i)
  const { mean, standardError } = pairedDifference(a, b)
  near([mean, standardError], [0.5, (0.1 * Math.sqrt(100 / 99)) / 10], { atol: 1e-12 })
  throws(() => pairedDifference(a, [1]), /^pairedDifference: expected 100 values in b, got 1$/)
})

s.run()
