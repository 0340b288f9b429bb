import { allocates, near, ok, suite, useTestBackend } from '@diffeo/testing'
import { add, mul, tensor1d } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { buildBijector } from '../flows/build.ts'
import { key } from '../random/key.ts'
import { normal } from '../random/sample.ts'
import { meanOfRows, tidy } from '../tensor.ts'
import type { Params } from '../contracts.ts'
import { batchNorm } from './batch-norm.ts'
import { chain } from './chain.ts'
import { invert } from './invert.ts'
import { permute } from './permute.ts'
import { repeat } from './repeat.ts'
import { concatenate } from './wrappers/concatenate.ts'
import { indexed } from './wrappers/indexed.ts'

const s = suite('batchNorm')
s.before(() => useTestBackend('cpu'))

const rows = (seed: number): Tensor => tidy(() => add(mul(normal(key(seed), [4000, 2]), tensor1d([3, 0.2])), tensor1d([5, -2])))

/** Mean and deviation of each dimension. */
const moments = (x: Tensor): ReadonlyArray<number> => {
  const center = meanOfRows(x)
  const square = meanOfRows(mul(x, x))
  const [m, q] = [center.dataSync(), square.dataSync()]
  return [m[0]!, m[1]!, Math.sqrt(q[0]! - m[0]! ** 2), Math.sqrt(q[1]! - m[1]! ** 2)]
}

const specs = {
  alone: batchNorm(),
  inverted: invert(batchNorm()),
  'in a chain': chain(permute([1, 0]), batchNorm(), permute([1, 0])),
  'in an inverted chain': invert(chain(permute([1, 0]), batchNorm())),
  'in a loop': repeat(4, batchNorm(), { scan: true }),
  'side by side': concatenate({ size: 1, bijector: batchNorm() }, { size: 1, bijector: invert(batchNorm()) }),
  'on indices': indexed([1, 0], batchNorm()),
}

Object.entries(specs).forEach(([name, spec]) => {
  s.test(`${name}: adapted to rows of data, it makes them standard`, () =>
    tidy(() => {
      const b = buildBijector(spec, { event: [2] })
      const params = b.adapt!(b.init(key(0)), 'data', rows(1))
      near(moments(b.inverse(params, rows(1)).x), [0, 0, 1, 1], { atol: 2e-3 })
    }),
  )
  s.test(`${name}: following batches, it comes to the same`, () =>
    tidy(() => {
      const b = buildBijector(spec, { event: [2] })
      const last = Array.from({ length: 150 }).reduce<Params>(
        (params, _, i) => b.follow!(params, 'data', rows(2 + (i % 5))),
        b.init(key(0)),
      )
      near(moments(b.inverse(last, rows(1)).x), [0, 0, 1, 1], { atol: 0.05 })
    }),
  )
})

s.test('the first step goes a tenth of the way, and allocates the parameters alone', () =>
  tidy(() => {
    const b = buildBijector(batchNorm(), { event: [2] })
    const [params, x] = [b.init(key(0)), rows(1)]
    const next = allocates(4, () => b.follow!(params, 'data', x)) as { readonly mean: Tensor }
    near(next.mean.dataSync(), [0.5, -0.2], { atol: 0.02 })
    ok(!x.isDisposed)
  }),
)
s.run()
