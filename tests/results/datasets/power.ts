import { joinRows } from '../folds.ts'
import { maf, nsf } from 'diffeo'
import type { DataSet, Training } from '../dataset.ts'

const network = { layers: 3, hidden: [128, 128] }

const training: Training = {
  steps: 3000,
  batchSize: 512,
  learningRate: 2e-3,
  schedule: 'cosine',
  clipNorm: 5,
  weightDecay: 0,
  patience: 20,
}

const published = [
  { model: 'MAF (10 layers)', nats: 0.24, source: 'recalled' as const },
  { model: 'RQ-NSF (AR)', nats: 0.66, source: 'recalled' as const },
]

export const power: DataSet = {
  id: 'power',
  title: 'Household power, one month of 47',
  units: 'nats of the 6 columns with noise, standardized as in the MAF papers',
  differs:
    '47,955 rows of 2,049,280, one winter month: another distribution than that of the papers, whose figures only give an orientation. The rows that the MAF papers would train and validate on are pooled, and a tenth of them is drawn anew for validation.',
  folds: 1,
  load: async read => {
    const [train, validation, test] = [
      await read('power_subset/train.npy'),
      await read('power_subset/val.npy'),
      await read('power_subset/test.npy'),
    ]
    const problem = { columns: ['active power', 'voltage', 'sub 1', 'sub 2', 'sub 3', 'minute'], train: joinRows(train, validation), test }
    return () => problem
  },
  models: [
    {
      id: 'maf',
      title: 'MAF, 3 layers of [128, 128]',
      flow: maf(network),
      peer: { family: 'maf', ...network },
      training,
      published: published.slice(0, 1),
    },
    {
      id: 'nsf-ar',
      title: 'autoregressive NSF, 3 layers of [128, 128], 8 bins on [-5, 5]',
      flow: nsf({ ...network, bins: 8, bound: 5, autoregressive: true }),
      peer: { family: 'nsf', ...network, bins: 8, bound: 5 },
      training,
      published: published.slice(1),
    },
  ],
}
