import type { Shape, Space, Support } from './contracts.ts'

/** All of R. */
export const real: Support = { _tag: 'real' }

/** The space of real vectors (or arrays) of a shape. */
export const realSpace = (shape: Shape): Space => ({ shape, support: real })

/** The ends of a support; those of an interval are not in it. */
export const ends = (support: Support): readonly [number, number] => {
  switch (support._tag) {
    case 'real':
      return [-Infinity, Infinity]
    case 'positive':
      return [0, Infinity]
    case 'interval':
      return [support.low, support.high]
  }
}

/** Whether every value of `inner` is a value of `outer`. */
export const isWithin = (inner: Support, outer: Support): boolean => {
  const [[a, b], [c, d]] = [ends(inner), ends(outer)]
  return a >= c && b <= d
}

export const showSupport = (support: Support): string =>
  support._tag === 'interval' ? `interval (${support.low}, ${support.high})` : support._tag

export const showShape = (shape: ReadonlyArray<number>): string => `[${shape.join(', ')}]`
