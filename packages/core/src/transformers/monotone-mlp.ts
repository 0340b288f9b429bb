import {
  abs,
  add,
  concat,
  exp,
  expandDims,
  expm1,
  greater,
  log,
  matMul,
  mul,
  neg,
  reshape,
  slice,
  sub,
  where,
  zeros,
  zerosLike,
} from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Transformer } from '../contracts.ts'
import type { Sloped } from '../control/monotone-root.ts'
import { initLinear } from '../networks/linear.ts'
import type { Linear } from '../networks/linear.ts'
import { split } from '../random/key.ts'
import type { Key } from '../random/key.ts'
import type { TransformerEntry } from '../registry.ts'
import type { TransformerSpec } from '../spec.ts'
import { real } from '../support.ts'
import { tidy } from '../tensor.ts'
import { showPath } from '../tree.ts'
import { checkCount } from './check-count.ts'
import { numericallyInverted } from './numerical-inverse.ts'

/** What `monotoneMlp` returns. */
export type MonotoneMlpSpec = TransformerSpec & {
  readonly _tag: 'monotoneMlp'
  readonly signal: number
  readonly hidden: ReadonlyArray<number>
}

/** First layer (its first row of weights is x's), further layers, output layer. */
export type MonotoneMlpParams = { readonly layers: ReadonlyArray<Linear> }

/**
 * A monotone perceptron (NAF, Huang et al. 2018; zuko's MNN): weights enter by their absolute values, and half of the units of a layer bend up, half down,
 * so that the real line is mapped onto itself. Its weights are parameters of its own, the same for every dimension; theta is a signal beside x. Inverted numerically.
 *
 * theta [N, ...event, signal]. It starts as some increasing function whose value at 0 is 0 and whose slope there is 1, for theta = 0.
 *
 * @param signal how many numbers modulate it
 * @param hidden widths of the hidden layers, even
 * @example autoregressive(made({ hidden: [64, 64] }), monotoneMlp({ signal: 16 }))
 * @see https://arxiv.org/abs/1804.00779
 */
export const monotoneMlp = ({
  signal = 16,
  hidden = [64, 64],
}: { readonly signal?: number; readonly hidden?: ReadonlyArray<number> } = {}): MonotoneMlpSpec => ({ _tag: 'monotoneMlp', signal, hidden })

/** Values of units and their derivatives by x. */
interface Units {
  readonly value: Tensor
  readonly slope: Tensor
}

const half = (x: Tensor, from: 0 | 1): Tensor => {
  const width = x.shape[1]! / 2
  return slice(x, [0, from * width], [-1, width])
}

/** elu of the first half, -elu(-x) of the second. Derivatives are exponentials: tfjs' of elu is 1 + elu, which has no digits where a unit is nearly flat. */
const bent = ({ value, slope }: Units): Units => {
  const signed = concat([half(value, 0), neg(half(value, 1))], 1)
  const isSteep = greater(signed, 0)
  const below = where(isSteep, zerosLike(signed), signed)
  const units = where(isSteep, signed, expm1(below))
  const slopes = where(isSteep, add(1, zerosLike(signed)), exp(below))
  return { value: concat([half(units, 0), neg(half(units, 1))], 1), slope: mul(slope, slopes) }
}

const through = ({ w, b }: Linear, { value, slope }: Units): Units => {
  const positive = abs(w)
  return { value: add(matMul(value, positive), b), slope: matMul(slope, positive) }
}

/** The slope of x times this, which a value is not changed by: of slopes less than 1e-38 float32 has no gradient of the logarithm. */
const leastSlope = 1e-30

const networkAt = ({ layers: [first, ...rest] }: MonotoneMlpParams, theta: Tensor, x: Tensor): Sloped => {
  const signal = theta.shape.at(-1)!
  const width = first!.w.shape[1]!
  const [own, others] = [abs(slice(first!.w, [0, 0], [1, width])), abs(slice(first!.w, [1, 0], [signal, width]))]
  const rows = (t: Tensor): Tensor => reshape(t, [-1, width])
  const shifts = reshape(add(matMul(reshape(theta, [-1, signal]), others), first!.b), [...theta.shape.slice(0, -1), width])
  const z = add(mul(expandDims(x, -1), own), shifts)
  const start = { value: rows(z), slope: add(zeros([rows(z).shape[0]!, width]), own) }
  const { value, slope } = rest.reduce<Units>((units, layer) => through(layer, bent(units)), start)
  const shape = z.shape.slice(0, -1)
  return { y: reshape(value, shape), logDeriv: log(add(reshape(slope, shape), leastSlope)) }
}

/** Weights as PyTorch's; the last layer then such that f(0) = 0 and f'(0) = 1. */
const initMlp = (key: Key, { signal, hidden }: MonotoneMlpSpec): MonotoneMlpParams =>
  tidy(() => {
    const widths = [1 + signal, ...hidden, 1]
    const keys = split(key, widths.length - 1)
    const layers = keys.map((k, i) => initLinear(k, widths[i]!, widths[i + 1]!))
    const { y, logDeriv } = networkAt({ layers }, zeros([1, signal]), zeros([1]))
    const { w, b } = layers.at(-1)!
    const scale = exp(neg(logDeriv))
    return { layers: [...layers.slice(0, -1), { w: mul(w, scale), b: mul(sub(b, y), scale) }] }
  })

export const monotoneMlpTransformer = (spec: MonotoneMlpSpec): Transformer<MonotoneMlpParams> =>
  numericallyInverted<MonotoneMlpParams>({
    spec,
    size: spec.signal,
    domain: real,
    range: real,
    trainable: { layers: [...spec.hidden, 1].map(() => ({ w: true, b: true })) },
    init: key => initMlp(key, spec),
    value: (params, theta, x) => networkAt(params, theta, x),
  })

export const monotoneMlpEntry: TransformerEntry<MonotoneMlpSpec> = {
  tag: 'monotoneMlp',
  build: (spec, site) => {
    checkCount('signal', spec.signal, [1, 9999], site)
    if (
      !Array.isArray(spec.hidden) ||
      spec.hidden.length === 0 ||
      !spec.hidden.every(w => Number.isSafeInteger(w) && w > 0 && w % 2 === 0 && w <= 4096)
    )
      throw new RangeError(
        `build: expected even widths from 2 to 4096, got ${JSON.stringify(spec.hidden)} at ${showPath([...site.path, 'hidden'])}`,
      )
    return monotoneMlpTransformer(spec)
  },
}
