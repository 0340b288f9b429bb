import type { Site } from '../registry.ts'
import { showPath } from '../tree.ts'

/** @throws RangeError naming the path when a field is not a whole number within its bounds */
export const checkCount = (field: string, value: number, [least, most]: readonly [number, number], site: Site): void => {
  if (!Number.isSafeInteger(value) || value < least || value > most)
    throw new RangeError(`build: expected a whole number from ${least} to ${most}, got ${value} at ${showPath([...site.path, field])}`)
}

/** @throws RangeError naming the path when a half-width is not a positive number of float32's range */
export const checkBound = (bound: number, site: Site): void => {
  if (!(bound >= 1e-30 && bound <= 1e30))
    throw new RangeError(`build: expected a bound from 1e-30 to 1e30, got ${bound} at ${showPath([...site.path, 'bound'])}`)
}
