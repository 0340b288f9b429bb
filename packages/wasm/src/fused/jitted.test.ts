import {
  affine,
  autoregressive,
  build,
  builtins,
  chain,
  coupling,
  elementwise,
  flow,
  grad,
  invert,
  key,
  leaves,
  made,
  mapTree,
  mlp,
  rationalQuadratic,
  register,
  repeat,
  reverse,
  standardNormal,
  valueAndGrad,
} from '@diffeo/core'
import type { Flow, FlowParams, KnotMap, Params, TransformerEntry } from '@diffeo/core'
import { evaluate, jit, trace, programsIn } from '@diffeo/program'
import type { Program } from '@diffeo/program'
import { equal, ok, near, suite, useTestBackend } from '@diffeo/testing'
import { add, mean, mul, neg, square, sum, tensor, tensor2d } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { useWasmCompiler } from '../compile/compiler.ts'

const s = suite('fused kernels in compiled programs')
s.before(async () => {
  await useTestBackend('cpu')
  useWasmCompiler()
})

const waves = (count: number, seed: number, size: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => size * Math.sin(seed * 12.9898 + i * 78.233 + 0.001 * i * i))

const perturbed = (model: Flow, size: number): FlowParams => {
  const state = { leaf: 0 }
  return mapTree(leaf => add(leaf, tensor(waves(leaf.size, ++state.leaf, size), leaf.shape)), model.init(key(1))) as FlowParams // of the same structure
}
const numbers = (tree: Params): ReadonlyArray<number> => leaves(tree).flatMap(leaf => [...leaf.dataSync()])
const names = (f: (...args: ReadonlyArray<never>) => unknown, ...args: ReadonlyArray<unknown>): ReadonlyArray<string> =>
  customsOf(trace(f as never, ...(args as ReadonlyArray<never>)).program)

/** The custom ops of a program, and of the bodies of its loops. */
const customsOf = ({ nodes }: Program): ReadonlyArray<string> =>
  nodes.flatMap(node => (node.op === 'custom' ? [node.name] : programsIn(node).flatMap(customsOf)))

const splineFlow = (knots: KnotMap): Flow =>
  build(flow({ base: standardNormal(), bijector: coupling(mlp({ hidden: [9] }), rationalQuadratic({ bins: 5, bound: 3, knots })) }), {
    event: [4],
    context: [2],
  })

s.test('value and gradient of a spline coupling, both ways', () => {
  for (const knots of ['softclip', 'softmax', 'distrax'] as const) {
    const model = splineFlow(knots)
    const params = perturbed(model, 0.4)
    const [x, context] = [tensor2d(waves(21 * 4, 5, 2.5), [21, 4]), tensor2d(waves(21 * 2, 6, 1), [21, 2])]
    const loss = (p: FlowParams, at: Tensor, given: Tensor): Tensor => neg(mean(model.logProb(p, at, given)))
    const there = (p: FlowParams, at: Tensor, given: Tensor): Tensor => mean(square(model.bijector.forward(p.bijector, at, given).y))
    for (const f of [loss, there]) {
      const step = (p: FlowParams, at: Tensor, given: Tensor): { readonly value: Tensor; readonly grads: Params } =>
        valueAndGrad((q: FlowParams) => f(q, at, given))(p)
      const [eager, jitted] = [step(params, x, context), jit(step)(params, x, context)]
      near(jitted.value.dataSync(), eager.value.dataSync(), { rtol: 1e-5 })
      near(numbers(jitted.grads), numbers(eager.grads), { atol: 2e-5, rtol: 1e-3 })
      const used = names(step, params, x, context)
      equal(used.length, 2, used.join())
      equal(used[1], `${used[0]}Vjp`)
    }
  }
})

s.test('samples and the inverse of autoregressive layers', () => {
  for (const transformer of [affine(), rationalQuadratic({ bins: 4, bound: 3 }), affine({ scale: 'tanh' })])
    for (const network of [
      { hidden: [9, 9], residual: true },
      { hidden: [12], degrees: 'cyclic' },
    ] as const)
      for (const context of [undefined, 21, 1]) {
        const spec = flow({ base: standardNormal(), bijector: chain(autoregressive(made(network), transformer), reverse()) })
        const model = build(spec, { event: [5], ...(context === undefined ? {} : { context: [2] }) })
        const params = perturbed(model, 0.3)
        const given = context === undefined ? [] : [tensor2d(waves(context * 2, 6, 1), [context, 2])]
        const y = tensor2d(waves(21 * 5, 5, 2), [21, 5])
        const inverse = (p: FlowParams, at: Tensor, z?: Tensor): { readonly x: Tensor; readonly logDet: Tensor } =>
          model.bijector.inverse(p.bijector, at, z)
        const [eager, jitted] = [inverse(params, y, ...given), jit(inverse)(params, y, ...given)]
        near(jitted.x.dataSync(), eager.x.dataSync(), { atol: 1e-4 })
        near(jitted.logDet.dataSync(), eager.logDet.dataSync(), { atol: 1e-4 })
        equal(names(inverse, params, y, ...given), ['autoregressiveInverse'])
        const forward = (p: FlowParams, at: Tensor, z?: Tensor): { readonly y: Tensor; readonly logDet: Tensor } =>
          model.bijector.forward(p.bijector, at, z)
        const [plainly, compiled] = [forward(params, y, ...given), jit(forward)(params, y, ...given)]
        near(compiled.y.dataSync(), plainly.y.dataSync(), { atol: 1e-4 })
        near(compiled.logDet.dataSync(), plainly.logDet.dataSync(), { atol: 1e-4 })
        equal(names(forward, params, y, ...given), ['autoregressiveForward'])
      }
})

s.test('where a gradient is taken an autoregressive layer is its network, in a scan too', () => {
  for (const scan of [false, true]) {
    const spec = flow({
      base: standardNormal(),
      bijector: invert(repeat(3, chain(autoregressive(made({ hidden: [8] }), affine()), reverse()), { scan })),
    })
    const model = build(spec, { event: [3] })
    const params = perturbed(model, 0.3)
    const y = tensor2d(waves(7 * 3, 5, 2), [7, 3])
    const step = (p: FlowParams, at: Tensor): Params => grad((q: FlowParams): Tensor => sum(model.logProb(q, at)))(p)
    near(numbers(jit(step)(params, y)), numbers(step(params, y)), { atol: 1e-4, rtol: 1e-4 })
    ok(!names(step, params, y).includes('autoregressiveForward'))
    ok(names((p: FlowParams, at: Tensor) => model.logProb(p, at), params, y).includes('autoregressiveForward'))
  }
})

s.test('the composite of the inverse gives what the passes give', () => {
  for (const network of [
    { hidden: [9, 9, 9], residual: true },
    { hidden: [12, 7], degrees: 'cyclic' },
  ] as const)
    for (const context of [undefined, 6, 1]) {
      const spec = flow({ base: standardNormal(), bijector: autoregressive(made(network), affine()) })
      const model = build(spec, { event: [4], ...(context === undefined ? {} : { context: [2] }) })
      const params = perturbed(model, 0.3)
      const given = context === undefined ? [] : [tensor2d(waves(context * 2, 6, 1), [context, 2])]
      const y = tensor2d(waves(6 * 4, 5, 2), [6, 4])
      const inverse = (p: FlowParams, at: Tensor, z?: Tensor): ReadonlyArray<Tensor> => {
        const { x, logDet } = model.bijector.inverse(p.bijector, at, z)
        return [x, logDet]
      }
      const inputs = [...leaves<Tensor>(params as Params), y, ...given].map(t => t.dataSync())
      const results = leaves(evaluate(trace(inverse, params, y, ...given).program, inputs))
      inverse(params, y, ...given).forEach((eager, i) => near(results[i]!, eager.dataSync(), { atol: 1e-5 }))
    }
})

s.test('the gradient through an autoregressive inverse is that of the passes', () => {
  const spec = flow({ base: standardNormal(), bijector: autoregressive(made({ hidden: [8] }), affine()) })
  const model = build(spec, { event: [3] })
  const params = perturbed(model, 0.3)
  const y = tensor2d(waves(7 * 3, 5, 2), [7, 3])
  const step = (p: FlowParams, at: Tensor): Params =>
    grad((q: FlowParams): Tensor => {
      const { x, logDet } = model.bijector.inverse(q.bijector, at)
      return add(sum(square(x)), sum(logDet))
    })(p)
  near(numbers(jit(step)(params, y)), numbers(step(params, y)), { atol: 1e-4, rtol: 1e-4 })
})

s.test('a transformer that is not what its spec says has no kernel', () => {
  const own: TransformerEntry = {
    tag: 'mine',
    build: (_, site) => {
      const { forward, ...rest } = site.builder.transformer(affine(), { context: undefined, path: [] })
      return {
        ...rest,
        forward,
        inverse: (p, theta, y) => {
          const { x, logDeriv } = rest.inverse(p, theta, y)
          return { x: add(x, 1), logDeriv }
        },
      }
    },
  }
  const bijector = autoregressive(made({ hidden: [8] }), { _tag: 'mine' })
  const model = build(flow({ base: standardNormal(), bijector }), { event: [3] }, register(builtins, { transformer: [own] }))
  const params = perturbed(model, 0.3)
  const y = tensor2d(waves(7 * 3, 5, 2), [7, 3])
  const inverse = (p: FlowParams, at: Tensor): Tensor => model.bijector.inverse(p.bijector, at).x
  equal(names(inverse, params, y), [])
  near(jit(inverse)(params, y).dataSync(), inverse(params, y).dataSync(), { atol: 1e-5 })
})

s.test('a spline whose theta is a parameter is no op, since theta is broadcast', () => {
  const model = build(flow({ base: standardNormal(), bijector: elementwise(rationalQuadratic({ bins: 5, bound: 3 })) }), { event: [4] })
  const params = perturbed(model, 0.4)
  const x = tensor2d(waves(21 * 4, 5, 2.5), [21, 4])
  const logProb = (p: FlowParams, at: Tensor): Tensor => model.logProb(p, at)
  equal(names(logProb, params, x), [])
  near(jit(logProb)(params, x).dataSync(), model.logProb(params, x).dataSync(), { atol: 1e-5 })
})

s.test('second derivatives of the op come from the composite', () => {
  const model = splineFlow('softclip')
  const params = perturbed(model, 0.4)
  const [x, context] = [tensor2d(waves(21 * 4, 5, 2.5), [21, 4]), tensor2d(waves(21 * 2, 6, 1), [21, 2])]
  const f = (at: Tensor): Tensor => sum(mul(model.logProb(params, at, context), tensor(waves(21, 3, 1))))
  const curvature = (at: Tensor): Tensor => grad((v: Tensor) => sum(square(grad(f)(v))))(at)
  near(jit(curvature)(x).dataSync(), curvature(x).dataSync(), { atol: 1e-3, rtol: 1e-2 })
})

s.run()
