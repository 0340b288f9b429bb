import type { Matrix } from '../matrix.ts'
import { expectNumbers } from './expect-rows.ts'

/**
 * Checks that there are as many sets of draws as truths, each of the same size and without NaN; gives that size.
 *
 * @throws RangeError when it is not so
 */
export const expectDraws = (name: string, draws: ReadonlyArray<Matrix>, truths: Matrix): number => {
  expectNumbers(name, 'truths', truths)
  if (draws.length !== truths.rows) throw new RangeError(`${name}: expected draws for ${truths.rows} truths, got ${draws.length}`)
  const count = draws[0]!.rows
  draws.forEach((set, i) => {
    if (set.rows !== count || set.columns !== truths.columns)
      throw new RangeError(`${name}: expected ${count} x ${truths.columns} draws, got ${set.rows} x ${set.columns} at observation ${i}`)
    expectNumbers(name, `draws of observation ${i}`, set)
  })
  return count
}
