import type { Shape } from '@diffeo/core'
import type { Primitive, Value } from '../../program.ts'
import { upTo } from '../../shape.ts'
import type { RuleOf, Rules, Site } from './rules.ts'

/** A list without the places that are dropped. */
const without = <A>(list: ReadonlyArray<A>, dropped: ReadonlyArray<number>): ReadonlyArray<A> => list.filter((_, i) => !dropped.includes(i))

/** Where an axis stands once others are dropped. */
const moved = (axis: number, dropped: ReadonlyArray<number>): number => axis - dropped.filter(d => d < axis).length

/** The primitive on arguments without some axes of one value, which its result gets back. */
const dropping = (
  primitive: Primitive,
  inputs: ReadonlyArray<Value>,
  dropped: ReadonlyArray<number>,
  result: Shape,
  { b, emit }: Site,
): Value | undefined =>
  dropped.length === 0
    ? undefined
    : emit.reshape(b.node(primitive, ...inputs.map(x => emit.reshape(x, without(emit.shape(x), dropped)))), result)

/** Axes of one value, but those that `uses` says the primitive looks at. */
const ones = (shape: Shape, uses: (axis: number) => boolean): ReadonlyArray<number> =>
  upTo(shape.length).filter(axis => shape[axis] === 1 && !uses(axis))

const ofSlice: RuleOf<'slice'> = (node, [x], site) => {
  const dropped = ones(site.emit.shape(x!), axis => node.size[axis] !== 1)
  const [begin, size, stride] = [node.begin, node.size, node.stride].map(list => without(list, dropped))
  return dropping({ op: 'slice', begin: begin!, size: size!, stride: stride! }, [x!], dropped, node.size, site)
}

const ofPad: RuleOf<'pad'> = (node, [x], site) => {
  const result = node.outputs[0]!.shape
  const dropped = ones(site.emit.shape(x!), axis => result[axis] !== 1)
  const primitive = { op: 'pad', before: without(node.before, dropped), after: without(node.after, dropped), value: node.value } as const
  return dropping(primitive, [x!], dropped, result, site)
}

const ofTranspose: RuleOf<'transpose'> = (node, [x], site) => {
  const dropped = ones(site.emit.shape(x!), () => false)
  const perm = node.perm.filter(axis => !dropped.includes(axis)).map(axis => moved(axis, dropped))
  return dropping({ op: 'transpose', perm }, [x!], dropped, node.outputs[0]!.shape, site)
}

const ofReverse: RuleOf<'reverse'> = (node, [x], site) => {
  const dropped = ones(site.emit.shape(x!), axis => node.axes.includes(axis))
  return dropping({ op: 'reverse', axes: node.axes.map(axis => moved(axis, dropped)) }, [x!], dropped, node.outputs[0]!.shape, site)
}

const ofConcat: RuleOf<'concat'> = (node, inputs, site) => {
  const dropped = ones(node.outputs[0]!.shape, axis => axis === node.axis)
  return dropping({ op: 'concat', axis: moved(node.axis, dropped) }, inputs, dropped, node.outputs[0]!.shape, site)
}

const ofCumulative: RuleOf<'cumulative'> = (node, [x], site) => {
  const dropped = ones(node.outputs[0]!.shape, axis => axis === node.axis)
  const { op, kind, exclusive, reverse } = node
  return dropping({ op, kind, exclusive, reverse, axis: moved(node.axis, dropped) }, [x!], dropped, node.outputs[0]!.shape, site)
}

const ofScatter: RuleOf<'scatterAdd'> = (node, [x, indices], { b, emit }) => {
  const dropped = ones(emit.shape(x!), axis => axis === node.axis)
  if (dropped.length === 0) return undefined
  const smaller = emit.reshape(x!, without(emit.shape(x!), dropped))
  const sum = b.node({ op: 'scatterAdd', axis: moved(node.axis, dropped), size: node.size }, smaller, indices!)
  return emit.reshape(sum, node.outputs[0]!.shape)
}

const ofGather: RuleOf<'gather'> = (node, [x, indices], { b, emit }) => {
  const dropped = ones(emit.shape(x!), axis => axis === node.axis)
  if (dropped.length === 0) return undefined
  const smaller = emit.reshape(x!, without(emit.shape(x!), dropped))
  return emit.reshape(b.node({ op: 'gather', axis: moved(node.axis, dropped) }, smaller, indices!), node.outputs[0]!.shape)
}

const ofReduce: RuleOf<'reduce'> = (node, [x], site) => {
  const dropped = ones(site.emit.shape(x!), axis => node.axes.includes(axis))
  const axes = node.axes.map(axis => moved(axis, dropped))
  return dropping({ op: 'reduce', kind: node.kind, axes }, [x!], dropped, node.outputs[0]!.shape, site)
}

/** Axes of one value that a primitive does not look at are taken off before it and put back after, where reshapes meet and vanish. */
export const trivialAxes: Rules = {
  slice: [ofSlice],
  pad: [ofPad],
  transpose: [ofTranspose],
  reverse: [ofReverse],
  concat: [ofConcat],
  cumulative: [ofCumulative],
  scatterAdd: [ofScatter],
  gather: [ofGather],
  reduce: [ofReduce],
}
