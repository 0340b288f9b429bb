import type { DataSet, Model } from '../dataset.ts'
import { affineThenSplines } from '../flows.ts'
import { crossValidated } from '../folds.ts'
import { differs, smallFlows } from './wine.ts'

const published: Model['published'] = [
  { model: 'mixture of factor analysers', nats: -1.99, source: 'recalled' },
  { model: 'RNADE-MoG', nats: -0.9, source: 'recalled' },
  { model: 'EoNADE', nats: -0.9, source: 'quoted' },
]

/** Some values lie 18 deviations from the mean, far outside the splines' interval: affine layers come before. */
const stages = { affine: 2, hidden: [64, 64], splines: 2, splineHidden: [64, 64], bins: 8, bound: 5 }

export const parkinsons: DataSet = {
  id: 'parkinsons',
  title: 'Parkinsons telemonitoring',
  units: 'nats of the 15 columns, standardized by each training fold',
  differs,
  folds: 10,
  load: async read => {
    const rows = await read('uci_small/parkinsons15.npy')
    return crossValidated(
      Array.from({ length: rows.columns }, (_, j) => `x${j + 1}`),
      rows,
      10,
    )
  },
  models: smallFlows(published, { steps: 1000, batchSize: 256 }).map(model =>
    model.id === 'nsf-ar'
      ? {
          ...model,
          title: 'autoregressive NSF, 2 affine layers and 2 of splines, [64, 64], 8 bins on [-5, 5]',
          flow: affineThenSplines(stages),
          peer: { family: 'affineThenSplines', ...stages },
        }
      : model,
  ),
}
