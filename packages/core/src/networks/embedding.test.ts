import { equal, near, ok, suite, throws, useTestBackend } from '@diffeo/testing'
import { add, concat, mul, tensor } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { coupling } from '../bijectors/coupling.ts'
import { autoregressive } from '../bijectors/autoregressive.ts'
import { conditional } from '../bijectors/elementwise.ts'
import { buildBijector } from '../flows/build.ts'
import { foldIn, key } from '../random/key.ts'
import { normal } from '../random/sample.ts'
import { affine } from '../transformers/affine.ts'
import { mapTree } from '../tree.ts'
import type { Params } from '../contracts.ts'
import { embedding } from './embedding.ts'
import { made } from './made.ts'
import { mlp } from './mlp.ts'

const values = (x: Tensor): ReadonlyArray<number> => Array.from(x.dataSync())
const moved = (params: Params): Params => {
  let leaf = 0
  return mapTree(x => add(x, mul(0.5, normal(foldIn(key(3), leaf++), x.shape))), params)
}
const net = mlp({ hidden: [7], activation: 'tanh' })

const s = suite('embedding')
s.before(() => useTestBackend('cpu'))

s.test('a class is one-hot, a number is as it is', () => {
  const oneHot = [
    [0, 1, 0, 0.3],
    [0, 0, 1, -2],
  ]
  const codes = [
    [1, 0.3],
    [2, -2],
  ]
  const x = normal(key(1), [2, 3])
  for (const [own, plain] of [
    [coupling(embedding([3, 0], net), affine()), coupling(net, affine())],
    [autoregressive(embedding([3, 0], made({ hidden: [7] })), affine()), autoregressive(made({ hidden: [7] }), affine())],
    [conditional(embedding([3, 0], net), affine()), conditional(net, affine())],
  ] as const) {
    const [a, b] = [buildBijector(own, { event: [3], context: [2] }), buildBijector(plain, { event: [3], context: [4] })]
    const params = moved(a.init(key(0)))
    near(values(a.forward(params, x, tensor(codes)).y), values(b.forward(params, x, tensor(oneHot)).y), { atol: 1e-6 })
    near(values(a.inverse(params, x, tensor(codes)).x), values(b.inverse(params, x, tensor(oneHot)).x), { atol: 1e-6 })
  }
})

s.test('what is no class gives NaN in its row alone', () => {
  const built = buildBijector(coupling(embedding([3], net), affine()), { event: [2], context: [1] })
  const params = moved(built.init(key(0)))
  const { logDet } = built.forward(params, normal(key(1), [5, 2]), tensor([[0], [3], [1.5], [NaN], [2]]))
  equal(values(logDet).map(Number.isNaN), [false, true, true, true, false])
})

s.test('classes differ', () => {
  const built = buildBijector(coupling(embedding([3], net), affine()), { event: [2], context: [1] })
  const params = moved(built.init(key(0)))
  const x = normal(key(1), [1, 2])
  const [first, ...others] = [0, 1, 2].map(k => values(built.forward(params, concat([x]), tensor([[k]])).logDet)[0]!)
  ok(others.every(other => Math.abs(other - first!) > 1e-4))
})

s.test('numbers of categories that do not fit are errors', () => {
  const sizes = { event: [2], context: [2] }
  throws(
    () => buildBijector(coupling(embedding([3], net), affine()), sizes),
    /expected 2 numbers of categories, got 1 at conditioner\.categories/,
  )
  throws(
    () => buildBijector(coupling(embedding([3, 1], net), affine()), sizes),
    /0 for plain numbers, got \[3,1\] at conditioner\.categories/,
  )
  throws(
    () => buildBijector(autoregressive(embedding([3, 2], made()), affine()), { event: [2] }),
    /expected a context of categories for an autoregressive network, got none at conditioner/,
  )
})

s.run()
