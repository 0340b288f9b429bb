import { equal, is, near, ok, suite } from '@diffeo/testing'
import { innerTicks, tickFormat } from './axis.ts'
import { densityGrid, levels, rangeOf, valueAt } from './density-grid.ts'
import { count, counted, estimate, percent, pValue, short, withError } from './format.ts'
import { gridRows } from './heat-map.ts'
import { histogramOf, outline } from './histogram.ts'
import { escapeMarkup, shortened } from './markup.ts'

const s = suite('cli: numbers of the report')

s.test('estimates have two digits of their error', () => {
  equal(
    [withError(-11.28124, 0.0271), withError(3.14159, 1.5), withError(1234.5, 30), withError(0.5, 0)],
    ['−11.281 ± 0.027', '3.1 ± 1.5', '1235 ± 30', '0.500 ± 0.000'],
  )
  equal([estimate(-0.0001, 0.05), estimate(-2, NaN)], ['0.000', '−2.000'])
})

s.test('short numbers, counts, shares and p-values', () => {
  equal(
    [short(1.5), short(-0.25), short(1234567), short(100), short(1e-9), short(NaN), short(0)],
    ['1.5', '−0.25', '1.235e6', '100', '1e-9', 'NaN', '0'],
  )
  equal([count(38844), counted(1, 'row'), counted(0, 'row')], ['38,844', '1 row', '0 rows'])
  equal([percent(0.534, 1), percent(1)], ['53.4 %', '100 %'])
  equal([pValue(0.2134), pValue(0.0042), pValue(1e-9)], ['p = 0.21', 'p = 0.004', 'p < 0.001'])
})

s.test('markup is escaped, long names are cut', () => {
  is(escapeMarkup('<a href="x">&\u0000\u202e'), '&#60;a href=&#34;x&#34;&#62;&#38;\ufffd\ufffd')
  equal([shortened('abcdef', 6), shortened('abcdefg', 6)], ['abcdef', 'abcde…'])
})

s.test('a histogram counts shares, and leaves out what is outside', () => {
  const bins = histogramOf(Float64Array.of(0, 0.1, 0.6, 2, NaN), { low: 0, high: 1 }, 2)
  equal(bins, [
    { low: 0, high: 0.5, density: 0.4 },
    { low: 0.5, high: 1, density: 0.2 },
  ])
  equal(
    outline(bins).map(({ x }) => x),
    [0, 0.5, 0.5, 1],
  )
})

s.test('ranges leave out the far tails, and have a width where values do not', () => {
  const { low, high } = rangeOf([...Array.from({ length: 1000 }, (_, i) => i), 1e9, -1e9])
  ok(low > -100 && low < 0 && high > 999 && high < 1100)
  equal(rangeOf([3, 3, 3]), { low: 2.5, high: 3.5 })
  equal(rangeOf([NaN]), rangeOf([]))
})

s.test('a grid holds all the mass inside, and its levels the shares asked for', () => {
  const x = Float64Array.from({ length: 4000 }, (_, i) => Math.sin(i * 12.9898) + Math.sin(i * 7.233) + Math.sin(i * 3.77))
  const y = Float64Array.from({ length: 4000 }, (_, i) => Math.cos(i * 78.233) + Math.cos(i * 5.171))
  const [xRange, yRange] = [rangeOf(x, 0), rangeOf(y, 0)]
  const grid = densityGrid(x, y, xRange, yRange)
  near(
    grid.values.reduce((a, b) => a + b, 0),
    1,
    { atol: 0.02 },
  )
  const [outer, inner] = levels(grid, [0.95, 0.39])
  ok(outer! < inner!)
  const share = (level: number): number => x.filter((a, i) => valueAt(grid, xRange, yRange, a, y[i]!) >= level).length / x.length
  near([share(outer!), share(inner!)], [0.95, 0.39], { atol: 0.05 })
  is(valueAt(grid, xRange, yRange, 1e9, 0), 0)
})

s.test('ticks keep away from the ends, and large numbers are written short', () => {
  equal(innerTicks({ low: 0, high: 10 }, 5), [2, 4, 6, 8])
  equal(innerTicks({ low: 0.96, high: 1.04 }, 1), [1])
  equal(
    [tickFormat({ low: 0, high: 50 }), tickFormat({ low: 1.16e9, high: 1.17e9 }), tickFormat({ low: -1e-5, high: 0 })],
    [{}, { tickFormat: '~s' }, { tickFormat: '~e' }],
  )
})

s.test('the rows of a map run along x first, at the centres of the cells', () => {
  equal([...gridRows({ low: 0, high: 2 }, { low: 10, high: 14 }, 2)], [0.5, 11, 1.5, 11, 0.5, 13, 1.5, 13])
})

s.run()
