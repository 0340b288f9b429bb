import { upTo } from '../../shape.ts'
import type { Value } from '../../program.ts'
import { constantAt } from '../look.ts'
import type { RuleOf, Rules, Site } from './rules.ts'

/** Whether a permutation exchanges the last two axes and nothing else. */
const exchanges = (perm: ReadonlyArray<number>): boolean => {
  const n = perm.length
  return n >= 2 && perm.every((axis, i) => axis === (i === n - 1 ? n - 2 : i === n - 2 ? n - 1 : i))
}

/** The matrix of which an argument is the transpose. */
const transposed = (x: Value, { made }: Site): Value | undefined => {
  const inner = made(x, 'transpose')
  return inner && exchanges(inner.perm) ? inner.inputs[0] : undefined
}

const ofTranspose: RuleOf<'matmul'> = (node, [a, c], site) => {
  const [left, right] = [transposed(a!, site), transposed(c!, site)]
  if (left === undefined && right === undefined) return undefined
  return site.b.node(
    {
      op: 'matmul',
      transposeA: node.transposeA !== (left !== undefined),
      transposeB: node.transposeB !== (right !== undefined),
    },
    left ?? a!,
    right ?? c!,
  )
}

/** (A B)' = B' A'. */
const transposeOfProduct: RuleOf<'transpose'> = (node, [x], { b, made }) => {
  const inner = made(x!, 'matmul')
  if (inner === undefined || !exchanges(node.perm)) return undefined
  return b.node({ op: 'matmul', transposeA: !inner.transposeB, transposeB: !inner.transposeA }, inner.inputs[1]!, inner.inputs[0]!)
}

/** Where the single 1 of each row of a constant matrix of zeros and ones stands. */
const onesOf = (x: Value, { b }: Site): ReadonlyArray<number> | undefined => {
  const constant = constantAt(b, x)
  if (constant === undefined || !('data' in constant) || constant.shape.length !== 2) return undefined
  const [rows, size] = [constant.shape[0]!, constant.shape[1]!]
  const places = upTo(rows).map(i => oneAt(constant.data.subarray(i * size, (i + 1) * size)))
  return places.includes(-1) ? undefined : places
}

/** Where the single 1 among zeros stands; -1 where there is anything else. */
const oneAt = (row: ArrayLike<number>): number => {
  const places = upTo(row.length).filter(i => row[i] !== 0)
  return places.length === 1 && row[places[0]!] === 1 ? places[0]! : -1
}

/**
 * A product with constant rows that each hold a single 1 moves values: it gathers or, transposed, adds up where the ones stand. So the
 * gradient of a gather at constant places, which tfjs' kernels can only do as a product, is a scatter.
 */
const ofOneHot: RuleOf<'matmul'> = (node, [a, c], site) => {
  const { b, emit } = site
  const [left, right] = [onesOf(a!, site), onesOf(c!, site)]
  const places = left ?? right
  if (places === undefined) return undefined
  const [x, hot, onLeft] = left === undefined ? [a!, c!, false] : [c!, a!, true]
  const indices = emit.constant([places.length], 'int32', places)
  const turned = onLeft ? node.transposeB : node.transposeA
  // without its transposes, rows of the other are meant on the left, columns on the right
  const axis = onLeft === turned ? 1 : 0
  const scatters = onLeft ? node.transposeA : !node.transposeB
  const moved = scatters
    ? b.node({ op: 'scatterAdd', axis, size: emit.shape(hot)[1]! }, x, indices)
    : b.node({ op: 'gather', axis }, x, indices)
  return turned ? emit.transpose(moved, [1, 0]) : moved
}

export const productRules: Rules = { matmul: [ofOneHot, ofTranspose], transpose: [transposeOfProduct] }
