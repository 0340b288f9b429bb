import { tensor1d, tensor2d } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { near, suite, useTestBackend } from '@diffeo/testing'
import { buildDistribution } from '../flows/build.ts'
import { tidy } from '../tensor.ts'
import { lowRankNormal } from './low-rank-normal.ts'

/** The log-density of (u, v), whose covariance is [[a, b], [b, c]] of determinant `det`. */
const normalLogProb = (u: number, v: number, { a, b, c, det }: Record<'a' | 'b' | 'c' | 'det', number>): number =>
  -0.5 * ((c * u * u - 2 * b * u * v + a * v * v) / det + Math.log(det)) - Math.log(2 * Math.PI)

const s = suite('low-rank normal')

;(['cpu', 'wasm'] as const).forEach(backend =>
  s.test(`scales of a millionth beside factors near 1: the density of the covariance, on ${backend}`, async () => {
    await useTestBackend(backend)
    const distribution = buildDistribution(lowRankNormal({ rank: 2 }), { event: [2] })
    const logScale = [-12.25, 5.5]
    const [[p, q], [r, t]] = [
      [-0.125, -1.25],
      [2.875, 3.5],
    ] as const
    const [small, large] = logScale.map(v => Math.exp(2 * v)) as [number, number]
    const covariance = {
      a: small + p * p + q * q,
      b: p * r + q * t,
      c: large + r * r + t * t,
      det: small * large + small * (r * r + t * t) + large * (p * p + q * q) + (p * t - q * r) ** 2,
    }
    const points = [
      [0.96, -432],
      [-2.5, 100],
      [1e-3, 0],
    ].map(row => row.map(Math.fround))
    tidy(() => {
      const params = {
        mean: tensor1d([0, 0]),
        logScale: tensor1d(logScale),
        factor: tensor2d([
          [p, q],
          [r, t],
        ]),
      }
      const found: Tensor = distribution.logProb(params, tensor2d(points))
      near(
        found.dataSync<'float32'>(),
        points.map(([u, v]) => normalLogProb(u!, v!, covariance)),
        { rtol: 1e-6 },
      )
    })
  }),
)

s.run()
