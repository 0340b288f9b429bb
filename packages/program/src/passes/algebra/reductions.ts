import { sizeOf, upTo } from '../../shape.ts'
import type { RuleOf, Rules } from './rules.ts'

/** Nothing is summed along an axis of one value. */
const ofOnes: RuleOf<'reduce'> = (node, [x], { emit }) => {
  const shape = emit.shape(x!)
  const axes = node.axes.filter(axis => shape[axis] !== 1)
  if (axes.length === node.axes.length) return undefined
  return emit.reshape(emit.reduce(node.kind, x!, axes), node.outputs[0]!.shape)
}

/** A sum of sums is one sum. */
const ofReduce: RuleOf<'reduce'> = (node, [x], { emit, made }) => {
  const inner = made(x!, 'reduce')
  if (inner === undefined || inner.kind !== node.kind) return undefined
  const source = inner.inputs[0]!
  const kept = upTo(emit.shape(source).length).filter(axis => !inner.axes.includes(axis))
  return emit.reduce(node.kind, source, [...inner.axes, ...node.axes.map(axis => kept[axis]!)])
}

/** A sum over repeated values is a multiple of one. */
const ofBroadcast: RuleOf<'reduce'> = (node, [x], { b, emit, made }) => {
  const inner = made(x!, 'broadcast')
  if (inner === undefined || node.kind === 'prod') return undefined
  const source = inner.inputs[0]!
  if (emit.shape(source).includes(1) || inner.shape.includes(0)) return undefined
  const own = upTo(inner.axes.length).filter(i => node.axes.includes(inner.axes[i]!))
  const count = sizeOf(node.axes.filter(axis => !inner.axes.includes(axis)).map(axis => inner.shape[axis]!))
  const reduced = emit.reduce(node.kind, source, own)
  const times = node.kind === 'sum' && count !== 1 ? emit.binary('mul', reduced, emit.like(reduced, count)) : reduced
  const kept = upTo(inner.shape.length).filter(axis => !node.axes.includes(axis))
  const axes = inner.axes.filter(axis => !node.axes.includes(axis)).map(axis => kept.indexOf(axis))
  return b.node({ op: 'broadcast', shape: node.outputs[0]!.shape, axes }, times)
}

/** A factor that is the same everywhere, or a sign, is taken out of a sum. */
const ofFactor: RuleOf<'reduce'> = (node, [x], { emit, made, fill }) => {
  if (node.kind !== 'sum') return undefined
  const negated = made(x!, 'neg')
  if (negated) return emit.unary('neg', emit.reduce('sum', negated.inputs[0]!, node.axes))
  const product = made(x!, 'mul')
  if (product === undefined) return undefined
  const [left, right] = product.inputs.map(fill)
  const [factor, other] = left === undefined ? [right, product.inputs[0]!] : [left, product.inputs[1]!]
  // an infinite one makes NaN of the zeros that it meets, and the sum has none left
  if (factor === undefined || !Number.isFinite(factor)) return undefined
  const sum = emit.reduce('sum', other, node.axes)
  return emit.binary('mul', sum, emit.like(sum, factor))
}

export const reductionRules: Rules = { reduce: [ofOnes, ofReduce, ofBroadcast, ofFactor] }
