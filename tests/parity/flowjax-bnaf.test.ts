import { blockAutoregressive, buildBijector, tidy } from '@diffeo/core'
import type { Params } from '@diffeo/core'
import { near, suite, useTestBackend } from '@diffeo/testing'
import { tensor } from '@tensorflow/tfjs-core'
import { readFileSync } from 'node:fs'

type Numbers = ReadonlyArray<number>
type Rows = ReadonlyArray<Numbers>
interface Layer {
  readonly w: Rows
  readonly b: Numbers
  readonly logNorm: Numbers
  readonly v?: Rows
}
interface Case {
  readonly dim: number
  readonly width: number
  readonly depth: number
  readonly context: number
  readonly layers: ReadonlyArray<Layer>
  readonly x: Rows
  readonly c?: Rows
  readonly y: Rows
  readonly logDet: Numbers
  readonly inverse: Rows
}

const file = new URL('../fixtures/flowjax-bnaf.json', import.meta.url)
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { readonly cases: ReadonlyArray<Case> }
const relative = { atol: 1e-4, rtol: 1e-4 }

const s = suite('block autoregressive networks of FlowJAX')
s.before(() => useTestBackend('cpu'))

cases.forEach(({ dim, width, depth, context, layers, ...each }) =>
  s.test(`${dim} dimensions, ${depth} layers of ${width} units each, ${context} numbers of context`, () =>
    tidy(() => {
      const sizes = { event: [dim], ...(context > 0 && { context: [context] }) }
      const b = buildBijector(blockAutoregressive({ width, depth }), sizes)
      const params: Params = {
        layers: layers.map(layer => Object.fromEntries(Object.entries(layer).map(([name, values]) => [name, tensor(values as number[])]))),
      }
      const c = each.c && tensor(each.c as number[][])
      const there = b.forward(params, tensor(each.x as number[][]), c)
      near(there.y.dataSync(), each.y.flat(), { ...relative, what: 'y' })
      near(there.logDet.dataSync(), each.logDet, { ...relative, what: 'log-determinant' })
      const back = b.inverse(params, tensor(each.y as number[][]), c)
      near(back.x.dataSync(), each.inverse.flat(), { ...relative, what: 'inverse' })
      near(back.logDet.dataSync(), each.logDet.map(d => -d), { ...relative, what: "the inverse's log-determinant" }) // prettier-ignore
    }),
  ),
)

s.run()
