import { buildBijector, elementwise, tidy } from '@diffeo/core'
import type { Bijector, BijectorSpec, Params, TransformerSpec } from '@diffeo/core'
import { near, suite, useTestBackend } from '@diffeo/testing'
import { tensor, tensor2d } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { readFileSync } from 'node:fs'

type Nested = number | ReadonlyArray<Nested>
interface Elementwise {
  readonly name: string
  readonly spec: TransformerSpec
  readonly theta: ReadonlyArray<number>
  readonly x: ReadonlyArray<number>
  readonly y: ReadonlyArray<number>
  readonly logDeriv: ReadonlyArray<number>
}
interface Vector {
  readonly name: string
  readonly spec: BijectorSpec
  readonly x: ReadonlyArray<ReadonlyArray<number>>
  readonly y: ReadonlyArray<Nested>
  readonly logDet: ReadonlyArray<number>
}
interface Fixture {
  readonly elementwise: ReadonlyArray<Elementwise>
  readonly vectors: ReadonlyArray<Vector>
}

const fixture = JSON.parse(readFileSync(new URL('../fixtures/constrained-maps.json', import.meta.url), 'utf8')) as Fixture
const s = suite('constrained maps of other libraries')
s.before(() => useTestBackend('cpu'))

/** Issue 4: within 1e-4 (1 + |value|). */
const tolerance = { atol: 1e-4, rtol: 1e-4 }

const agrees = (b: Bijector, params: Params, x: Tensor, y: Tensor, logDet: ReadonlyArray<number>): void => {
  const [there, back] = [b.forward(params, x), b.inverse(params, y)]
  near(there.y.dataSync(), y.dataSync(), { ...tolerance, what: 'y' })
  near(there.logDet.dataSync(), logDet, { ...tolerance, what: 'log-determinant' })
  // at the place that float32's y stands for: its rounding is carried through the inverse
  const home = b.forward(params, back.x)
  near(home.y.dataSync(), y.dataSync(), { ...tolerance, what: 'y again' })
  near(
    back.logDet.dataSync(),
    home.logDet.dataSync().map(d => -d),
    { atol: 1e-3, what: 'log-determinant of the inverse' },
  )
}

fixture.elementwise.forEach(({ name, spec, theta, x, y, logDeriv }) =>
  s.test(name, () =>
    tidy(() => {
      const b = buildBijector(elementwise(spec), { event: [1] })
      const params = { ...(theta.length > 0 && { theta: tensor([...theta], [1, 1, theta.length]) }), transformer: {} }
      const column = (values: ReadonlyArray<number>): Tensor => tensor2d([...values], [values.length, 1])
      agrees(b, params, column(x), column(y), logDeriv)
    }),
  ),
)

fixture.vectors.forEach(({ name, spec, x, y, logDet }) =>
  s.test(name, () =>
    tidy(() => {
      const b = buildBijector(spec, { event: [x[0]!.length], side: 'base' })
      agrees(b, {}, tensor2d(x.map(row => [...row])), tensor(y as number[][]), logDet)
    }),
  ),
)

s.run()
