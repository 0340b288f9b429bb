import { affine, chain, coupling, flow, invert, maf, mlp, nsf, rationalQuadratic, realNvp, repeat, standardNormal } from '@diffeo/core'
import type { FlowSpec, TransformerSpec } from '@diffeo/core'
import type { Work } from '../work.ts'
import { familySpecs } from './family-specs.ts'

/** The model of a piece of work as a spec. */
export const specOf = ({ model, layers, hidden, repeated = false }: Work): FlowSpec => {
  switch (model) {
    case 'affineCoupling':
      return repeated || layers < 3 ? alternating(layers, hidden, affine(), repeated) : realNvp({ layers, hidden })
    case 'splineCoupling':
      return repeated || layers < 3 ? alternating(layers, hidden, rationalQuadratic(), repeated) : nsf({ layers, hidden })
    case 'affineAutoregressive':
      return maf({ layers, hidden })
    case 'splineAutoregressive':
      return nsf({ layers, hidden, autoregressive: true })
    default:
      return familySpecs[model]({ layers, hidden })
  }
}

/** Couplings of alternating halves: fewer than the recipes allow, or one pair that is repeated. */
const alternating = (layers: number, hidden: ReadonlyArray<number>, transformer: TransformerSpec, repeated: boolean): FlowSpec => {
  const layer = (i: number): ReturnType<typeof coupling> => coupling(mlp({ hidden }), transformer, { mask: i % 2 === 0 ? 'even' : 'odd' })
  const bijector = repeated
    ? repeat(layers / 2, chain(layer(0), layer(1)), { scan: true })
    : chain(...Array.from({ length: layers }, (_, i) => layer(i)))
  return flow({ base: standardNormal(), bijector: invert(bijector) })
}
