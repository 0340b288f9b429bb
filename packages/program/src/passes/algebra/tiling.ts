import type { Value } from '../../program.ts'
import { sameShape, upTo } from '../../shape.ts'
import type { NodeOf } from '../look.ts'
import type { RuleOf, Rules, Site } from './rules.ts'

/** The axis along which a pad of zeros pads, if there is one such axis. */
const paddedAxis = (pad: NodeOf<'pad'> | undefined): number | undefined => {
  if (pad === undefined || pad.value !== 0) return undefined
  const axes = upTo(pad.before.length).filter(axis => pad.before[axis]! + pad.after[axis]! > 0)
  return axes.length === 1 ? axes[0] : undefined
}

/** The sum of two pads of zeros that lie side by side is their concat, padded: the gradient of slices that cut a value up. */
const addPads: RuleOf<'add'> = (node, [x, y], site) => {
  const [p, q] = [site.made(x!, 'pad'), site.made(y!, 'pad')]
  const axis = paddedAxis(p)
  if (p === undefined || q === undefined || axis === undefined || axis !== paddedAxis(q)) return undefined
  const [first, second] = p.before[axis]! <= q.before[axis]! ? [p, q] : [q, p]
  const length = (pad: NodeOf<'pad'>): number => site.emit.shape(pad.inputs[0]!)[axis]!
  if (first.before[axis]! + length(first) !== second.before[axis]!) return undefined
  const joined = site.emit.concat([first.inputs[0]!, second.inputs[0]!], axis)
  return padded(joined, first.before, second.after, node.outputs[0]!.shape, site)
}

const padded = (
  x: Value,
  before: ReadonlyArray<number>,
  after: ReadonlyArray<number>,
  shape: ReadonlyArray<number>,
  { b, emit }: Site,
): Value => (sameShape(emit.shape(x), shape) ? x : b.node({ op: 'pad', before, after, value: 0 }, x))

const concatConcat: RuleOf<'concat'> = (node, inputs, { emit, made }) => {
  const nested = inputs.map(x => made(x, 'concat'))
  if (!nested.some(inner => inner?.axis === node.axis)) return undefined
  return emit.concat(
    inputs.flatMap((x, i) => (nested[i]?.axis === node.axis ? nested[i].inputs : [x])),
    node.axis,
  )
}

/** Slices of one value that follow one another are one slice. */
const concatSlices: RuleOf<'concat'> = (node, inputs, site) => {
  for (let i = 0; i + 1 < inputs.length; i++) {
    const merged = neighbours(inputs[i]!, inputs[i + 1]!, node.axis, site)
    if (merged !== undefined) return site.emit.concat([...inputs.slice(0, i), merged, ...inputs.slice(i + 2)], node.axis)
  }
  return undefined
}

const neighbours = (x: Value, y: Value, axis: number, { emit, made }: Site): Value | undefined => {
  const [p, q] = [made(x, 'slice'), made(y, 'slice')]
  if (p === undefined || q === undefined || p.inputs[0] !== q.inputs[0]) return undefined
  const others = (list: ReadonlyArray<number>): ReadonlyArray<number> => list.filter((_, i) => i !== axis)
  const alike = sameShape(others(p.begin), others(q.begin)) && sameShape(others(p.size), others(q.size)) && sameShape(p.stride, q.stride)
  if (!alike || p.stride[axis] !== 1 || p.begin[axis]! + p.size[axis]! !== q.begin[axis]) return undefined
  return emit.slice(
    p.inputs[0]!,
    p.begin,
    p.size.map((size, i) => (i === axis ? size + q.size[i]! : size)),
    p.stride,
  )
}

export const tiling: Rules = { add: [addPads], concat: [concatConcat, concatSlices] }
