import { cast, cumsum, div, equal, matMul, max, min, mul, ones, reshape, softmax, sub, sum, util } from '@tensorflow/tfjs-core'
import type { GradConfig, Tensor } from '@tensorflow/tfjs-core'

/** Rules of sums, extrema, cumulative sums, softmax and matrix products. */
type Attributes = Readonly<Record<string, unknown>>

const attributes = (attrs: unknown): Attributes => attrs as Attributes

const axesOf = (axis: unknown, shape: ReadonlyArray<number>): number[] => util.parseAxisParam((axis ?? null) as number[], [...shape])

/** The shape in which the reduced axes are kept as 1. */
const keptShape = (shape: ReadonlyArray<number>, axes: ReadonlyArray<number>): number[] =>
  shape.map((size, i) => (axes.includes(i) ? 1 : size))

const spread = (dy: Tensor, x: Tensor, axes: ReadonlyArray<number>): Tensor => mul(reshape(dy, keptShape(x.shape, axes)), ones(x.shape))

/** Ties share the gradient evenly. tfjs calls the axes `reductionIndices` in Max and `axis` in Min. */
const extremum = (kernelName: string, axesName: string, reduce: (x: Tensor, axes: number[], keep: boolean) => Tensor): GradConfig => ({
  kernelName,
  inputsToSave: ['x'],
  gradFunc: (dy, saved, attrs) => {
    const x = saved[0]!
    const axes = axesOf(attributes(attrs)[axesName], x.shape)
    return {
      x: () => {
        const hit = cast(equal(x, reduce(x, axes, true)), 'float32')
        return mul(div(hit, sum(hit, axes, true)), reshape(dy as Tensor, keptShape(x.shape, axes)))
      },
    }
  },
})

export const reductionRules: ReadonlyArray<GradConfig> = [
  {
    kernelName: 'Sum',
    inputsToSave: ['x'],
    gradFunc: (dy, saved, attrs) => ({
      x: () => spread(dy as Tensor, saved[0]!, axesOf(attributes(attrs)['axis'], saved[0]!.shape)),
    }),
  },
  {
    kernelName: 'Mean',
    inputsToSave: ['x'],
    gradFunc: (dy, saved, attrs) => {
      const x = saved[0]!
      const axes = axesOf(attributes(attrs)['axis'], x.shape)
      const count = axes.reduce((n, axis) => n * x.shape[axis]!, 1)
      return { x: () => spread(div(dy as Tensor, count), x, axes) }
    },
  },
  extremum('Max', 'reductionIndices', max),
  extremum('Min', 'axis', min),
  {
    kernelName: 'Cumsum',
    inputsToSave: ['x'],
    gradFunc: (dy, _, attrs) => {
      const { axis, exclusive, reverse } = attributes(attrs) as {
        readonly axis: number
        readonly exclusive: boolean
        readonly reverse: boolean
      }
      return { x: () => cumsum(dy as Tensor, axis, exclusive, !reverse) }
    },
  },
  {
    kernelName: 'Softmax',
    inputsToSave: ['logits'],
    gradFunc: (dy, saved, attrs) => {
      const axis = attributes(attrs)['dim'] as number
      return {
        logits: () => {
          const y = softmax(saved[0]!, axis)
          const dyTimesY = mul(dy as Tensor, y)
          return sub(dyTimesY, mul(sum(dyTimesY, axis, true), y))
        },
      }
    },
  },
  {
    kernelName: 'BatchMatMul',
    inputsToSave: ['a', 'b'],
    gradFunc: (dy, saved, attrs) => {
      const [a, b] = [saved[0]!, saved[1]!]
      const d = dy as Tensor
      const { transposeA: ta, transposeB: tb } = attributes(attrs) as { readonly transposeA: boolean; readonly transposeB: boolean }
      return {
        a: () => unbatched(ta ? matMul(b, d, tb, true) : matMul(d, b, false, !tb), a.shape),
        b: () => unbatched(tb ? matMul(d, a, true, ta) : matMul(a, d, !ta, false), b.shape),
      }
    },
  },
]

/** The sum over batch axes along which a matrix was repeated. */
const unbatched = (dx: Tensor, shape: ReadonlyArray<number>): Tensor => {
  const lead = dx.rank - shape.length
  const axes = dx.shape.flatMap((size, i) => (i < dx.rank - 2 && (i < lead || (shape[i - lead] === 1 && size > 1)) ? [i] : []))
  return axes.length > 0 ? reshape(sum(dx, axes), [...shape]) : dx
}
