import { leaves } from '@diffeo/core'
import type { Params, Tree } from '@diffeo/core'
import { equal, near, suite, throws, useTestBackend } from '@diffeo/testing'
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { adam, adamw, applyUpdates, chain, clipByGlobalNorm, freeze, masked, scale, sgd, trainOnly } from './index.ts'
import type { Mask } from './index.ts'

interface Flow {
  readonly base: { readonly mean: Tensor }
  readonly bijector: ReadonlyArray<{ readonly w: Tensor; readonly b: Tensor }>
}
type FlowParams = { readonly [K in keyof Flow]: Flow[K] }

const layer = (x: number): { readonly w: Tensor; readonly b: Tensor } => ({ w: tf.fill([2, 2], x), b: tf.fill([2], -x) })
const flow = (x: number): FlowParams & Params => ({
  base: { mean: tf.tensor1d([-0, x]) },
  bijector: [layer(x), layer(2 * x)],
})
const values = (tree: Params): ReadonlyArray<ReadonlyArray<number>> => leaves(tree).map(x => [...x.dataSync()])
const inTidy = (body: () => void) => (): void => tf.tidy(body)

const s = suite('masks')
s.before(() => useTestBackend('cpu'))

s.test(
  'trainOnly leaves the rest as it is, bit for bit, and keeps no state for it',
  inTidy(() => {
    const optimizer = trainOnly(adamw(0.1, { weightDecay: 0.5 }), { base: false, bijector: [true, { w: true, b: false }] })
    const start = flow(1)
    let [params, state] = [start, optimizer.init(start)]
    equal(leaves(state.inner[0].mu).length, 3)
    for (let i = 0; i < 3; i++) {
      const next = optimizer.update(flow(0.3), state, params)
      params = applyUpdates(params, next.updates)
      state = next.state
    }
    const [mean, w0, b0, w1, b1] = values(params)
    equal(
      mean!.map(x => Object.is(x, -0)),
      [true, false],
    )
    equal([mean![1], b1], [1, [-2, -2]])
    equal([w0![0] === 1, b0![0] === -1, w1![0] === 2], [false, false, false])
  }),
)

s.test(
  'what trainOnly hides does not count in the norm, what freeze hides does',
  inTidy(() => {
    const params = { x: tf.tensor1d([1]), y: tf.tensor1d([1]) }
    const grads = { x: tf.tensor1d([3]), y: tf.tensor1d([4]) }
    const mask = { x: true, y: false }
    const inner = clipByGlobalNorm(1)
    const hidden = trainOnly(inner, mask)
    equal(values(hidden.update(grads, hidden.init(params), params).updates), [[1], [-0]])
    const frozen = chain(inner, freeze({ x: false, y: true }))
    near(values(frozen.update(grads, frozen.init(params), params).updates).flat(), [0.6, 0], { atol: 1e-6 })
  }),
)

s.test(
  'a boolean speaks for a branch; a function sees the parameters',
  inTidy(() => {
    const [params, grads] = [flow(1), flow(1)]
    const byBranch = masked(scale(10), { base: false, bijector: true })
    const expected = [
      [-0, 1],
      [10, 10, 10, 10],
      [-10, -10],
      [20, 20, 20, 20],
      [-20, -20],
    ]
    equal(values(byBranch.update(grads, byBranch.init(params), params).updates), expected)
    const byRank = masked(scale(10), p => ({
      base: false,
      bijector: (p as FlowParams).bijector.map(({ w, b }) => ({ w: w.rank === 2, b: b.rank === 2 })),
    }))
    equal(values(byRank.update(grads, byRank.init(params), params).updates), [
      [-0, 1],
      [10, 10, 10, 10],
      [-1, -1],
      [20, 20, 20, 20],
      [-2, -2],
    ])
    const everything = masked(scale(10), true)
    equal(values(everything.update(grads, everything.init(params), params).updates)[0], [-0, 10])
  }),
)

s.test(
  'per-group learning rates: one mask and its complement',
  inTidy(() => {
    const params = { x: tf.tensor1d([1]), y: tf.tensor1d([1]) }
    const both = chain(masked(sgd(0.1), { x: true, y: false }), masked(adam(0.5), { x: false, y: true }))
    near(values(both.update(params, both.init(params), params).updates).flat(), [-0.1, -0.5], { atol: 1e-5 })
  }),
)

s.test(
  'a mask that does not fit is refused with its path',
  inTidy(() => {
    const params = flow(1)
    const cases: ReadonlyArray<readonly [Mask, RegExp]> = [
      [{ base: true }, /masked: expected a mask in the structure of the parameters, got nothing at bijector; a boolean may stand/],
      [{ base: true, bijector: true, extra: true }, /got an entry that the parameters lack at extra/],
      [{ base: true, bijector: [true] }, /got nothing at bijector\[1\]/],
      [{ base: true, bijector: { w: true } }, /got a record at bijector/],
      [{ base: { mean: [true] }, bijector: true }, /got a list of 1 at base\.mean/],
      [() => ({ base: true }), /got nothing at bijector/],
      [{ base: 1, bijector: true } as unknown as Tree<boolean>, /got 1 at base/],
    ]
    cases.forEach(([mask, message]) => throws(() => masked(adam(0.1), mask).init(params), message))
    throws(() => adamw(0.1, { mask: { base: true } }).update(params, adamw(0.1).init(params), params), /addDecayedWeights: expected a mask/)
  }),
)

s.run()
