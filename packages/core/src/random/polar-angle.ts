import { add, broadcastTo, mul, zeros } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Shape } from '../contracts.ts'
import { defineOp } from '../ops/define-op.ts'
import type { OpFunction } from '../ops/define-op.ts'
import { gaussLegendre } from '../special/gauss-legendre.ts'
import { keyTensor, logGammaVariate } from './gamma.ts'
import type { Key } from './key.ts'
import { streamOf, type Stream } from './stream.ts'
import { typed, wordsOf } from './traced-keys.ts'

type Attributes = { readonly dim: number }

/**
 * Angles t of [0, pi] with density e^{kappa cos t} sin^{dim - 2} t up to a constant: between a von Mises-Fisher vector of `dim` numbers and its mean
 * direction. By Wood's rejection (1994) in float64, at dim 2 that of Best and Fisher (1979). Element i depends on the key, i and its own
 * concentration alone.
 *
 * The gradient in kappa is implicit, dt/dkappa = -dF/dkappa / p, by quadrature, and has no gradient itself.
 *
 * @param concentration kappa >= 0, of a shape that broadcasts to `shape`
 * @see https://doi.org/10.1080/03610919408813161
 */
export const polarAngles = (source: Key | Tensor, concentration: Tensor, dim: number, shape: Shape): Tensor => {
  const each = concentration.rank === shape.length ? broadcastTo(concentration, [...shape]) : add(concentration, zeros([...shape]))
  return polarDraw([keyTensor(source), each], { dim })[0]!
}

const polarDraw: OpFunction<Attributes> = defineOp<Attributes>({
  name: 'polarDraw',
  host: ([source, concentrations], { dim }) => {
    const words = wordsOf(source)
    return [Float32Array.from(concentrations!, (kappa, i) => polarAngle(streamOf(words, i), kappa, dim))]
  },
  shape: ([, concentration]) => typed('float32')(concentration!.shape),
  vjp: ([dy], [source, concentration], attrs) => {
    const angles = polarDraw([source!, concentration!], attrs)[0]!
    return [null, mul(dy!, polarSlope([concentration!, angles], attrs)[0]!)]
  },
})

const polarSlope = defineOp<Attributes>({
  name: 'polarSlope',
  host: ([concentrations, angles], { dim }) => [Float32Array.from(concentrations!, (kappa, i) => angleSlope(kappa, angles![i]!, dim))],
  shape: ([concentration]) => typed('float32')(concentration!.shape),
})

const polarAngle = (stream: Stream, kappa: number, dim: number): number => {
  if (!(kappa >= 0)) return NaN
  const m = dim - 1
  const b = m / (2 * kappa + Math.sqrt(4 * kappa * kappa + m * m))
  const x0 = (1 - b) / (1 + b)
  const c = kappa * x0 + m * Math.log((4 * b) / (1 + b) ** 2)
  for (;;) {
    const z = 1 / (1 + Math.exp(logGammaVariate(stream, m / 2) - logGammaVariate(stream, m / 2)))
    // 1 - w, which is small where kappa is large
    const drop = (2 * b * z) / (1 - (1 - b) * z)
    const w = 1 - drop
    if (kappa * w + m * Math.log(1 - x0 * w) - c >= Math.log(stream.uniform())) return 2 * Math.asin(Math.min(1, Math.sqrt(drop / 2)))
  }
}

const rule = gaussLegendre(48)

const integral = (f: (t: number) => number, from: number, to: number): number => {
  const [middle, half] = [(from + to) / 2, (to - from) / 2]
  return half * rule.nodes.reduce((sum, node, i) => sum + rule.weights[i]! * f(middle + half * node), 0)
}

/** How an angle moves with kappa, -dF/dkappa / p: the integral of (mean of cos - cos) times the density from 0 to t, over the density at t. */
export const angleSlope = (kappa: number, angle: number, dim: number): number => {
  const drop = (t: number): number => -2 * Math.sin(t / 2) ** 2
  const density = (t: number): number => Math.exp(kappa * (drop(t) - drop(angle))) * (Math.sin(t) / Math.sin(angle)) ** (dim - 2)
  // beyond this a density that falls like e^{-kappa t^2 / 5} is gone
  const end = Math.min(Math.PI, Math.max(angle, Math.sqrt(dim / (1 + kappa))) + 14 / Math.sqrt(1 + kappa))
  const [below, above] = [integral(density, 0, angle), integral(density, angle, end)]
  const weighted = (t: number): number => drop(t) * density(t)
  const [dropBelow, dropAbove] = [integral(weighted, 0, angle), integral(weighted, angle, end)]
  const mean = (dropBelow + dropAbove) / (below + above)
  return below < above ? -(dropBelow - mean * below) : dropAbove - mean * above
}
