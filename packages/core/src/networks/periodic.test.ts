import { near, suite, throws, useTestBackend } from '@diffeo/testing'
import { tensor2d } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { autoregressive } from '../bijectors/autoregressive.ts'
import { coupling } from '../bijectors/coupling.ts'
import { conditional } from '../bijectors/elementwise.ts'
import { buildBijector } from '../flows/build.ts'
import { normal } from '../random/sample.ts'
import { key } from '../random/key.ts'
import type { BijectorSpec } from '../spec.ts'
import { tidy } from '../tensor.ts'
import { add } from '@tensorflow/tfjs-core'
import { affine } from '../transformers/affine.ts'
import { circularSpline } from '../transformers/circular-spline.ts'
import { each } from '../transformers/each.ts'
import { moebius } from '../transformers/moebius.ts'
import { mapTree } from '../tree.ts'
import { made } from './made.ts'
import { mlp } from './mlp.ts'
import { periodic } from './periodic.ts'

const s = suite('periodic')
s.before(() => useTestBackend('cpu'))

const net = mlp({ hidden: [8], activation: 'tanh' })
const seam = [
  [-Math.PI, 1, 0.5],
  [Math.PI, 1, 0.5],
]

/** What a layer with random parameters makes of the two ends of the first angle. */
const images = (spec: BijectorSpec, rows: number[][]): ReadonlyArray<number> => {
  const b = buildBijector(spec, { event: [rows[0]!.length] })
  const params = mapTree((leaf: Tensor) => add(leaf, normal(key(3), leaf.shape)), b.init(key(1)))
  const { y, logDet } = b.forward(params, tensor2d(rows))
  return [...y.dataSync(), ...logDet.dataSync()]
}

s.test('both ends of an angle condition alike', () =>
  tidy(() => {
    const specs = [
      coupling(periodic(net), circularSpline()),
      autoregressive(periodic(made({ hidden: [8] })), each([circularSpline(), affine(), moebius()])),
    ]
    specs.forEach(spec => {
      const [, a1, a2, , b1, b2, aDet, bDet] = images(spec, seam)
      near([a1!, a2!, aDet!], [b1!, b2!, bDet!], { atol: 2e-5 })
    })
  }),
)

s.test('a network without it sees the seam', () =>
  tidy(() => {
    const [, a1, , , b1] = images(coupling(net, circularSpline()), seam)
    throws(() => near([a1!], [b1!], { atol: 1e-2 }), /expected/)
  }),
)

s.test('inputs that are no angles are refused', () => {
  const at = (spec: BijectorSpec, message: RegExp): void => throws(() => buildBijector(spec, { event: [3], context: [2] }), message)
  at(coupling(periodic(net), affine()), /expected inputs of 'periodic' that lie on a circle, got none at conditioner; say with 'at'/)
  at(conditional(periodic(net), affine()), /expected inputs of 'periodic' that lie on a circle, got none/)
  at(conditional(periodic(net, { at: [2] }), affine()), /expected different indices of 0\.\.1, got \[2\] at conditioner\.at$/)
  at(conditional(periodic(net, { at: [1, 1] }), affine()), /expected different indices of 0\.\.1, got \[1,1\]/)
})

s.run()
