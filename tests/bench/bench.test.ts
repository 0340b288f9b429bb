import { splineForward as coreSpline, key, knotsOf, normal } from '@diffeo/core'
import { equal, is, near, suite, useTestBackend } from '@diffeo/testing'
import { init, numpy as np } from '@jax-js/jax'
import { mul, sum } from '@tensorflow/tfjs-core'
import { bars } from './bars.ts'
import { jaxJs } from './contestants/jax-js.ts'
import { splineForward } from './contestants/jax-js-spline.ts'
import { familyId, familyNames } from './families.ts'
import type { Line, Measurement } from './measurement.ts'
import { filled, merged } from './page.ts'
import { picturesOf } from './pictures.ts'
import { median, quantile, ratioOf } from './statistics.ts'
import { tablesOf } from './tables.ts'
import { workOf } from './workloads.ts'

const line = (workload: string, contestant: string, rounds: ReadonlyArray<number>, more: Partial<Measurement> = {}): Measurement => ({
  workload,
  contestant,
  ms: median(rounds),
  min_ms: Math.min(...rounds),
  q1_ms: quantile(rounds, 0.25),
  q3_ms: quantile(rounds, 0.75),
  runs: rounds.length,
  threads: 1,
  rounds_ms: rounds,
  ...more,
})

const setting = (command: string): Line => ({
  setting: {
    command,
    date: '2026-01-01',
    commit: 'abc',
    processor: 'a processor',
    cores: 2,
    node: '20',
    pinning: 'none',
    threads: 1,
    quick: true,
    packages: {},
  },
})

const s = suite('the benchmark')
s.before(async () => {
  await useTestBackend('cpu')
  await init('wasm')
})

s.test('medians and quartiles', () => {
  is(median([3, 1, 2]), 2)
  is(median([4, 1, 3, 2]), 2.5)
  is(quantile([0, 1, 2, 3, 4], 0.25), 1)
})

s.test('ratios are of rounds: a slow spell that hits both does not count', () => {
  equal(ratioOf([20, 200, 20], [10, 100, 10]), { median: 2, low: 2, high: 2 })
  equal(ratioOf([20, 200], [10, 100, 10]), { median: 2, low: 2, high: 2 })
  is(ratioOf([], [1]), undefined)
})

s.test('goals are reached or missed by the ratios', () => {
  const lines = [line('W1', 'diffeo', [5, 5]), line('W1', 'diffeo-eager', [100, 50]), line('W1', 'zuko', [4, 4])]
  const of = (what: string): boolean | undefined => bars(lines).find(bar => bar.what === what)?.reached
  is(of('W1 against diffeo-eager'), true)
  is(of('W1 against zuko'), false)
  is(of('W1 against nflows'), undefined)
})

s.test('figures of a curve are not taken for those of the table', () => {
  const lines = [line('W1', 'diffeo', [5]), line('W1', 'diffeo', [9], { axis: 'dim', dim: 8 })]
  const times = tablesOf(lines).find(({ name }) => name === 'times-1')!.markdown
  is(/5 ms/.test(times) && !/9 ms/.test(times), true)
})

s.test('the extended table has every map, and a goal against each peer but nflows', () => {
  const lines = familyNames.map(name => line(familyId(name), 'diffeo', [5]))
  const peers = [line('X-planar', 'flowjax', [10]), line('X-plu', 'nflows', [20])]
  const named = (name: string): string => tablesOf([...lines, ...peers]).find(table => table.name === name)!.markdown
  is(named('transformers').split('\n').length, 2 + familyNames.length)
  is(/planar +\| +5 ms \| +\| +\| 2× \(2× to 2×\)/.test(named('transformers')), true)
  const got = bars([...lines, ...peers]).filter(bar => bar.what.startsWith('X-') && bar.got !== undefined)
  equal(
    got.map(({ what, reached }) => [what, reached]),
    [['X-planar against flowjax', true]],
  )
})

s.test('another value from the same code is told', () => {
  const missing = (value: number): string | undefined =>
    tablesOf([line('W1', 'diffeo-eager', [9], { value: 4 }), line('W1', 'diffeo', [5], { value })]).find(({ name }) => name === 'missing')
      ?.markdown
  is(missing(4.0001), undefined)
  is(/diffeo +\| +gives 5/.test(missing(5)!), true)
  is(missing(NaN) !== undefined, true)
})

s.test('a later sitting takes the place of what an earlier one had of the same', () => {
  const [old, fresh] = [line('W1', 'diffeo', [5]), line('W1', 'diffeo', [4])]
  const other = line('W2', 'diffeo', [7])
  equal(merged([setting('a'), old, other], [setting('b'), fresh]), [setting('a'), other, setting('b'), fresh])
  equal(merged([setting('a'), old], [setting('b'), fresh]), [setting('b'), fresh])
})

s.test('the page is filled between its marks, again and again', () => {
  const text = 'before\n\n<!-- bench: times-1 -->\n<!-- /bench -->\n\nafter $1\n'
  const once = filled(text, new Map([['times-1', 'a $& table']]))
  is(once, 'before\n\n<!-- bench: times-1 -->\n\na $& table\n\n<!-- /bench -->\n\nafter $1\n')
  is(filled(once, new Map([['times-1', 'a $& table']])), once)
  is(/Not measured yet/.test(filled(once, new Map())), true)
})

s.test('a picture for each workload that has a curve', () => {
  const lines = [8, 16].flatMap(dim => ['diffeo', 'diffeo-eager'].map(who => line('W3', who, [dim, 2 * dim], { axis: 'dim', dim })))
  const pictures = picturesOf(lines)
  equal(
    pictures.map(({ name }) => name),
    ['benchmark-w3'],
  )
  is(/diffeo-eager/.test(pictures[0]!.svg), true)
  is(/NaN/.test(pictures[0]!.svg), false)
})

s.test("jax-js' spline is core's", () => {
  const [theta, x] = [normal(key(1), [7, 2, 23]), mul(4, normal(key(2), [7, 2]))] // some lie outside
  const expected = coreSpline(knotsOf('softclip', theta, 8, 5), x, 5)
  const array = (values: Float32Array, shape: number[]): np.Array => np.array(values as Float32Array<ArrayBuffer>).reshape(shape)
  const got = splineForward(array(theta.dataSync<'float32'>(), [7, 46]), array(x.dataSync<'float32'>(), [7, 2]))
  near(got.y.dataSync(), expected.y.dataSync(), { atol: 1e-5 })
  near(got.logDet.dataSync(), sum(expected.logDeriv, 1).dataSync(), { atol: 1e-4 })
})

s.test("jax-js' training steps have the layers of the workloads", async () => {
  for (const id of ['W1', 'W2']) {
    const work = { ...workOf(id), rows: 32, layers: 2, hidden: [8] }
    const task = (await jaxJs(work))!
    task.run()
    const { value, multiplyAdds } = task.facts()
    is(Number.isFinite(value), true)
    const half = work.dim / 2
    is(multiplyAdds, 2 * (half * 8 + 8 * half * (id === 'W1' ? 2 : 23)))
  }
})

s.run()
