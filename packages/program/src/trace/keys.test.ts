import { bits, build, foldIn, grad, key, leaves, maf, nsf, normal, permutation, random, randint, realNvp, split, tidy } from '@diffeo/core'
import type { Key, Params } from '@diffeo/core'
import { allocates, equal, near, suite, throws, useTestBackend } from '@diffeo/testing'
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { evaluate } from '../evaluate/evaluate.ts'
import { optimize } from '../passes/optimize.ts'
import { print } from '../print.ts'
import { trace } from './trace.ts'

const wordsOf = (k: Key): Int32Array => Int32Array.from(k)
const numbers = (tree: Params): ReadonlyArray<ArrayLike<number>> => leaves<Tensor>(tree).map(t => t.dataSync())

const s = suite('keys in a trace')
s.before(() => useTestBackend('cpu'))

s.test('a key is an input of two words', () => {
  const { program } = trace(({ step }, n) => tf.mul(normal(foldIn(step, 3), [2, 2]), n), { step: key(5) }, 2)
  equal(
    print(program),
    [
      'input   %0 i32[2]  arg0.step',
      'input   %1 f32[]  arg1',
      '        %2 i32[2] = custom{name=threefryFoldIn attrs={"data":3} composite=null} %0',
      '        %3 f32[2,2] = custom{name=normal attrs={"shape":[2,2]} composite=null} %2',
      '        %4 f32[2,2] = broadcast{shape=[2,2] axes=[]} %1',
      '        %5 f32[2,2] = mul %3 %4',
      'output  %5',
    ].join('\n'),
  )
})

s.test('draws have the bits of the key that is given', () => {
  const draws = (k: Key) => {
    const [a, b, c] = split(k, 3)
    return [
      bits(a!, 5),
      random.uniform(b!, [3], { low: -1, high: 2 }),
      normal(c!, [3]),
      randint(foldIn(a!, 7), [3], 0, 10),
      permutation(b!, 9),
    ]
  }
  const { program } = allocates(0, () => trace(draws as (k: Key) => Tensor[], key(0)))
  for (const seed of [0, 1, 123_456]) {
    const eager = draws(key(seed)).map(drawn => [...(drawn instanceof tf.Tensor ? drawn.dataSync() : drawn)])
    for (const p of [program, optimize(program)])
      equal(
        leaves(evaluate(p, [wordsOf(key(seed))])).map((data, i) => [...(i === 0 ? Uint32Array.from(data) : data)]),
        eager,
      )
  }
})

const flows = {
  realNvp: realNvp({ layers: 4, hidden: [8] }),
  nsf: nsf({ layers: 3, bins: 4, hidden: [8] }),
  maf: maf({ layers: 2, hidden: [8] }),
}
for (const [name, spec] of Object.entries(flows))
  s.test(`${name}: samples, their log-density and new parameters are those of the eager flow`, () => {
    const flow = build(spec, { event: [3] })
    const params = flow.init(key(1))
    const sample = (p: typeof params, k: Key): ReadonlyArray<Tensor> => {
      const { x, logProb } = flow.sampleAndLogProb(p, k, 20)
      return [flow.sample(p, k, 100), x, logProb]
    }
    const { program } = allocates(0, () => trace(sample, params, key(0)))
    const eager = tidy(() => numbers([...sample(params, key(9))]))
    const traced = leaves(evaluate(program, [...numbers(params as Params), wordsOf(key(9))]))
    traced.forEach((data, i) => near(data, eager[i]!, { atol: 1e-5, rtol: 1e-5 }))
    const init = trace(k => flow.init(k) as Params, key(0)).program
    const started = numbers(flow.init(key(4)) as Params)
    leaves(evaluate(init, [wordsOf(key(4))])).forEach((data, i) => equal([...data], [...(started[i] as Float32Array)]))
  })

s.test('a gradient passes by what is drawn', () => {
  const f = (x: Tensor, k: Key): Tensor => grad((v: Tensor) => tf.sum(tf.mul(tf.square(v), normal(k, [3]))))(x)
  const { program } = trace(f, { shape: [3], dtype: 'float32' }, key(0))
  const z = normal(key(2), [3]).dataSync()
  near(leaves(evaluate(program, [[1, 2, 3], wordsOf(key(2))]))[0]!, [2 * z[0]!, 4 * z[1]!, 6 * z[2]!], { rtol: 1e-6 })
})

s.test('a key of other words is refused', () => {
  throws(() => trace(k => normal(k, [2]), new Uint32Array(4)), /got 4 words, where a key has 2 at arg0$/)
})

s.run()
