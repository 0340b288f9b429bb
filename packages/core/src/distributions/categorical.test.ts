import { is, near, ok, suite, throws, useTestBackend } from '@diffeo/testing'
import { add, exp, mul, sum, tensor } from '@tensorflow/tfjs-core'
import type { Params } from '../contracts.ts'
import { buildDistribution } from '../flows/build.ts'
import { mlp } from '../networks/mlp.ts'
import { foldIn, key } from '../random/key.ts'
import { normal } from '../random/sample.ts'
import { leaves, mapTree } from '../tree.ts'
import { categorical } from './categorical.ts'

const s = suite('categorical')
s.before(() => useTestBackend('cpu'))

const counts = [2, 3, 4]
const all = Array.from({ length: 24 }, (_, i) => [i % 2, Math.floor(i / 2) % 3, Math.floor(i / 6)])
const built = buildDistribution(categorical(counts, { conditioner: mlp({ hidden: [5] }) }), { event: [3], context: [2] })
const moved = (params: Params): Params => {
  const order = leaves(params)
  return mapTree(leaf => add(leaf, mul(normal(foldIn(key(5), order.indexOf(leaf)), leaf.shape), 0.7)), params)
}
const values = (x: { dataSync(): ArrayLike<number> }): ReadonlyArray<number> => Array.from(x.dataSync())

s.test('all categories are equally likely at the start', () => {
  const start = built.init(key(0))
  near(values(built.logProb(start, tensor(all), tensor([[0.3, -1]]))), Array(24).fill(-Math.log(24)), { atol: 1e-6 })
})

s.test('probabilities of all codes sum to one, given any context', () => {
  const params = moved(built.init(key(0)))
  for (const context of [
    [0, 0],
    [2, -3],
  ])
    near(values(sum(exp(built.logProb(params, tensor(all), tensor([context]))))), [1], { atol: 1e-5 })
})

s.test('samples come as often as they are likely', () => {
  const params = moved(built.init(key(0)))
  const context = tensor([[0.5, 1]])
  const n = 20_000
  const drawn = values(built.sample(params, key(1), n, context))
  const tally = new Float64Array(24)
  for (let i = 0; i < n; i++) tally[drawn[3 * i]! + 2 * drawn[3 * i + 1]! + 6 * drawn[3 * i + 2]!]! += 1
  const p = values(exp(built.logProb(params, tensor(all), context)))
  const chi2 = p.reduce((total, q, k) => total + (tally[k]! - n * q) ** 2 / (n * q), 0)
  ok(chi2 < 50, `chi-square ${chi2} on 23 degrees of freedom`)
})

s.test('what is no code is impossible', () => {
  const params = built.init(key(0))
  const rows = tensor([
    [0, 1, 4],
    [0.5, 1, 2],
    [-1, 0, 0],
    [0, 1, 3],
    [0, NaN, 3],
  ])
  const got = values(built.logProb(params, rows, tensor([[0, 0]])))
  is(
    got.slice(0, 3).every(value => value === -Infinity),
    true,
  )
  ok(Number.isFinite(got[3]))
  ok(Number.isNaN(got[4]))
})

s.test('refuses numbers that are none of categories', () => {
  throws(
    () => buildDistribution(categorical([1]), { event: [1] }),
    /expected numbers of categories, each at least 2, got \[1\] at categories/,
  )
  throws(() => buildDistribution(categorical([2, 2]), { event: [3] }), /expected \[3\] numbers of categories, got 2 at categories/)
})

s.run()
