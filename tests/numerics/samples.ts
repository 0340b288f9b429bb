import { build, foldIn, key, mapTree, tidy } from '@diffeo/core'
import type { Flow, FlowParams, Key } from '@diffeo/core'
import { jit } from '@diffeo/program'
import { mul } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { perturbed, values } from '../laws/draws.ts'
import type { SampledFlow } from './flows.ts'

/** How many of a flow's own samples, and of their log-densities, are finite. */
export interface Scored {
  readonly samples: number
  readonly finiteSamples: number
  readonly finite: number
}

/** How many samples, of how many draws of parameters, which are then `factor` times as large; `atOnce` in one batch. */
export interface Draws {
  readonly samples: number
  readonly draws: number
  readonly factor: number
  readonly atOnce: number
}

/** Whether some direction has no closed form. */
export const isIterative = ({ bijector }: Flow): boolean => Object.values(bijector.cost).includes('iterative')

export const flowOf = ({ spec, dim = 4 }: SampledFlow): Flow => build(spec, { event: [dim] })

/** Zero layers at the start would leave the flow at its base: every parameter is moved by this much, about what PyTorch starts a layer of 64 with. */
const spread = 0.1

/** Samples a flow and scores its samples, compiled. */
export const scored = (flow: Flow, { samples, draws, factor, atOnce }: Draws): Scored => {
  const quiet = { warn: () => undefined }
  const sample = jit((params: FlowParams, k: Key, n: number) => flow.sample(params, k, n), { ...quiet, static: [2] })
  const score = jit((params: FlowParams, x: Tensor) => flow.logProb(params, x), quiet)
  const found = { samples: 0, finiteSamples: 0, finite: 0 }
  const width = flow.space.shape.reduce((product, size) => product * size, 1)
  const batches = Math.max(1, Math.round(samples / draws / atOnce))
  for (let draw = 0; draw < draws; draw++) {
    const params = tidy(() => mapTree(leaf => mul(leaf, factor), perturbed(flow.init(key(draw)), 1000 + draw, spread))) as FlowParams
    for (let batch = 0; batch < batches; batch++)
      tidy(() => {
        const x = sample(params, foldIn(key(draw), batch), atOnce)
        const [numbers, densities] = [values(x), values(score(params, x))]
        densities.forEach((density, i) => {
          found.samples += 1
          if (Number.isFinite(density)) found.finite += 1
          if (numbers.subarray(i * width, (i + 1) * width).every(Number.isFinite)) found.finiteSamples += 1
        })
        return []
      })
  }
  sample.dispose()
  score.dispose()
  return found
}
