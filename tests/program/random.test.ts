import { leaves, valueAndGrad } from '@diffeo/core'
import type { Tree } from '@diffeo/core'
import { evaluate, optimize, trace } from '@diffeo/program'
import type { Program } from '@diffeo/program'
import { near, ok, suite, useTestBackend } from '@diffeo/testing'
import fc from 'fast-check'
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { drawn, plans, valueOf } from './random/functions.ts'

const flat = (tree: Tree<ArrayLike<number>>): ReadonlyArray<number> => leaves(tree).flatMap(data => [...(data as Float32Array)])

const scaled = (x: ReadonlyArray<number>): number => Math.max(1, ...x.map(Math.abs))

const s = suite('random programs')
s.before(() => useTestBackend('cpu'))

s.test(
  'traced as eager, optimized as not; gradients too',
  () => {
    let smaller = 0
    const outcome = fc.check(
      fc.property(plans, plan => {
        const { rows, columns, seed } = plan
        const f = (x: Tensor, y: Tensor): Tree<Tensor> => valueAndGrad((p: Tensor[]) => valueOf(plan, p[0]!, p[1]!))([x, y])
        const inputs = [drawn(rows * columns, seed), drawn(columns, seed + 1)] as const
        const { program } = trace(
          (x, y) => f(x, y),
          { shape: [rows, columns], dtype: 'float32' } as const,
          { shape: [columns], dtype: 'float32' } as const,
        )
        const optimized: Program = optimize(program)
        const exact = flat(evaluate(program, inputs, { precision: 'float64' }))
        const [plain, short] = [flat(evaluate(program, inputs)), flat(evaluate(optimized, inputs, { precision: 'float64' }))]
        const eager = tf.tidy(() => leaves(f(tf.tensor2d(inputs[0], [rows, columns]), tf.tensor1d(inputs[1]))).flatMap(t => [...t.dataSync()])) // prettier-ignore
        // ties and steps are decided by the last bit in float32: a program that sits on one is no test
        const edge = scaled(exact) * 1e-4 < Math.max(...exact.map((v, i) => Math.abs(v - plain[i]!)))
        if (edge) return
        near(short, exact, { atol: 1e-5 * scaled(exact), rtol: 1e-5, what: 'optimized' })
        near(plain, eager, { atol: 1e-4 * scaled(exact), rtol: 1e-4, what: 'eager' })
        ok(optimized.nodes.length <= program.nodes.length)
        if (optimized.nodes.length < program.nodes.length) smaller += 1
      }),
      { numRuns: 150, seed: 1 },
    )
    if (outcome.failed) throw new Error(`${JSON.stringify(outcome.counterexample)}: ${String(outcome.errorInstance)}`)
    ok(smaller > 100, `${smaller} became smaller`)
  },
  { seconds: 60 },
)

s.run()
