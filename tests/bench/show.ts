import type { Spread } from './statistics.ts'

const digits = (x: number): string => (Math.abs(x) >= 100 ? x.toFixed(0) : x.toPrecision(3).replace(/\.0+$/, ''))

/** Milliseconds in the unit that reads best. */
export const time = (ms: number): string =>
  ms >= 1000 ? `${digits(ms / 1000)} s` : ms >= 0.1 ? `${digits(ms)} ms` : `${digits(1000 * ms)} µs`

export const times = (ratio: number): string => `${digits(ratio)}×`

/** A middle and its quartiles. */
export const spread = ({ median, low, high }: Spread, show: (x: number) => string): string =>
  `${show(median)} (${show(low)} to ${show(high)})`

export const bytes = (n: number): string => (n >= 2 ** 20 ? `${digits(n / 2 ** 20)} MiB` : n >= 1024 ? `${digits(n / 1024)} KiB` : `${n} B`)

export const whole = (n: number): string => n.toLocaleString('en')
