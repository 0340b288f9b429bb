import {
  affine,
  autoregressive,
  bnaf,
  bpf,
  chain,
  circularNsf,
  circularSpline,
  coupling,
  cylinder,
  each,
  flow,
  flowPlusPlus,
  gf,
  iaf,
  invert,
  made,
  maf,
  mafMog,
  mlp,
  moebius,
  naf,
  nice,
  nsf,
  periodic,
  planarFlow,
  product,
  radialFlow,
  realNvp,
  reverse,
  sospf,
  sphereFlow,
  sphereMoebius,
  standardNormal,
  sylvesterFlow,
  triangularSpline,
  unaf,
  uniformCircle,
  uniformSphere,
} from '@diffeo/core'
import type { FlowSpec } from '@diffeo/core'

/** A flow whose own samples are scored. */
export interface SampledFlow {
  readonly name: string
  readonly spec: FlowSpec
  /** The dimension of its samples; 4 unless given. */
  readonly dim?: number
}

const onCylinder = autoregressive(periodic(made()), each([affine(), circularSpline({ bins: 8 })]))
const onTorus = chain(coupling(periodic(mlp()), circularSpline({ bins: 8 })), reverse(), coupling(periodic(mlp()), moebius()))

/** The recipes with the sizes that they have unless told otherwise, and flows of angles and of the sphere. */
export const sampledFlows: ReadonlyArray<SampledFlow> = [
  { name: 'nice', spec: nice() },
  { name: 'realNvp', spec: realNvp() },
  { name: 'maf', spec: maf() },
  { name: 'maf of scales e^s', spec: maf({ scale: 'exp' }) },
  { name: 'iaf', spec: iaf() },
  { name: 'mafMog', spec: mafMog() },
  { name: 'nsf', spec: nsf() },
  { name: 'autoregressive nsf', spec: nsf({ autoregressive: true }) },
  { name: 'triangularSpline', spec: triangularSpline() },
  { name: 'radialFlow', spec: radialFlow() },
  { name: 'circularNsf', spec: circularNsf() },
  { name: 'sphereFlow', dim: 3, spec: sphereFlow() },
  { name: 'sphereFlow, Moebius maps', dim: 3, spec: sphereFlow({ map: 'moebius' }) },
  { name: 'angles of the torus', spec: flow({ base: uniformCircle(), bijector: invert(onTorus) }) },
  {
    name: 'sphere, by a cylinder',
    dim: 3,
    spec: flow({
      base: product([
        { size: 1, distribution: standardNormal() },
        { size: 1, distribution: uniformCircle() },
      ]),
      bijector: chain(onCylinder, cylinder({ heights: 'real' }), sphereMoebius()),
    }),
  },
  { name: 'sphere, Moebius maps', dim: 3, spec: flow({ base: uniformSphere(), bijector: chain(sphereMoebius(), sphereMoebius()) }) },
  { name: 'naf', spec: naf() },
  { name: 'naf of perceptrons', spec: naf({ signal: 16 }) },
  { name: 'unaf', spec: unaf() },
  { name: 'sospf', spec: sospf() },
  { name: 'bpf', spec: bpf() },
  { name: 'gf', spec: gf() },
  { name: 'bnaf', spec: bnaf() },
  { name: 'flowPlusPlus', spec: flowPlusPlus() },
  { name: 'sphereFlow, exponential maps', dim: 3, spec: sphereFlow({ map: 'exponential' }) },
  { name: 'planarFlow', spec: planarFlow() },
  { name: 'sylvesterFlow', spec: sylvesterFlow() },
]
