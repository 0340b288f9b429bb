import { bijectors, key, mapTree, tidy } from '@diffeo/core'
import type { Params, Transformer, TransformerSpec, Tree } from '@diffeo/core'
import { equal, near, ok, suite, useTestBackend } from '@diffeo/testing'
import { reshape, tensor1d, tensor2d } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { readFileSync } from 'node:fs'
import { transformerOf } from '../laws/parts.ts'

type Numbers = ReadonlyArray<number>
interface Layer {
  readonly w: ReadonlyArray<Numbers>
  readonly b: Numbers
}
interface Case {
  readonly name: string
  readonly spec: TransformerSpec
  readonly theta: Numbers
  readonly params?: { readonly layers: ReadonlyArray<Layer> }
  readonly x: Numbers
  readonly y: Numbers
  readonly logDeriv: Numbers
  readonly inverse: Numbers
}

const file = new URL('../fixtures/univariate.json', import.meta.url)
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { readonly cases: ReadonlyArray<Case> }

const paramsOf = ({ params }: Case): Params =>
  params === undefined ? {} : { layers: params.layers.map(({ w, b }) => ({ w: tensor2d(w.map(row => [...row])), b: tensor1d([...b]) })) }

const relative = { atol: 1e-4, rtol: 1e-4 }

const s = suite('transformers of other libraries')
s.before(() => useTestBackend('cpu'))

cases.forEach(each =>
  s.test(each.name, () =>
    tidy(() => {
      const transformer: Transformer = transformerOf(each.spec)
      equal(transformer.size, each.theta.length)
      // every point a row of one dimension
      const b = bijectors.elementwise(transformer, [1])
      const params = { theta: reshape(tensor1d([...each.theta]), [1, 1, -1]), transformer: paramsOf(each) }
      const column = (numbers: Numbers): Tensor => tensor2d([...numbers], [numbers.length, 1])
      const shapes = (tree: Params): Tree<string> => mapTree(leaf => leaf.shape.join(), tree)
      equal(shapes(params.transformer), shapes(transformer.init(key(0))))
      const there = b.forward(params, column(each.x))
      near(there.y.dataSync(), each.y, { ...relative, what: 'y' })
      near(there.logDet.dataSync(), each.logDeriv, { ...relative, what: 'log-derivative' })
      const back = b.inverse(params, column(each.y))
      near(back.x.dataSync(), each.inverse, { ...relative, what: 'inverse' })
      near(back.logDet.dataSync(), each.logDeriv.map(d => -d), { ...relative, what: "log of the inverse's derivative" }) // prettier-ignore
    }),
  ),
)

s.test('every transformer is among them', () => {
  const names = ['bernstein', 'deepSigmoid', 'gaussianization', 'heavyTails', 'linearRationalSpline', 'linearSpline', 'logisticMixture']
  const more = ['monotoneMlp', 'quadraticSpline', 'sumOfSquares', 'unconstrainedMonotone']
  ok([...names, ...more].every(name => cases.some(each => each.spec._tag === name)))
})

s.run()
