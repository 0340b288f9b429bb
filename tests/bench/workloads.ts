import type { Work } from './work.ts'

/** A workload of the table: its work, and what it is called. */
export interface Workload {
  readonly id: string
  readonly title: string
  readonly work: Work
}

const step = { job: 'step', rows: 512, chunk: 10_000 } as const
const maf = { model: 'affineAutoregressive', dim: 43, layers: 5, hidden: [256, 256] } as const
const nsf = { model: 'splineCoupling', dim: 6, layers: 8, hidden: [128, 128] } as const
const realNvp = { model: 'affineCoupling', dim: 2, layers: 8, hidden: [64, 64] } as const

/** The workloads that are one piece of work; W8 starts processes, W7 and W9 need models that are not here yet. */
export const workloads: ReadonlyArray<Workload> = [
  { id: 'W1', title: 'training step, 8 affine couplings, MLP 64-64, D = 2, batch 512', work: { ...step, ...realNvp } },
  { id: 'W2', title: 'training step, 8 spline couplings, MLP 128-128, D = 6, batch 512', work: { ...step, ...nsf } },
  { id: 'W3', title: 'training step, MAF: 5 affine MADEs 256-256, D = 43, batch 512', work: { ...step, ...maf } },
  { id: 'W4', title: '10,000 samples of the model of W3', work: { job: 'sample', ...maf, rows: 10_000, chunk: 10_000 } },
  { id: 'W5', title: 'log-density of 100,000 rows, model of W2', work: { job: 'logProb', ...nsf, rows: 100_000, chunk: 10_000 } },
  {
    id: 'W6',
    title: 'training step, 5 autoregressive spline MADEs 128-128, D = 6, batch 512',
    work: { ...step, model: 'splineAutoregressive', dim: 6, layers: 5, hidden: [128, 128] },
  },
]

/** The work of a workload of the table. */
export const workOf = (id: string): Work => workloads.find(workload => workload.id === id)!.work

/** What W8 does after its start: so many steps of W1. */
export const coldSteps = 200

/** How a workload grows. */
export type Axis = 'dim' | 'layers' | 'rows'
export interface Curve {
  readonly id: string
  readonly axis: Axis
  readonly values: ReadonlyArray<number>
}

const growth: { readonly [axis in Axis]: ReadonlyArray<number> } = {
  dim: [8, 16, 32, 64, 128],
  layers: [1, 2, 4, 8, 16, 32],
  rows: [64, 128, 256, 512, 1024, 2048, 4096, 8192],
}

/** W1, W3 and W4 over the dimension, the depth and the batch. */
export const curves: ReadonlyArray<Curve> = ['W1', 'W3', 'W4'].flatMap(id =>
  (['dim', 'layers', 'rows'] as const).map(axis => ({ id, axis, values: growth[axis] })),
)

/** A point of a curve. */
export const workAt = ({ id, axis }: Curve, value: number): Work => ({ ...workOf(id), [axis]: value })
