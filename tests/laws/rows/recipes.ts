import { iaf, maf, nice, nsf, realNvp } from '@diffeo/core'
import type { FlowSpec } from '@diffeo/core'
import { splineBound } from './row.ts'
import type { Row } from './row.ts'

const nets = { hidden: [7], activation: 'tanh' } as const
const splines = { ...nets, bins: 4, bound: splineBound }

/** A recipe; `mixes` unless some dimension depends on too few of the others. */
export type RecipeRow = Row<FlowSpec> & { readonly mixes?: boolean }

/** The recipes, with the fewest layers that mix and with the default number, orders reversed and random. */
export const recipeRows: ReadonlyArray<RecipeRow> = [
  { name: 'nice', spec: nice(nets), layers: 5 },
  { name: 'nice of 3 layers', spec: nice({ ...nets, layers: 3 }), layers: 4 },
  { name: 'realNvp', spec: realNvp(nets), layers: 8 },
  { name: 'realNvp of 3 layers', spec: realNvp({ ...nets, layers: 3 }), layers: 3 },
  { name: 'maf', spec: maf(nets), layers: 5 },
  { name: 'maf of 2 layers', spec: maf({ ...nets, layers: 2 }), layers: 2 },
  { name: 'maf of 1 layer', spec: maf({ ...nets, layers: 1 }), layers: 1, mixes: false },
  { name: 'maf with a seed', spec: maf({ ...nets, seed: 0 }), layers: 5 },
  { name: 'iaf', spec: iaf(nets), layers: 5 },
  { name: 'iaf with a seed', spec: iaf({ ...nets, layers: 3, seed: 1 }), layers: 3 },
  { name: 'nsf', spec: nsf(splines), layers: 5 },
  { name: 'nsf of 3 layers with a seed', spec: nsf({ ...splines, layers: 3, seed: 0 }), layers: 3 },
  { name: 'nsf with a seed', spec: nsf({ ...splines, seed: 0 }), layers: 5 },
  { name: 'autoregressive nsf', spec: nsf({ ...splines, layers: 3, autoregressive: true }), layers: 3 },
]
