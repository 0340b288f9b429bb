import type { Value } from '../../program.ts'
import { dataOf } from '../../values.ts'
import { constantAt } from '../look.ts'
import { sameShape, upTo } from '../../shape.ts'
import type { RuleOf, Rules, Site } from './rules.ts'

/** Constant indices of one axis. */
const places = (indices: Value, { b }: Site): ReadonlyArray<number> | undefined => {
  const constant = constantAt(b, indices)
  return constant !== undefined && constant.shape.length === 1 && constant.shape[0]! > 0 ? [...dataOf(constant)] : undefined
}

/** The step of a list of evenly spaced numbers; 1 for a single one. */
const stepOf = (list: ReadonlyArray<number>): number | undefined => {
  const step = list.length === 1 ? 1 : list[1]! - list[0]!
  return step !== 0 && list.every((at, i) => i === 0 || at - list[i - 1]! === step) ? step : undefined
}

const replaced = (list: ReadonlyArray<number>, axis: number, value: number): ReadonlyArray<number> =>
  list.map((v, i) => (i === axis ? value : v))

/** Evenly spaced places are a slice, or its reverse. */
const evenGather: RuleOf<'gather'> = (node, [x, indices], site) => {
  const at = places(indices!, site)
  const step = at && stepOf(at)
  const { emit } = site
  const shape = emit.shape(x!)
  if (at === undefined || step === undefined || at.some(i => i < 0 || i >= shape[node.axis]!)) return undefined
  const first = step > 0 ? at[0]! : at.at(-1)!
  const sliced = emit.slice(
    x!,
    replaced(
      shape.map(() => 0),
      node.axis,
      first,
    ),
    replaced(shape, node.axis, at.length),
    replaced(
      shape.map(() => 1),
      node.axis,
      Math.abs(step),
    ),
  )
  return step > 0 ? sliced : emit.reverse(sliced, [node.axis])
}

/** Places among places are places. */
const gatherGather: RuleOf<'gather'> = (node, [x, indices], site) => {
  const inner = site.made(x!, 'gather')
  const outer = places(indices!, site)
  const at = inner && inner.axis === node.axis ? places(inner.inputs[1]!, site) : undefined
  if (inner === undefined || outer === undefined || at === undefined) return undefined
  return gathered(
    inner.inputs[0]!,
    node.axis,
    outer.map(i => at[i]!),
    site,
  )
}

const gathered = (x: Value, axis: number, at: ReadonlyArray<number>, { b, emit }: Site): Value =>
  b.node({ op: 'gather', axis }, x, emit.constant([at.length], 'int32', at))

/** A slice along the gathered axis is a gather of fewer places. */
const sliceGather: RuleOf<'slice'> = (node, [x], site) => {
  const inner = site.made(x!, 'gather')
  const at = inner && places(inner.inputs[1]!, site)
  if (inner === undefined || at === undefined) return undefined
  const { axis } = inner
  const others = (list: ReadonlyArray<number>): ReadonlyArray<number> => list.filter((_, i) => i !== axis)
  if (!sameShape(others(node.size), others(site.emit.shape(x!))) || node.size[axis] === 0) return undefined
  const taken = upTo(node.size[axis]!).map(i => at[node.begin[axis]! + i * node.stride[axis]!]!)
  return gathered(inner.inputs[0]!, axis, taken, site)
}

/** A slice of a reverse is the reverse of a slice. */
const sliceReverse: RuleOf<'slice'> = (node, [x], { emit, made }) => {
  const inner = made(x!, 'reverse')
  if (inner === undefined || node.size.includes(0)) return undefined
  const shape = emit.shape(x!)
  const begin = node.begin.map((first, i) =>
    inner.axes.includes(i) ? shape[i]! - 1 - (first + (node.size[i]! - 1) * node.stride[i]!) : first,
  )
  return emit.reverse(emit.slice(inner.inputs[0]!, begin, node.size, node.stride), inner.axes)
}

/** Adding at consecutive places is padding. */
const evenScatter: RuleOf<'scatterAdd'> = (node, [x, indices], site) => {
  const at = places(indices!, site)
  if (at === undefined || (at.length > 1 && stepOf(at) !== 1) || at.some(i => i < 0 || i >= node.size)) return undefined
  const zeros = site.emit.shape(x!).map(() => 0)
  const [before, after] = [replaced(zeros, node.axis, at[0]!), replaced(zeros, node.axis, node.size - 1 - at.at(-1)!)]
  return site.b.node({ op: 'pad', before, after, value: 0 }, x!)
}

/** Where every place is met once, what is added there is all there is: a gather of the inverse permutation. */
const permutedScatter: RuleOf<'scatterAdd'> = (node, [x, indices], site) => {
  const at = places(indices!, site)
  if (at === undefined || at.length !== node.size || new Set(at).size !== at.length || at.some(i => i < 0 || i >= node.size))
    return undefined
  return gathered(
    x!,
    node.axis,
    at.map((_, i) => at.indexOf(i)),
    site,
  )
}

/** What is added at some places and at others is added at all of them. */
const addScatters: RuleOf<'add'> = (_, [x, y], site) => {
  const [p, q] = [site.made(x!, 'scatterAdd'), site.made(y!, 'scatterAdd')]
  if (p === undefined || q === undefined || p.axis !== q.axis || p.size !== q.size) return undefined
  const [first, second] = [places(p.inputs[1]!, site), places(q.inputs[1]!, site)]
  if (first === undefined || second === undefined) return undefined
  const { b, emit } = site
  const values = emit.concat([p.inputs[0]!, q.inputs[0]!], p.axis)
  const indices = emit.constant([first.length + second.length], 'int32', [...first, ...second])
  return b.node({ op: 'scatterAdd', axis: p.axis, size: p.size }, values, indices)
}

export const indexingRules: Rules = {
  add: [addScatters],
  gather: [evenGather, gatherGather],
  slice: [sliceGather, sliceReverse],
  scatterAdd: [evenScatter, permutedScatter],
}
