/** The colours of the plots, from the page's style. */
export interface Colours {
  readonly data: string
  readonly sample: string
  readonly lattice: string
  readonly axis: string
  /** From no density to the highest. */
  readonly ramp: ReadonlyArray<readonly [number, number, number]>
}

/** The colours that hold now: light or dark. */
export const coloursOf = (element: Element): Colours => {
  const style = getComputedStyle(element)
  const read = (name: string): string => style.getPropertyValue(name).trim()
  return {
    data: read('--data'),
    sample: read('--sample'),
    lattice: read('--lattice'),
    axis: read('--line'),
    ramp: [0, 1, 2, 3, 4, 5].map(k => channels(read(`--density-${k}`))),
  }
}

/** #rrggbb, or #rgb as a build may shorten it, as three numbers. */
const channels = (hex: string): readonly [number, number, number] => {
  const digits = hex.slice(1)
  const value = Number.parseInt(digits.length === 3 ? digits.replace(/./g, '$&$&') : digits, 16)
  return [value >> 16, (value >> 8) & 255, value & 255]
}

/** A table of 256 colours along the ramp, red, green and blue after another. */
export const tableOf = (ramp: Colours['ramp']): Uint8ClampedArray =>
  Uint8ClampedArray.from(
    Array.from({ length: 256 }, (_, k) => {
      const at = (k / 255) * (ramp.length - 1)
      const [low, high] = [ramp[Math.floor(at)]!, ramp[Math.ceil(at)]!]
      return low.map((channel, c) => channel + (at % 1) * (high[c]! - channel))
    }).flat(),
  )
