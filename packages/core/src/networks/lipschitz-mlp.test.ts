import { near, ok, suite, useTestBackend } from '@diffeo/testing'
import { add, matMul, mul, norm, sub, tensor2d } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { foldIn, key } from '../random/key.ts'
import { normal } from '../random/sample.ts'
import { mapTree } from '../tree.ts'
import type { Network, Params } from '../contracts.ts'
import { lipschitzMlp, lipschitzMlpNetwork, spectralBound } from './lipschitz-mlp.ts'

const values = (x: Tensor): ReadonlyArray<number> => Array.from(x.dataSync())

const networkOf = (constant: number, activation: 'elu' | 'silu' | 'softplus'): Network => {
  const spec = lipschitzMlp({ hidden: [16, 16], constant, activation })
  const builder = undefined as never // an mlp holds no other spec
  const site = { input: [3], output: [3], context: undefined, autoregressive: false, path: [], builder }
  return lipschitzMlpNetwork(spec, site) as Network
}

const s = suite('lipschitzMlp')
s.before(() => useTestBackend('cpu'))

s.test('the bound of the largest singular value is from above, within 5 %', () => {
  near(
    values(
      spectralBound(
        tensor2d([
          [3, 0],
          [0, -4],
        ]),
      ),
    ),
    [4],
    { atol: 0.05 },
  )
  ;[
    [5, 9],
    [30, 7],
    [40, 40],
  ].forEach(([rows, columns], i) => {
    const w = normal(foldIn(key(1), i), [rows!, columns!])
    // by power iteration, from below
    const direction = Array.from({ length: 400 }).reduce<Tensor>(
      v => {
        const next = matMul(w, matMul(w, v), true)
        return mul(next, 1 / values(norm(next))[0]!)
      },
      normal(key(2), [columns!, 1]),
    )
    const exact = values(norm(matMul(w, direction)))[0]!
    const bound = values(spectralBound(w))[0]!
    ok(bound >= exact * (1 - 1e-5) && bound <= 1.05 * exact, `${bound} for ${exact}`)
  })
  near(values(spectralBound(mul(1e-12, normal(key(1), [4, 4])))), [0], { atol: 1e-6 })
  ok(Number.isFinite(values(spectralBound(mul(1e12, normal(key(1), [4, 4]))))[0]!))
})

s.test('no two points move apart by more than the constant, whatever the parameters', () => {
  for (const constant of [0.9, 3])
    for (const spread of [0.3, 5]) {
      const network = networkOf(constant, constant === 3 ? 'silu' : 'elu')
      let leaf = 0
      const params: Params = mapTree(x => add(x, mul(spread, normal(foldIn(key(3), leaf++), x.shape))), network.init(key(0)))
      const [x, step] = [mul(2, normal(key(4), [500, 3])), mul(1e-2, normal(key(5), [500, 3]))]
      const moved = norm(sub(network.apply(params, add(x, step)), network.apply(params, x)), 2, 1)
      const most = Math.max(...values(moved).map((m, i) => m / values(norm(step, 2, 1))[i]!))
      ok(most <= constant * 1.001, `${most} for ${constant}`)
    }
})

s.run()
