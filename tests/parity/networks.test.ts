import { gatedResidual } from '@diffeo/core'
import type { Params } from '@diffeo/core'
import { near, suite, useTestBackend } from '@diffeo/testing'
import { tensor } from '@tensorflow/tfjs-core'
import { readFileSync } from 'node:fs'
import { networkOf } from '../laws/parts.ts'

type Matrix = ReadonlyArray<ReadonlyArray<number>>
interface Layer {
  readonly w: Matrix
  readonly b: ReadonlyArray<number>
}
interface Residual {
  readonly first: Layer
  readonly blocks: ReadonlyArray<{ readonly one: Layer; readonly two: Layer; readonly gate: Layer }>
  readonly last: Layer
  readonly x: Matrix
  readonly context: Matrix
  readonly y: Matrix
}
const fixture = JSON.parse(readFileSync(new URL('../fixtures/networks.json', import.meta.url), 'utf8')) as {
  readonly gatedResidual: Residual
}
const matrix = (rows: Matrix): ReturnType<typeof tensor> => tensor(rows.map(row => [...row]))
const layer = ({ w, b }: Layer): Params => ({ w: matrix(w), b: tensor([...b]) })

const s = suite('networks, parity')
s.before(() => useTestBackend('cpu'))

s.test("gatedResidual given a context is nflows' ResidualNet", () => {
  const { first, blocks, last, x, context, y } = fixture.gatedResidual
  const network = networkOf(gatedResidual({ width: 8, blocks: 2, activation: 'elu' }), {
    input: [3],
    output: [4],
    context: [2],
    autoregressive: false,
  })
  const params = {
    // nflows reads input and context side by side
    first: { w: matrix(first.w.slice(0, 3)), b: tensor([...first.b]), v: matrix(first.w.slice(3)) },
    blocks: blocks.map(({ one, two, gate }) => ({ one: layer(one), two: layer(two), gate: layer(gate) })),
    last: layer(last),
  }
  near(network.apply(params, matrix(x), matrix(context)).dataSync(), y.flat(), { atol: 1e-5, rtol: 1e-5 })
})

s.run()
