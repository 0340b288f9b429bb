import { affine, autoregressive, chain, flow, invert, made, rationalQuadratic, reverse, standardNormal } from 'diffeo'
import type { FlowSpec } from 'diffeo'

/** The layers of `affineThenSplines`; peers.py has the same under this name. */
export interface Stages {
  readonly affine: number
  readonly hidden: ReadonlyArray<number>
  readonly splines: number
  readonly splineHidden: ReadonlyArray<number>
  readonly bins: number
  readonly bound: number
}

/**
 * Masked autoregressive layers, the order reversed between them: affine ones where the data are, which bring rows of any scale into the
 * splines' interval, then splines.
 */
export const affineThenSplines = ({ affine: affines, hidden, splines, splineHidden, bins, bound }: Stages): FlowSpec => {
  const layers = [
    ...Array.from({ length: affines }, () => autoregressive(made({ hidden }), affine())),
    ...Array.from({ length: splines }, () => autoregressive(made({ hidden: splineHidden }), rationalQuadratic({ bins, bound }))),
  ]
  return flow({
    base: standardNormal(),
    bijector: invert(chain(...layers.flatMap((layer, i) => (i === 0 ? [layer] : [reverse(), layer])))),
  })
}
