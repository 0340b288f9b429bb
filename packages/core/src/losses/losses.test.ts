import { allocates, near, ok, suite, throws, useTestBackend } from '@diffeo/testing'
import { mul, reshape, sub, sum, square, tensor, tensor1d, tensor2d, zeros } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { valueAndGrad } from '../autodiff/value-and-grad.ts'
import { coupling } from '../bijectors/coupling.ts'
import { elementwise } from '../bijectors/elementwise.ts'
import { standardNormal } from '../distributions/normal.ts'
import { build } from '../flows/build.ts'
import { flow } from '../flows/flow.ts'
import type { Flow, FlowParams } from '../flows/flow.ts'
import { nsf } from '../flows/recipes.ts'
import { mlp } from '../networks/mlp.ts'
import { foldIn, key } from '../random/key.ts'
import { normal } from '../random/sample.ts'
import { tidy } from '../tensor.ts'
import { leaves, mapTree } from '../tree.ts'
import { affine } from '../transformers/affine.ts'
import { negativeLogLikelihood, reverseKL } from './losses.ts'

const s = suite('losses')
s.before(() => useTestBackend('cpu'))
const test = (name: string, body: () => void): void => s.test(name, () => allocates(0, () => tidy(body)))

const scalarOf = (x: Tensor): number => x.dataSync<'float32'>()[0]!
const perturbed = (f: Flow): FlowParams =>
  mapTree((leaf: Tensor) => sub(leaf, mul(0.3, normal(foldIn(key(3), leaf.size), leaf.shape))), f.init(key(1))) as FlowParams

const conditional = (): Flow =>
  build(flow({ base: standardNormal(), bijector: coupling(mlp({ hidden: [5], activation: 'tanh' }), affine()) }), {
    event: [3],
    context: [2],
  })

test('the negative log-likelihood is the mean of -log p, a scalar', () => {
  const f = conditional()
  const [params, x, context] = [perturbed(f), normal(key(4), [7, 3]), normal(key(5), [7, 2])]
  const logProb = [...f.logProb(params, x, context).dataSync()]
  const loss = allocates(1, () => negativeLogLikelihood(f)(params, { x, context }, key(0)))
  ok(loss.rank === 0, `rank ${loss.rank}`)
  near(scalarOf(loss), -logProb.reduce((a, b) => a + b, 0) / 7, { rtol: 1e-6 })
  const weights = tensor1d([0, 2, 1, 0.5, 0, 3, 0.5])
  const weighted = logProb.reduce((total, value, i) => total - weights.dataSync<'float32'>()[i]! * value, 0) / 7
  near(scalarOf(negativeLogLikelihood(f)(params, { x, context, weights }, key(0))), weighted, { rtol: 1e-6 })
})

test('a row of weight 0 counts for nothing, one of weight 2 twice', () => {
  const f = build(nsf({ layers: 3, hidden: [6], bins: 4 }), { event: [2] })
  const params = perturbed(f)
  const rows = normal(key(4), [3, 2])
  const [a, b, c] = [0, 1, 2].map(i => [...rows.dataSync()].slice(2 * i, 2 * i + 2)) as [number[], number[], number[]]
  const gradient = (x: Tensor, weights?: Tensor): ReadonlyArray<number> =>
    leaves(valueAndGrad((p: FlowParams) => negativeLogLikelihood(f)(p, { x, ...(weights && { weights }) }, key(0)))(params).grads).flatMap(
      leaf => [...leaf.dataSync()],
    )
  near(gradient(tensor2d([a, b, c]), tensor1d([1, 0, 2])), gradient(tensor2d([a, c, c])), { atol: 1e-6, rtol: 1e-4 })
})

test('batches that do not fit are refused', () => {
  const f = build(nsf({ layers: 3, hidden: [4] }), { event: [2] })
  const [params, x] = [f.init(key(0)), zeros([3, 2])]
  const loss = negativeLogLikelihood(f)
  const [column, few, none] = [zeros([3, 1]), zeros([2]), zeros([0, 2])]
  const refuses = (body: () => unknown, message: RegExp): void => allocates(0, () => throws(body, message))
  refuses(() => loss(params, { x, weights: column }, key(0)), /negativeLogLikelihood: expected weights of shape \[3\], got \[3, 1\]/)
  refuses(() => loss(params, { x, weights: few }, key(0)), /negativeLogLikelihood: expected weights of shape \[3\], got \[2\]/)
  refuses(() => loss(params, { x: none }, key(0)), /negativeLogLikelihood: expected at least one row, got none/)
  refuses(() => loss(params, { x: column }, key(0)), /logProb: expected a tensor of shape \[N, 2\], got \[3, 1\]/)
  refuses(
    () => reverseKL(f, at => reshape(sum(at, 1), [-1, 1]), { samples: 4 })(params, { x }, key(0)),
    /reverseKL: expected the target of shape \[4\], got \[4, 1\]/,
  )
  refuses(
    () => reverseKL(f, at => sum(at), { samples: 4 })(params, { x }, key(0)),
    /reverseKL: expected the target of shape \[4\], got \[\]/,
  )
})

const logNormal = (x: Tensor): Tensor => sub(mul(-0.5, sum(square(x), 1)), Math.log(2 * Math.PI))
const nothing = (): { readonly x: Tensor } => ({ x: zeros([1, 2]) })
/** q = N(m, s^2) in two dimensions by an elementwise affine flow of exact scale. */
const gaussian = (): Flow => build(flow({ base: standardNormal(), bijector: elementwise(affine({ scale: 'exp' })) }), { event: [2] })
const at = (m: ReadonlyArray<number>, logScale: ReadonlyArray<number>): FlowParams => ({
  base: {},
  bijector: { theta: tensor([m[0]!, logScale[0]!, m[1]!, logScale[1]!], [1, 2, 2]), transformer: {} },
})

test('the reverse divergence to a standard normal is its closed form, its gradient too, by both estimators', () => {
  const [m, l] = [
    [0.7, -0.2],
    [0.3, -0.4],
  ]
  const exact = [0, 1].reduce((total, i) => total - l[i]! + (Math.exp(2 * l[i]!) + m[i]! ** 2 - 1) / 2, 0)
  const slopes = [0, 1].flatMap(i => [m[i]!, Math.exp(2 * l[i]!) - 1])
  for (const stickingTheLanding of [false, true]) {
    const loss = reverseKL(gaussian(), logNormal, { samples: 20_000, stickingTheLanding })
    const { value, grads } = valueAndGrad((p: FlowParams) => loss(p, nothing(), key(6)))(at(m, l))
    near(scalarOf(value), exact, { atol: 0.03, what: 'value' })
    near(leaves(grads)[0]!.dataSync(), slopes, { atol: 0.05, what: 'gradient' })
  }
})

test('the target need not be normalized: a constant adds to the value and not to the gradient', () => {
  const [m, l] = [
    [0.7, -0.2],
    [0.3, -0.4],
  ]
  const run = (shift: number): { readonly value: Tensor; readonly grads: FlowParams } =>
    valueAndGrad((p: FlowParams) => reverseKL(gaussian(), x => sub(logNormal(x), shift), { samples: 100 })(p, nothing(), key(7)))(at(m, l))
  const [one, two] = [run(0), run(3)]
  near(scalarOf(two.value) - scalarOf(one.value), 3, { atol: 1e-5 })
  near(leaves(two.grads)[0]!.dataSync(), leaves(one.grads)[0]!.dataSync(), { atol: 1e-5 })
})

test('sticking the landing: at q = p the gradient is 0 for every draw; without it, only on average', () => {
  const [m, l] = [
    [0.4, -1],
    [0.3, -0.5],
  ]
  const q = gaussian()
  const params = at(m, l)
  const target = (x: Tensor): Tensor => q.logProb(at(m, l), x)
  const largest = (stickingTheLanding: boolean): number => {
    const loss = reverseKL(q, target, { samples: 16, stickingTheLanding })
    const { value, grads } = valueAndGrad((p: FlowParams) => loss(p, nothing(), key(8)))(params)
    near(scalarOf(value), 0, { atol: 1e-6 })
    return Math.max(...leaves(grads)[0]!.dataSync().map(Math.abs))
  }
  ok(largest(true) < 2e-6, `with: ${largest(true)}`)
  ok(largest(false) > 0.05, `without: ${largest(false)}`)
})

test('sticking the landing on a flow of networks: 0 at q = p as well', () => {
  const q = build(nsf({ layers: 3, hidden: [6], bins: 4 }), { event: [2] })
  const params = perturbed(q)
  const fixed = perturbed(q)
  const loss = reverseKL(q, x => q.logProb(fixed, x), { samples: 8, stickingTheLanding: true })
  leaves(valueAndGrad((p: FlowParams) => loss(p, nothing(), key(9)))(params).grads).forEach(leaf =>
    near(leaf.dataSync(), new Float32Array(leaf.size), { atol: 2e-3 }),
  )
})

test('a key decides the draws; the context reaches the target', () => {
  const f = conditional()
  const params = perturbed(f)
  const context = normal(key(2), [1, 2])
  const seen: Array<Tensor | undefined> = []
  const target = (x: Tensor, c?: unknown): Tensor => {
    seen.push(c as Tensor)
    return mul(-0.5, sum(square(x), 1))
  }
  const run = (seed: number): number => scalarOf(reverseKL(f, target, { samples: 32 })(params, { x: zeros([1, 3]), context }, key(seed)))
  ok(run(1) === run(1) && run(1) !== run(2), 'draws')
  ok(
    seen.every(c => c === context),
    'the target got another context',
  )
})

s.run()
