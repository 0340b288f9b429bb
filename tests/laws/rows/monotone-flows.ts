import { bnaf, bpf, flowPlusPlus, gf, naf, sospf, unaf } from '@diffeo/core'
import type { FlowSpec, Sizes } from '@diffeo/core'
import { flowMember } from '../members.ts'
import type { FlowMember } from '../members.ts'

const nets = { hidden: [7], activation: 'tanh' } as const
const given: Sizes = { event: [3], context: [2] }
const plain: Sizes = { event: [2] }

interface Row {
  readonly name: string
  readonly spec: FlowSpec
  readonly sizes: ReadonlyArray<Sizes>
  readonly startsAtBase?: boolean
}

/** The recipes whose transformers are inverted numerically. */
const rows: ReadonlyArray<Row> = [
  { name: 'naf', spec: naf({ ...nets, layers: 2, units: 4 }), sizes: [given, { event: [1] }], startsAtBase: false },
  { name: 'naf of perceptrons', spec: naf({ ...nets, layers: 2, signal: 2, perceptron: [4] }), sizes: [plain], startsAtBase: false },
  { name: 'unaf', spec: unaf({ ...nets, layers: 2, signal: 2, perceptron: [3] }), sizes: [plain] },
  { name: 'sospf', spec: sospf({ ...nets, layers: 2, degree: 3, polynomials: 2 }), sizes: [given], startsAtBase: false },
  { name: 'bpf', spec: bpf({ ...nets, layers: 2, coefficients: 4 }), sizes: [given] },
  { name: 'gf', spec: gf({ components: 4 }), sizes: [plain, { event: [3] }], startsAtBase: false },
  { name: 'bnaf', spec: bnaf({ layers: 2, width: 3 }), sizes: [given, { event: [1] }], startsAtBase: false },
  { name: 'flowPlusPlus', spec: flowPlusPlus({ ...nets, layers: 3, components: 4 }), sizes: [given], startsAtBase: false },
]

export const monotoneFlowMembers: ReadonlyArray<FlowMember> = rows.flatMap(({ name, spec, sizes, startsAtBase = true }) =>
  sizes.map(size => ({
    ...flowMember(`${name}, D = ${size.event[0]}${size.context === undefined ? '' : ', given a context'}`, spec, size),
    startsAtBase,
  })),
)

/** One of each, for the laws of compiled functions. */
export const representativeMonotoneFlowMembers: ReadonlyArray<FlowMember> = monotoneFlowMembers.filter(({ name }) =>
  /^(naf, D = 3|gf, D = 2|bnaf, D = 3|flowPlusPlus)/.test(name),
)
