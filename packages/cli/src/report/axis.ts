import { ticks } from 'd3-array'
import type { Range } from './density-grid.ts'

/** How ticks of a column's axis are written: short forms for large and small numbers (1.16G, 3e-5), Plot's own otherwise. */
export const tickFormat = ({ low, high }: Range): { readonly tickFormat?: string } => {
  const largest = Math.max(Math.abs(low), Math.abs(high))
  if (largest >= 1e4) return { tickFormat: '~s' }
  return largest < 1e-2 ? { tickFormat: '~e' } : {}
}

/** A linear scale over a column's range, without an axis: those are marks. */
export const columnScale = ({ low, high }: Range): { readonly type: 'linear'; readonly domain: [number, number]; readonly axis: null } => ({
  type: 'linear',
  domain: [low, high],
  axis: null,
})

/** About `count` round values inside a range, none so near an end that its label would meet that of the next plot. */
export const innerTicks = ({ low, high }: Range, count: number): ReadonlyArray<number> => {
  const edge = 0.07 * (high - low)
  const inside = ticks(low, high, count).filter(tick => tick >= low + edge && tick <= high - edge)
  return inside.length > 0 ? inside : [(low + high) / 2]
}
