import type { BijectorSite } from '../../registry.ts'
import { showPath } from '../../tree.ts'

/** @throws RangeError naming the path when a field is there and neither true nor false */
export const checkFlag = (flag: boolean | undefined, site: BijectorSite, field: string): void => {
  if (flag !== undefined && typeof flag !== 'boolean')
    throw new RangeError(`build: expected true or false, got ${JSON.stringify(flag)} at ${showPath([...site.path, field])}`)
}

/** @throws RangeError naming the path when a field is there and no whole number from `least` to `most` */
export const checkCount = (count: number | undefined, least: number, most: number, site: BijectorSite, field: string): void => {
  if (count !== undefined && !(Number.isSafeInteger(count) && count >= least && count <= most))
    throw new RangeError(
      `build: expected a whole number from ${least} to ${most}, got ${JSON.stringify(count)} at ${showPath([...site.path, field])}`,
    )
}

/** @throws RangeError naming the path when a field is none of some words */
export const checkWord = (word: string, words: ReadonlyArray<string>, site: BijectorSite, field: string): void => {
  if (!words.includes(word))
    throw new RangeError(`build: expected one of ${words.join(', ')}, got ${String(word)} at ${showPath([...site.path, field])}`)
}
