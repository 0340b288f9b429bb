import {
  actNorm,
  additive,
  affine,
  autoregressive,
  chain,
  conditional,
  coupling,
  elementwise,
  invert,
  made,
  mlp,
  permute,
  rationalQuadratic,
  repeat,
  residualMlp,
  reverse,
  scale,
} from '@diffeo/core'
import type { BijectorSpec, Shape, TransformerSpec } from '@diffeo/core'
import { anyShape, masked, net, none, one, spline, splineBound } from './row.ts'
import type { Row } from './row.ts'

export const transformers: ReadonlyArray<readonly [string, TransformerSpec]> = [
  ['additive', additive()],
  ['affine', affine()],
  ['scale', scale()],
  ['rationalQuadratic', spline],
]
/** The other ways in which numbers become scales and knots: at one size each. */
export const variants: ReadonlyArray<readonly [string, TransformerSpec]> = [
  ...(['exp', 'softplus', 'sigmoid', 'tanh'] as const).map(map => [`affine ${map}`, affine({ scale: map })] as const),
  ...(['softclip', 'softplus', 'sigmoid', 'tanh'] as const).map(map => [`scale ${map}`, scale({ scale: map })] as const),
  ...(['softmax', 'distrax'] as const).map(
    knots => [`rationalQuadratic ${knots}`, rationalQuadratic({ bins: 4, bound: splineBound, knots })] as const,
  ),
]

const named = (name: string): boolean => name.startsWith('rationalQuadratic softmax')

export const onTransformer = (
  [name, t]: readonly [string, TransformerSpec],
  dims: ReadonlyArray<Shape>,
): ReadonlyArray<Row<BijectorSpec>> => {
  const startsAtIdentity = !named(name)
  const vectorsOnly = dims.filter(shape => shape.length === 1)
  return [
    { name: `elementwise(${name})`, spec: elementwise(t), dims, startsAtIdentity, spread: 1, contexts: none },
    { name: `conditional(${name})`, spec: conditional(net, t), dims, startsAtIdentity, contexts: [[2]] },
    { name: `coupling(${name})`, spec: coupling(net, t), dims: vectorsOnly, startsAtIdentity },
    { name: `autoregressive(${name})`, spec: autoregressive(masked, t), dims: vectorsOnly, startsAtIdentity },
  ]
}

const layered = chain(coupling(net, spline), permute({ seed: 3 }), autoregressive(masked, affine()), actNorm())

export const structureRows: ReadonlyArray<Row<BijectorSpec>> = [
  ...transformers.flatMap(t => onTransformer(t, anyShape)),
  ...variants.flatMap(t =>
    onTransformer(t, one)
      .filter(row => /^(elementwise|coupling)/.test(row.name))
      .map(row => ({ ...row, contexts: row.contexts ?? [[2]] })),
  ),
  { name: 'permute', spec: permute({ seed: 1 }), contexts: none },
  { name: 'permute in an order', spec: permute([2, 0, 1]), dims: one, contexts: none },
  { name: 'reverse', spec: reverse(), contexts: none },
  { name: 'actNorm', spec: actNorm(), dims: anyShape, startsAtIdentity: true, contexts: none },
  { name: 'chain', spec: layered, layers: 4 },
  { name: 'chain of none', spec: chain(), startsAtIdentity: true, dims: anyShape, contexts: none },
  { name: 'invert(coupling)', spec: invert(coupling(net, spline)), startsAtIdentity: true },
  { name: 'invert(autoregressive)', spec: invert(autoregressive(masked, spline)), startsAtIdentity: true },
  { name: 'invert(chain)', spec: invert(layered), layers: 4 },
  { name: 'repeat', spec: repeat(2, chain(coupling(net, affine(), { mask: 'even' }), reverse())), layers: 2, startsAtIdentity: true },
  ...(['even', 'odd', { split: 2 }, [false, true, false]] as const).map(mask => ({
    name: `coupling with mask ${JSON.stringify(mask)}`,
    spec: coupling(net, affine(), { mask }),
    dims: one,
    startsAtIdentity: true,
  })),
  {
    name: 'coupling by a residual network',
    spec: coupling(residualMlp({ width: 6, activation: 'silu' }), affine()),
    dims: one,
    startsAtIdentity: true,
  },
  {
    name: 'autoregressive by a residual made',
    spec: autoregressive(made({ hidden: [7, 7], residual: true, activation: 'elu' }), spline),
    dims: one,
    startsAtIdentity: true,
  },
  {
    name: 'autoregressive by a cyclic made',
    spec: autoregressive(made({ hidden: [7, 6], degrees: 'cyclic', activation: 'softplus' }), affine()),
    dims: one,
    startsAtIdentity: true,
  },
  ...(['relu', 'leakyRelu'] as const).map(activation => ({
    name: `coupling by a network of ${activation}`,
    spec: coupling(mlp({ hidden: [7, 5], activation }), affine()),
    dims: one,
    startsAtIdentity: true,
  })),
  {
    name: 'coupling given a tree of contexts',
    spec: coupling(net, affine()),
    dims: one,
    contexts: [{ image: [2, 2], scalars: [[1], []] }],
    startsAtIdentity: true,
  },
]
