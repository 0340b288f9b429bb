import { build, classConditional, foldIn, key, maf, negativeLogLikelihood, normal, optim, tidy, valueAndGrad } from 'diffeo'
import type { FlowParams } from 'diffeo'
import { equal, near, suite, useTestBackend } from '@diffeo/testing'
import { add, mean, mul, slice, tensor2d } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'

const s = suite('a flow that is conditional on a class')
s.before(() => useTestBackend('cpu'))

/** Class k has mean 2 k - 2 in both dimensions and deviation 0.5. */
const codes = tensor2d(
  Float32Array.from({ length: 300 }, (_, i) => i % 3),
  [300, 1],
)
const rows = (seed: number): Tensor => tidy(() => add(mul(normal(key(seed), [300, 2]), 0.5), add(mul(codes, 2), -2)))

s.test('learns what each class is', () => {
  const f = build(classConditional(maf({ layers: 1, hidden: [8] }), { categories: [3], features: 4 }), { event: [2], context: [1] })
  const loss = negativeLogLikelihood(f)
  const optimizer = optim.adam(0.02)
  tidy(() => {
    let params = f.init(key(0))
    let state = optimizer.init(params)
    const x = rows(1)
    for (let i = 0; i < 150; i++) {
      const { grads } = valueAndGrad((p: FlowParams) => loss(p, { x, context: codes }, foldIn(key(2), i)))(params)
      const { updates, state: next } = optimizer.update(grads, state, params)
      params = optim.applyUpdates(params, updates)
      state = next
    }
    const means = [0, 1, 2].map(k => mean(f.sample(params, key(3), 500, tensor2d([[k]]))).dataSync()[0]!)
    near(means, [-2, 0, 2], { atol: 0.2 })
    const odd = f.logProb(params, slice(x, [0, 0], [3, 2]), tensor2d([[0], [7], [2]])).dataSync()
    equal([...odd].map(Number.isNaN), [false, true, false])
  })
})

s.run()
