import {
  add,
  broadcast_util,
  cast,
  div,
  floor,
  greater,
  greaterEqual,
  less,
  lessEqual,
  log,
  mul,
  neg,
  onesLike,
  pow,
  reshape,
  square,
  sub,
  sum,
  where,
  zerosLike,
} from '@tensorflow/tfjs-core'
import type { GradConfig, Tensor } from '@tensorflow/tfjs-core'
import { handle } from '../tensor.ts'
import { only } from './only.ts'

/** Rules of elementwise kernels of two arguments, which broadcast against each other, and of `where`. */
type Derivatives = (dy: Tensor, a: Tensor, b: Tensor) => { readonly a: () => Tensor; readonly b: () => Tensor }

const binary = (kernelName: string, derivatives: Derivatives): GradConfig => ({
  kernelName,
  inputsToSave: ['a', 'b'],
  gradFunc: (dy, saved) => {
    const [a, b] = [saved[0]!, saved[1]!]
    const outShape = broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape)
    const d = derivatives(dy as Tensor, a, b)
    return { a: () => unbroadcast(d.a(), a.shape, outShape, dy as Tensor), b: () => unbroadcast(d.b(), b.shape, outShape, dy as Tensor) }
  },
})

/** The sum over the axes along which an argument was repeated: a tensor of its own, since tfjs disposes of what it has added up. */
const unbroadcast = (dx: Tensor, shape: number[], outShape: number[], dy: Tensor): Tensor => {
  const axes = broadcast_util.getReductionAxes(shape, outShape)
  const sums = axes.length > 0 ? sum(dx, axes) : dx
  if (sums.rank !== shape.length) return reshape(sums, shape)
  return sums === dy ? handle(dy) : sums
}

export const binaryRules: ReadonlyArray<GradConfig> = [
  binary('Add', dy => ({ a: () => dy, b: () => dy })),
  binary('Atan2', (dy, a, b) => ({
    a: () => mul(dy, div(b, add(square(a), square(b)))),
    b: () => neg(mul(dy, div(a, add(square(a), square(b))))),
  })),
  binary('Maximum', (dy, a, b) => ({ a: () => only(greaterEqual(a, b), dy), b: () => only(less(a, b), dy) })),
  binary('Minimum', (dy, a, b) => ({ a: () => only(lessEqual(a, b), dy), b: () => only(greater(a, b), dy) })),
  binary('Mod', (dy, a, b) => ({ a: () => dy, b: () => neg(mul(dy, floor(div(a, b)))) })),
  binary('Multiply', (dy, a, b) => ({ a: () => mul(dy, b), b: () => mul(dy, a) })),
  binary('Pow', (dy, a, b) => ({
    a: () => mul(dy, mul(b, pow(a, sub(b, 1)))),
    // d/db a^b = a^b log a; 0 at a = 0, where the power itself is flat in b
    b: () => {
      const d = mul(dy, mul(pow(a, b), log(where(greater(a, 0), a, onesLike(a)))))
      return where(greater(a, 0), d, zerosLike(d))
    },
  })),
  binary('RealDiv', (dy, a, b) => ({ a: () => div(dy, b), b: () => neg(mul(dy, div(div(a, b), b))) })),
  binary('SquaredDifference', (dy, a, b) => ({
    a: () => mul(dy, mul(2, sub(a, b))),
    b: () => mul(dy, mul(-2, sub(a, b))),
  })),
  binary('Sub', dy => ({ a: () => dy, b: () => neg(dy) })),
  {
    kernelName: 'Select',
    inputsToSave: ['condition'],
    gradFunc: (dy, saved) => {
      const condition = saved[0]!
      const d = dy as Tensor
      return {
        condition: () => cast(zerosLike(condition), 'float32'),
        t: () => where(condition, d, zerosLike(d)),
        e: () => where(condition, zerosLike(d), d),
      }
    },
  },
]
