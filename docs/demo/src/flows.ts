import { maf, nice, nsf, realNvp } from '@diffeo/core'
import type { FlowSpec } from '@diffeo/core'

/** A flow to pick. A spec is JSON: the page makes it, the worker builds it. */
export interface FlowChoice {
  readonly id: string
  readonly title: string
  readonly about: string
  readonly spec: FlowSpec
}

/** What there is to pick; the first is chosen at first. */
export const flows: ReadonlyArray<FlowChoice> = [
  {
    id: 'nsf',
    title: 'Neural spline',
    about: 'NSF: four couplings, each of which bends one coordinate by a rational-quadratic spline that depends on the other.',
    spec: nsf({ layers: 4, hidden: [32, 32], bins: 8, activation: 'tanh' }),
  },
  {
    id: 'realnvp',
    title: 'Real NVP',
    about: 'Ten couplings, each of which shifts and scales one coordinate by the other.',
    spec: realNvp({ layers: 10, hidden: [32, 32], activation: 'tanh' }),
  },
  {
    id: 'maf',
    title: 'Autoregressive',
    about: 'MAF: eight layers, in each of which a coordinate is shifted and scaled by those before it.',
    spec: maf({ layers: 8, hidden: [32, 32], activation: 'tanh' }),
  },
  {
    id: 'nice',
    title: 'NICE',
    about: 'Ten couplings that only shift: volumes stay, but for one scale at the end.',
    spec: nice({ layers: 10, hidden: [32, 32], activation: 'tanh' }),
  },
]
