import { add, div, exp, matMul, mul, neg, sub, sum, tensor1d, tensor2d, zeros } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Distribution } from '../contracts.ts'
import { identityMatrix, strictTriangle, solveTriangular } from '../linalg/triangular.ts'
import type { Key } from '../random/key.ts'
import { normal } from '../random/sample.ts'
import type { DistributionEntry, DistributionSite } from '../registry.ts'
import type { DistributionSpec } from '../spec.ts'
import { realSpace, showShape } from '../support.ts'
import { meanOfRows, tidy } from '../tensor.ts'
import { showPath } from '../tree.ts'
import { checked } from './checked.ts'
import { standardLogProb } from './normal.ts'

/** What `multivariateNormal` returns. */
export type MultivariateNormalSpec = DistributionSpec & { readonly _tag: 'multivariateNormal' }

/**
 * A normal distribution with a full covariance: x = mean + (I + N) (scale z), N strictly lower triangular, so that the covariance is
 * (I + N) diag(scale^2) (I + N)'. Leaves `mean` [D], `logScale` [D] and `lower` [D, D], of which only the part below the diagonal is read. It starts as
 * the standard normal. Samples are reparameterized.
 */
export const multivariateNormal = (): MultivariateNormalSpec => ({ _tag: 'multivariateNormal' })

/** The covariance is (I + N) diag(e^{2 logScale}) (I + N)', N the part of `lower` below the diagonal. */
export type MultivariateNormalParams = { readonly mean: Tensor; readonly logScale: Tensor; readonly lower: Tensor }

/** A covariance as (I + N) diag(scales^2) (I + N)'; a direction in which there is no variance gets a deviation of 1e-3. */
const factored = (covariance: ArrayLike<number>, dim: number): { readonly scales: Float32Array; readonly lower: Float32Array } => {
  const [scales, lower] = [new Float32Array(dim), new Float32Array(dim * dim)]
  const lowerAt = (i: number, k: number): number => (i === k ? 1 : lower[i * dim + k]!)
  for (let j = 0; j < dim; j++) {
    const rest = (i: number): number => {
      let value = covariance[i * dim + j]!
      for (let k = 0; k < j; k++) value -= lowerAt(i, k) * lowerAt(j, k) * scales[k]! ** 2
      return value
    }
    scales[j] = Math.sqrt(Math.max(1e-6, rest(j)))
    for (let i = j + 1; i < dim; i++) lower[i * dim + j] = rest(i) / scales[j]! ** 2
  }
  return { scales, lower }
}

/** The length of the vectors that a distribution is built for. */
export const dimOf = (tag: string, site: DistributionSite): number => {
  if (site.shape.length !== 1)
    throw new RangeError(`build: expected '${tag}' to get a vector event [D], got ${showShape(site.shape)} at ${showPath(site.path)}`)
  return site.shape[0]!
}

export const multivariateNormalDistribution = (dim: number): Distribution<MultivariateNormalParams> => {
  const logProb = ({ mean, logScale, lower }: MultivariateNormalParams, x: Tensor): Tensor => {
    if (x.size === 0) return zeros([0])
    const z = mul(solveTriangular(add(strictTriangle(lower), identityMatrix(dim)), sub(x, mean)), exp(neg(logScale)))
    return sub(standardLogProb(z), sum(logScale))
  }
  const sample = ({ mean, logScale, lower }: MultivariateNormalParams, key: Key, n: number): Tensor => {
    if (n === 0) return zeros([0, dim])
    const scaled = mul(normal(key, [n, dim]), exp(logScale))
    return add(add(mean, scaled), matMul(scaled, strictTriangle(lower), false, true))
  }
  return checked<MultivariateNormalParams>({
    spec: multivariateNormal(),
    space: realSpace([dim]),
    contextShape: undefined,
    trainable: { mean: true, logScale: true, lower: true },
    init: () => ({ mean: zeros([dim]), logScale: zeros([dim]), lower: zeros([dim, dim]) }),
    adapt: (_, batch) =>
      tidy(() => {
        const mean = meanOfRows(batch)
        const centred = sub(batch, mean)
        const covariance = div(matMul(centred, centred, true), Math.max(1, batch.shape[0]!))
        const { scales, lower } = factored(covariance.dataSync(), dim)
        return { mean, logScale: tensor1d(scales.map(Math.log)), lower: tensor2d(lower, [dim, dim]) }
      }),
    logProb: (params, x) => tidy(() => logProb(params, x)),
    sample: (params, key, n) => tidy(() => sample(params, key, n)),
    sampleAndLogProb: (params, key, n) =>
      tidy(() => {
        const x = sample(params, key, n)
        return { x, logProb: logProb(params, x) }
      }),
  })
}

export const multivariateNormalEntry: DistributionEntry<MultivariateNormalSpec> = {
  tag: 'multivariateNormal',
  build: (_, site) => multivariateNormalDistribution(dimOf('multivariateNormal', site)) as Distribution,
}
