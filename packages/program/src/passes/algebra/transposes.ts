import type { RuleOf, Rules } from './rules.ts'

/** A transpose is taken before what moves values along single axes rather than after it, where it meets another. */
const early: RuleOf<'transpose'> = ({ perm }, [x], { b, emit, made }) => {
  const along = (list: ReadonlyArray<number>): ReadonlyArray<number> => perm.map(axis => list[axis]!)
  const to = (axis: number): number => perm.indexOf(axis)
  const [slice, pad, reverse] = [made(x!, 'slice'), made(x!, 'pad'), made(x!, 'reverse')]
  if (slice) return emit.slice(emit.transpose(slice.inputs[0]!, perm), along(slice.begin), along(slice.size), along(slice.stride))
  if (pad) {
    const { before, after, value } = pad
    return b.node({ op: 'pad', before: along(before), after: along(after), value }, emit.transpose(pad.inputs[0]!, perm))
  }
  if (reverse) return emit.reverse(emit.transpose(reverse.inputs[0]!, perm), reverse.axes.map(to))
  const [gather, scatter] = [made(x!, 'gather'), made(x!, 'scatterAdd')]
  if (scatter) {
    const turned = emit.transpose(scatter.inputs[0]!, perm)
    return b.node({ op: 'scatterAdd', axis: to(scatter.axis), size: scatter.size }, turned, scatter.inputs[1]!)
  }
  if (gather === undefined || emit.shape(gather.inputs[1]!).length !== 1) return undefined
  return b.node({ op: 'gather', axis: to(gather.axis) }, emit.transpose(gather.inputs[0]!, perm), gather.inputs[1]!)
}

export const transposes: Rules = { transpose: [early] }
