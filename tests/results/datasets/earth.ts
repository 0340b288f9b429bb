import { matrix, nsf } from 'diffeo'
import type { Matrix } from 'diffeo'
import type { DataSet, Model, Training } from '../dataset.ts'
import { foldOf } from '../folds.ts'

/** Degrees of latitude and longitude as the sine of the one and radians of the other: areas on the sphere are areas of this rectangle. */
export const onCylinder = ({ rows, values }: Matrix): Matrix =>
  matrix(
    rows,
    2,
    Float64Array.from(values, (degrees, at) => {
      const radians = (degrees / 180) * Math.PI
      return at % 2 === 0 ? Math.sin(radians) : radians
    }),
  )

/** Heights in (-1, 1) as angles, for splines of the circle: the density by the surface is pi times as large. */
export const asAngles = ({ rows, values }: Matrix): { readonly rows: Matrix; readonly logVolume: Float64Array } => ({
  rows: matrix(
    rows,
    2,
    Float64Array.from(values, (x, at) => (at % 2 === 0 ? Math.PI * x : x)),
  ),
  logVolume: new Float64Array(rows).fill(Math.log(Math.PI)),
})

const training: Training = {
  steps: 1500,
  batchSize: 256,
  learningRate: 2e-3,
  schedule: 'cosine',
  clipNorm: 5,
  weightDecay: 0,
  patience: 50,
}

const network = { layers: 3, hidden: [64, 64] }
const bins = 16

/** @param more for few points: steps of fewer rows */
const models = (published: Model['published'], more: Partial<Training>): ReadonlyArray<Model> => [
  {
    id: 'ncsf',
    title: 'circular spline flow (NCSF) of height and longitude, 3 layers of [64, 64], 16 bins',
    flow: nsf({ ...network, bins, autoregressive: true }),
    options: { schema: 'infer', kinds: { height: 'circular(-1, 1)', longitude: 'radians' } },
    peer: { family: 'ncsf', ...network, bins },
    peerRows: asAngles,
    peerStandardizes: false,
    training: { ...training, ...more },
    published,
  },
]

const names = ['mixture of Kent', 'Moser Flow', 'Riemannian score-based', 'Riemannian flow matching'] as const

const earth = (
  id: string,
  title: string,
  likelihoods: ReadonlyArray<number>,
  { remark = '', ...more }: Partial<Training> & { readonly remark?: string } = {},
): DataSet => ({
  id: `earth-${id}`,
  title,
  units: 'nats of points on the unit sphere, by its surface; uniform points have −2.53',
  differs: `Random splits of 81 % to train on, 9 % to choose the parameters by and 10 % to test on, three seeds; the papers have five, and splits of their own. Their negative log-likelihoods are quoted with the sign turned. Neither library has their models: these are spline flows on the equal-area cylinder (Archimedes). zuko's networks read angles as numbers, and its splines end with slope 1; diffeo's read cosines and sines, and its splines are as steep at the one end as at the other, then turned.${remark}`,
  folds: 1,
  load: async read => {
    const rows = onCylinder(await read(`earth_sphere/${id}.npy`))
    return ({ seed }) => ({ columns: ['height', 'longitude'], ...foldOf(rows, { seed, fold: 0, folds: 10 }) })
  },
  models: models(
    names.map((model, i) => ({ model, nats: likelihoods[i]!, source: 'recalled' })),
    more,
  ),
})

/** Where on the earth volcanoes erupted, the ground shook, rivers rose and forests burned. */
export const earthData: ReadonlyArray<DataSet> = [
  earth('volcano', 'Volcanic eruptions', [0.8, 4.21, 4.92, 7.93], {
    remark: ' Only 267 of the 827 points differ: the density has no upper bound.',
    steps: 3000,
    batchSize: 128,
    learningRate: 1e-3,
  }),
  earth('earthquake', 'Earthquakes', [-0.33, 0.16, 0.19, 0.28]),
  earth('flood', 'Floods', [-0.73, -0.57, -0.45, -0.42]),
  earth('fire', 'Fires', [1.18, 1.28, 1.33, 1.86]),
]
