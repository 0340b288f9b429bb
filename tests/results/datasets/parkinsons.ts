import type { DataSet } from '../dataset.ts'
import { crossValidated } from '../folds.ts'
import { differs, smallFlows } from './wine.ts'

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
  models: smallFlows([
    { model: 'mixture of factor analysers', nats: -1.99, source: 'recalled' },
    { model: 'RNADE-MoG', nats: -0.9, source: 'recalled' },
    { model: 'EoNADE', nats: -0.9, source: 'quoted' },
  ]),
}
