import {
  abs,
  add,
  broadcastTo,
  cast,
  greater,
  isNaN,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  max,
  mul,
  neg,
  reshape,
  slice,
  square,
  sub,
  sum,
  tensor,
  transpose,
  where,
} from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { pivotsOf } from '../linalg/cholesky.ts'
import { identityMatrix, maskMatrix } from '../linalg/triangular.ts'
import type { ScalarSupport, Space } from '../contracts.ts'
import { isScalar, limitsOf } from '../support.ts'
import { sumEvent } from '../tensor.ts'

/** What lies outside of a support. */
export interface Outside {
  /** [N]: whether some value of a row keeps it from being on the support. A row with a NaN is not outside: it is NaN. */
  rows(x: Tensor): Tensor
  /** x, with one and the same event of the support in place of the rows outside, so that what is computed from them is finite. */
  inside(x: Tensor): Tensor
}

/** How far sums and lengths that should be 1 may be from it: numbers in a file are rounded. */
const tolerance = 1e-4

/** Which rows of a batch lie outside of a space, for a space of which some do. */
export const outsideOf = (space: Space): Outside | undefined => {
  const violations = violationsOf(space)
  if (violations === undefined) return undefined
  const { shape } = space
  const rows = (x: Tensor): Tensor => {
    const count = (bad: Tensor): Tensor => sumEvent(cast(bad, 'float32'))
    return logicalAnd(greater(count(violations(x)), 0), logicalNot(greater(count(isNaN(x)), 0)))
  }
  return {
    rows,
    inside: x => {
      const n = x.shape[0]!
      const event = tensor([...eventIn(space)], [1, ...shape])
      const mask = broadcastTo(reshape(rows(x), [n, ...shape.map(() => 1)]), [n, ...shape])
      return where(mask, broadcastTo(event, [n, ...shape]), x)
    },
  }
}

const isWhole = ({ _tag }: ScalarSupport): boolean => _tag === 'real' || _tag === 'categories'

/** [N, ...]: true somewhere in a row that is not on the support; undefined where every row is. */
const violationsOf = ({ shape, support }: Space): ((x: Tensor) => Tensor) | undefined => {
  if (isScalar(support)) {
    if (isWhole(support)) return undefined
    const [low, high] = limitsOf(support)
    return x => logicalOr(less(x, low), greater(x, high))
  }
  switch (support._tag) {
    case 'each': {
      if (support.dimensions.every(isWhole)) return undefined
      const limits = support.dimensions.map(dimension => (isWhole(dimension) ? ([-Infinity, Infinity] as const) : limitsOf(dimension)))
      const ends = (k: 0 | 1): Tensor =>
        tensor(
          limits.map(limit => limit[k]),
          [1, limits.length],
        )
      return x => logicalOr(less(x, ends(0)), greater(x, ends(1)))
    }
    case 'simplex':
      return x => logicalOr(lessEqual(x, 0), isFar(sum(x, -1, true), tolerance))
    case 'ordered':
      return x => {
        const size = shape.at(-1)!
        const part = (from: number): Tensor => slice(x, [...x.shape.slice(0, -1).map(() => 0), from], [...x.shape.slice(0, -1), size - 1])
        return less(part(1), part(0))
      }
    case 'sphere':
      return x => isFar(sum(square(x), -1, true), tolerance)
    case 'positiveDefinite':
      return x => {
        const turned = transpose(x, [0, 2, 1])
        const scale = add(abs(x), abs(turned))
        return logicalOr(greater(abs(sub(x, turned)), mul(tolerance, scale)), lessEqual(broadcastTo(leastPivots(x), x.shape), 0))
      }
    case 'correlationCholesky': {
      const size = shape.at(-1)!
      return x => {
        const below = maskMatrix(size, (i, j) => j < i)
        const upper = mul(abs(x), sub(1, add(below, identityMatrix(size))))
        const roots = sum(mul(x, identityMatrix(size)), -1, true)
        return logicalOr(logicalOr(greater(upper, 0), lessEqual(roots, 0)), isFar(sum(square(x), -1, true), tolerance))
      }
    }
  }
}

/** The least pivot of each matrix, [N, 1, 1]: not above 0 where it is not positive definite. */
const leastPivots = (x: Tensor): Tensor => {
  const pivots = pivotsOf(x)
  return reshape(neg(max(neg(pivots), 1)), [x.shape[0]!, 1, 1])
}

/** Whether numbers that should be 1 are not, of rows whose values are broadcast against them. */
const isFar = (ones: Tensor, by: number): Tensor => greater(abs(sub(ones, 1)), by)

/** One event of a support. */
const eventIn = ({ shape, support }: Space): ReadonlyArray<number> => {
  const size = shape.reduce((n, s) => n * s, 1)
  const last = shape.at(-1) ?? 1
  const list = (value: (i: number) => number): ReadonlyArray<number> => Array.from({ length: size }, (_, i) => value(i))
  if (isScalar(support)) return list(() => valueIn(support))
  switch (support._tag) {
    case 'each':
      return support.dimensions.map(valueIn)
    case 'simplex':
      return list(() => 1 / last)
    case 'ordered':
      return list(i => i % last)
    case 'sphere':
      return list(i => (i % last === 0 ? 1 : 0))
    case 'positiveDefinite':
    case 'correlationCholesky':
      return list(i => (i % last === Math.floor(i / last) % last ? 1 : 0))
  }
}

const valueIn = (support: ScalarSupport): number => {
  switch (support._tag) {
    case 'positive':
      return 1
    case 'interval':
      return support.high === Infinity ? support.low + 1 : (support.low + support.high) / 2
    case 'real':
    case 'circle':
    case 'categories':
      return 0
  }
}
