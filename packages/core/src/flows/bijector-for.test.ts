import { equal, near, suite, throws, useTestBackend } from '@diffeo/testing'
import { tensor2d } from '@tensorflow/tfjs-core'
import { chain } from '../bijectors/chain.ts'
import { autoregressive } from '../bijectors/autoregressive.ts'
import { coupling } from '../bijectors/coupling.ts'
import { correlationCholesky, positiveDefinite } from '../bijectors/constrained/cholesky.ts'
import { stickBreaking } from '../bijectors/constrained/simplex.ts'
import { conditional, elementwise } from '../bijectors/elementwise.ts'
import { invert } from '../bijectors/invert.ts'
import { permute, reverse } from '../bijectors/permute.ts'
import { repeat } from '../bijectors/repeat.ts'
import type { ScalarSupport, Support } from '../contracts.ts'
import { standardNormal } from '../distributions/normal.ts'
import { uniform } from '../distributions/uniform.ts'
import { made } from '../networks/made.ts'
import { mlp } from '../networks/mlp.ts'
import { key } from '../random/key.ts'
import type { BijectorSpec } from '../spec.ts'
import { circle, positive, real, showSupport } from '../support.ts'
import { tidy } from '../tensor.ts'
import { affine } from '../transformers/affine.ts'
import { each } from '../transformers/each.ts'
import { exp } from '../transformers/exp.ts'
import { sigmoid } from '../transformers/sigmoid.ts'
import { bijectorFor } from './bijector-for.ts'
import { build, buildBijector } from './build.ts'
import { flow } from './flow.ts'

const s = suite('maps of supports')
s.before(() => useTestBackend('cpu'))

const hours: ScalarSupport = { _tag: 'interval', low: 0, high: 24 }

s.test('a support is what its bijector maps onto', () => {
  const supports: ReadonlyArray<readonly [Support, number]> = [
    [real, 2],
    [positive, 2],
    [hours, 2],
    [{ _tag: 'interval', low: -1, high: Infinity }, 2],
    [circle, 2],
    [{ _tag: 'each', dimensions: [real, hours, positive] }, 3],
  ]
  supports.forEach(([support, dim]) => equal(buildBijector(bijectorFor(support), { event: [dim] }).data, { shape: [dim], support }))
})

s.test('a support that no map of the line reaches', () => {
  throws(() => bijectorFor({ _tag: 'sphere' }), /^bijectorFor: expected a support that a map of real vectors reaches, got sphere$/)
  throws(() => bijectorFor({ _tag: 'interval', low: 0, high: Infinity }), /^bijectorFor: expected an interval with finite ends/)
})

const refused = (name: string, spec: BijectorSpec, message: RegExp, event = [3], context?: ReadonlyArray<number>): void =>
  s.test(name, () => throws(() => buildBijector(spec, context === undefined ? { event } : { event, context }), message))

const without = /expected a transformer with parameters to condition, got '(exp|each)' with none at transformer; put it into 'elementwise'$/
s.test('constrained vectors and matrices', () => {
  const spaces: ReadonlyArray<readonly [Support, number[], number]> = [
    [{ _tag: 'simplex' }, [4], 3],
    [{ _tag: 'ordered' }, [4], 4],
    [{ _tag: 'positiveDefinite' }, [3, 3], 6],
    [{ _tag: 'correlationCholesky' }, [3, 3], 3],
  ]
  spaces.forEach(([support, shape, free]) => {
    const spec = bijectorFor(support)
    equal(buildBijector(spec, { event: shape }).data, { shape, support })
    equal(buildBijector(spec, { event: [free], side: 'base' }).data.shape, shape)
    equal(buildBijector(invert(spec), { event: [free] }).base.shape, shape)
  })
})

refused('a simplex of one number', stickBreaking(), /expected 'stickBreaking' to get a vector event \[K\], K >= 2, got \[1\]/, [1])
refused(
  'a matrix that is not square',
  positiveDefinite(),
  /expected 'positiveDefinite' to get a matrix event \[D, D\], D >= 1, got \[2, 3\]/,
  [2, 3],
)
refused(
  'too few entries of a triangle',
  invert(correlationCholesky()),
  /expected 'correlationCholesky' to get a vector of the entries of a triangle, got \[4\]/,
  [4],
)
refused('a coupling of a map without parameters', coupling(mlp(), exp()), without)
refused('an autoregressive layer of such maps', autoregressive(made(), each([exp(), exp(), exp()])), without)
refused('a conditional map without parameters', conditional(mlp(), exp()), without, [3], [2])
refused(
  'too few transformers',
  elementwise(each([exp()])),
  /expected a list of 3 transformers, one for each dimension of the event, got 1 at transformer\.transformers$/,
)
refused(
  'transformers of what is no vector',
  elementwise(each([exp()])),
  /expected 'each' to get a vector event \[D\], got another at transformer$/,
  [1, 1],
)
refused(
  'a fault in one of several',
  elementwise(each([exp(), sigmoid({ low: 2, high: 1 }), exp()])),
  /got 2 and 1 at transformer\.transformers\[1\]$/,
)
refused(
  'positive numbers before a coupling of angles',
  chain(elementwise(exp()), elementwise(each([exp(), exp(), exp()])), elementwise({ _tag: 'identity', support: circle } as never)),
  /chain: expected a bijector of positive values, got one of circle at index 2/,
)

s.test('a map without parameters has none', () => {
  const b = buildBijector(elementwise(exp()), { event: [2] })
  equal(b.init(key(0)), { transformer: {} })
  equal(b.trainable, { transformer: {} })
})

s.test('a coupling keeps the supports of what passes', () => {
  const spec = coupling(mlp(), each([{ _tag: 'identity', support: hours } as never, affine(), affine()]), { mask: [true, true, false] })
  const b = buildBijector(spec, { event: [3] })
  equal(b.base.support, { _tag: 'each', dimensions: [hours, real, real] })
  equal(b.data.support, b.base.support)
})

s.test('a map onto an interval never reaches its ends', () =>
  tidy(() => {
    const b = buildBijector(elementwise(sigmoid({ low: 2, high: 3 })), { event: [1] })
    const { y } = b.forward(b.init(key(0)), tensor2d([[-1e30], [1e30]]))
    near([...y.dataSync()], [2, 3], { atol: 3e-7 })
    equal(
      [...y.dataSync()].map(v => v > 2 && v < 3),
      [true, true],
    )
  }),
)

s.test('the ends of a support are no values of a flow; NaN is NaN', () =>
  tidy(() => {
    const f = build(flow({ base: standardNormal(), bijector: elementwise(each([exp(), sigmoid({ low: 2, high: 3 })])) }), { event: [2] })
    const rows = [
      [1, 2.5],
      [0, 2.5],
      [1, 2],
      [1, 3],
      [-1, NaN],
      [Infinity, 2.5],
    ]
    const got = [...f.logProb(f.init(key(0)), tensor2d(rows)).dataSync()]
    equal(
      got.map(v => (Number.isFinite(v) ? 'finite' : String(v))),
      ['finite', '-Infinity', '-Infinity', '-Infinity', 'NaN', '-Infinity'],
    )
  }),
)

s.test('what takes any support takes that of its neighbours', () => {
  const angles = elementwise({ _tag: 'identity', support: circle } as never)
  const spaces = (spec: BijectorSpec): ReadonlyArray<string> => {
    const { base, data } = buildBijector(spec, { event: [3] })
    return [base, data].map(space => showSupport(space.support))
  }
  equal(spaces(chain(reverse(), angles, invert(reverse()))), ['circle', 'circle'])
  equal(spaces(chain(chain(), repeat(4, reverse(), { scan: true }), elementwise(exp()), permute([2, 0, 1]))), ['real', 'positive'])
  const mixed = elementwise(each([exp(), sigmoid(), angles.transformer]))
  equal(spaces(chain(permute([1, 2, 0]), invert(mixed), reverse()))[0], 'each of circle, positive, interval (0, 1)')
  equal(spaces(chain(mixed, permute([1, 2, 0])))[1], 'each of interval (0, 1), circle, positive')
  const f = build(flow({ base: uniform(), bijector: reverse() }), { event: [3] })
  equal(f.space.support, { _tag: 'interval', low: 0, high: 1 })
  equal(f.bijector.spec, reverse())
})

s.run()
