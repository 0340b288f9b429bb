import type { ScalarSupport, Shape, Space, Support } from './contracts.ts'

/** All of R. */
export const real: ScalarSupport = { _tag: 'real' }

/** The numbers above 0. */
export const positive: ScalarSupport = { _tag: 'positive' }

/** Angles in radians, [-pi, pi). */
export const circle: ScalarSupport = { _tag: 'circle' }

/** The space of real vectors (or arrays) of a shape. */
export const realSpace = (shape: Shape): Space => ({ shape, support: real })

/** The ends of a support of single values; those of an interval are not in it. */
export const ends = (support: ScalarSupport): readonly [number, number] => {
  switch (support._tag) {
    case 'real':
      return [-Infinity, Infinity]
    case 'positive':
      return [0, Infinity]
    case 'interval':
      return [support.low, support.high]
    case 'circle':
      return [-Math.PI, Math.PI]
    case 'categories':
      return [0, support.count - 1]
  }
}

/** The next float32 number above x, or the first normal one above 0. */
const above = (x: number): number => {
  if (x === 0) return 2 ** -126
  const bits = new Int32Array(Float32Array.of(x).buffer)
  bits[0] = bits[0]! + (x > 0 ? 1 : -1)
  return new Float32Array(bits.buffer)[0]!
}

const largest = 3.4028234663852886e38

/** The first and the last float32 number on a support of single values. */
export const limitsOf = (support: ScalarSupport): readonly [number, number] => {
  if (support._tag === 'real') return [-Infinity, Infinity]
  if (support._tag === 'categories') return [0, support.count - 1]
  if (support._tag === 'circle') return [-Math.fround(Math.PI), Math.fround(Math.PI)]
  const [low, high] = ends(support).map(Math.fround) as [number, number]
  return [low === -Infinity ? -largest : above(low), high === Infinity ? largest : -above(-high)]
}

/** Whether a support says of every value by itself where it lies. */
export const isScalar = (support: Support): support is ScalarSupport =>
  ['real', 'positive', 'interval', 'circle', 'categories'].includes(support._tag)

const isScalarWithin = (inner: ScalarSupport, outer: ScalarSupport): boolean => {
  if (outer._tag === 'circle') return inner._tag === 'circle'
  // another measure: no density of real numbers is one of categories, nor the other way round
  if (outer._tag === 'categories' || inner._tag === 'categories')
    return outer._tag === 'categories' && inner._tag === 'categories' && inner.count <= outer.count
  const [[a, b], [c, d]] = [ends(inner), ends(outer)]
  return a >= c && b <= d
}

/** Whether every event on `inner` is one on `outer`, for events of one shape. */
export const isWithin = (inner: Support, outer: Support): boolean => {
  if (isScalar(outer)) {
    if (isScalar(inner)) return isScalarWithin(inner, outer)
    return inner._tag === 'each' ? inner.dimensions.every(dimension => isScalarWithin(dimension, outer)) : outer._tag === 'real'
  }
  if (outer._tag !== 'each') return inner._tag === outer._tag
  if (inner._tag === 'each')
    return inner.dimensions.length === outer.dimensions.length && inner.dimensions.every((d, i) => isScalarWithin(d, outer.dimensions[i]!))
  return outer.dimensions.every(dimension => (isScalar(inner) ? isScalarWithin(inner, dimension) : dimension._tag === 'real'))
}

/** The support of dimension i of a vector. */
export const supportAt = (support: Support, i: number): Support => (support._tag === 'each' ? support.dimensions[i]! : support)

/** The support of a vector whose dimension i lies on `dimensions[i]`: one scalar support where all are the same. */
export const eachSupport = (dimensions: ReadonlyArray<ScalarSupport>): Support => {
  const [first] = dimensions
  const same = first !== undefined && dimensions.every(other => isScalarWithin(first, other) && isScalarWithin(other, first))
  return same ? first : { _tag: 'each', dimensions }
}

export const showSupport = (support: Support): string => {
  if (support._tag === 'each') return `each of ${support.dimensions.map(showSupport).join(', ')}`
  if (support._tag === 'categories') return `${support.count} categories`
  return support._tag === 'interval' ? `interval (${support.low}, ${support.high})` : support._tag
}

export const showShape = (shape: ReadonlyArray<number>): string => `[${shape.join(', ')}]`
