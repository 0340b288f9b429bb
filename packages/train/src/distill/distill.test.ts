import { build, foldIn, iaf, key, leaves, maf, mapTree, normal, tidy } from '@diffeo/core'
import type { FlowParams, Key } from '@diffeo/core'
import { equal, near, ok, rejects, suite, useTestBackend } from '@diffeo/testing'
import { useWasmCompiler } from '@diffeo/wasm'
import { add, memory, mul } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { distill } from './distill.ts'

const net = { hidden: [12], activation: 'tanh' } as const
const teacherFlow = build(maf({ layers: 2, ...net }), { event: [2] })
const student = build(iaf({ layers: 2, ...net }), { event: [2] })

const moved = (params: FlowParams): FlowParams => {
  const order = leaves<Tensor>(params)
  return mapTree(x => tidy(() => add(x, mul(0.4, normal(foldIn(key(7), order.indexOf(x)), x.shape)))), params) as FlowParams
}
const dispose = (params: FlowParams): void => leaves<Tensor>(params).forEach(leaf => leaf.dispose())

const s = suite('distill')
s.before(async () => {
  await useTestBackend('cpu')
  useWasmCompiler()
})

s.test('a student comes near its teacher, and says how near', async () => {
  const teacher = { distribution: teacherFlow, params: tidy(() => moved(teacherFlow.init(key(0)))) }
  const before = memory().numTensors
  const untrained = await distill(teacher, student, { steps: 1, samples: 4000 })
  const seen: number[] = []
  const options = { steps: 400, batchSize: 128, learningRate: 1e-2, samples: 4000, seed: 1 }
  const { params, kl, crossEntropy, entropy, summary } = await distill(teacher, student, {
    ...options,
    onStep: ({ step }) => seen.push(step),
  })
  ok(untrained.kl.value > 0.1, `at the start ${untrained.kl.value}`)
  ok(kl.value < 0.03 && kl.value > -3 * kl.standardError, summary)
  near(crossEntropy.value - entropy.value, kl.value, { atol: 1e-6 })
  ok(kl.standardError < 0.2 * crossEntropy.standardError)
  ok(
    /^KL\(student \|\| teacher\) = -?0\.\d{4} \+- 0\.\d{4} nats = H\(student, teacher\) .* - H\(student\) .*, 4000 draws$/.test(summary),
    summary,
  )
  equal(seen, [100, 200, 300, 400])
  const again = await distill(teacher, student, options)
  equal(again.kl, kl)
  ;[untrained.params, params, again.params].forEach(dispose)
  equal(memory().numTensors, before)
  dispose(teacher.params)
})

s.test('compiled or not, a step is the same; a context goes to both', async () => {
  const [a, b] = [
    build(maf({ layers: 1, ...net }), { event: [2], context: [1] }),
    build(iaf({ layers: 1, ...net }), { event: [2], context: [1] }),
  ]
  const teacher = { distribution: a, params: tidy(() => moved(a.init(key(0)))) }
  const contexts = (k: Key, n: number): Tensor => normal(k, [n, 1])
  const before = memory().numTensors
  const options = { steps: 5, batchSize: 32, samples: 500, contexts }
  const [one, two] = [await distill(teacher, b, options), await distill(teacher, b, { ...options, jit: false })]
  near(one.kl.value, two.kl.value, { atol: 1e-4 })
  dispose(one.params)
  dispose(two.params)
  equal(memory().numTensors, before)
  await rejects(() => distill(teacher, b, { steps: 1 }), /^distill: expected contexts, got none; teacher or student takes one$/)
  dispose(teacher.params)
})

s.test('what does not fit is refused', async () => {
  const teacher = { distribution: teacherFlow, params: teacherFlow.init(key(0)) }
  await rejects(() => distill(teacher, build(iaf(), { event: [3] })), /^distill: expected a student of events \[2\], got one of \[3\]$/)
  await rejects(() => distill(teacher, student, { steps: 0 }), /^distill: expected a whole number of steps >= 1, got 0$/)
  await rejects(() => distill(teacher, student, { learningRate: NaN }), /^distill: expected a learning rate > 0, got NaN$/)
  dispose(teacher.params)
})

s.run()
