import { foldIn, uniformArray, type Key } from '@diffeo/core'

/** The shares of rows that are held out, each in [0, 1/2]. */
export interface Fractions {
  /** For early stopping; 0.1 unless said. */
  readonly validation?: number
  /** For the score that is reported; 0.1 unless said. */
  readonly test?: number
}

/** The row indices (from 0, ascending) of each part: disjoint, and every row stands in one. */
export interface Split {
  readonly train: Int32Array
  readonly validation: Int32Array
  readonly test: Int32Array
}

/** The parts as codes, by which `assignments` names them. */
export const parts = ['train', 'validation', 'test'] as const

/**
 * A seeded split. Among any first n rows the number of test rows is within one of n times its fraction, and so is the number
 * of validation rows among those left: the split can be made while rows stream by, a row's part does not depend on later rows.
 *
 * Cumulated, a fraction f passes a whole number every 1/f rows; one row, at a uniformly drawn place, is taken for
 * each such interval: first for the test, then, among the rows that are left, for the validation.
 *
 * @param groups  a label for each row: rows of one label stay together, and the fractions are those of labels, in the order
 *                in which they first appear
 * @throws RangeError when a fraction is not in [0, 1/2] or `groups` has not one label for each row
 */
export const splitRows = (
  key: Key,
  rows: number,
  { groups, ...fractions }: Fractions & { readonly groups?: ArrayLike<number> | undefined } = {},
): Split => {
  if (!Number.isSafeInteger(rows) || rows < 0) throw new RangeError(`splitRows: expected a number of rows, got ${rows}`)
  if (groups !== undefined && groups.length !== rows) throw new RangeError(`splitRows: expected ${rows} group labels, got ${groups.length}`)
  const [next, byGroup] = [assignments(key, fractions), groupAssignments(key, fractions)]
  return gathered(Uint8Array.from({ length: rows }, (_, i) => (groups === undefined ? next() : byGroup.part(groups[i]!))))
}

/** The rows of each part from the code of each row. */
export const gathered = (codes: Uint8Array): Split => {
  const [train, validation, test] = parts.map((_, code) => {
    let count = 0
    for (let i = 0; i < codes.length; i++) if (codes[i] === code) count += 1
    const rows = new Int32Array(count)
    for (let i = 0, at = 0; i < codes.length; i++) if (codes[i] === code) rows[at++] = i
    return rows
  }) as [Int32Array, Int32Array, Int32Array]
  return { train, validation, test }
}

/**
 * Each call gives the part (an index of `parts`) of the next row.
 *
 * @throws RangeError when a fraction is not in [0, 1/2]
 */
export const assignments = (key: Key, { validation = 0.1, test = 0.1 }: Fractions): (() => number) => {
  for (const [name, f] of Object.entries({ validation, test }))
    if (!(f >= 0 && f <= 0.5)) throw new RangeError(`splitRows: expected a ${name} fraction in [0, 0.5], got ${f}`)
  if (validation + test >= 1) throw new RangeError(`splitRows: expected some rows to train on, got the fractions ${validation} and ${test}`)
  const isTest = drawn(foldIn(key, 0), test)
  const isValidation = drawn(foldIn(key, 1), validation / (1 - test))
  return () => (isTest() ? 2 : isValidation() ? 1 : 0)
}

/** Parts of groups of rows. */
export interface GroupAssignments {
  /** The part of a row by the label of its group: that of the group's place in the order of first appearance. */
  part(label: number): number
  /** The number of groups in each part so far. */
  counts(): readonly [train: number, validation: number, test: number]
}

/**
 * `assignments` of groups of rows.
 *
 * @throws RangeError when a fraction is not in [0, 1/2]
 */
export const groupAssignments = (key: Key, fractions: Fractions): GroupAssignments => {
  const next = assignments(key, fractions)
  const known = new Map<number, number>()
  const counts: [number, number, number] = [0, 0, 0]
  const part = (label: number): number => {
    const found = known.get(label)
    if (found !== undefined) return found
    const drawnPart = next()
    known.set(label, drawnPart)
    counts[drawnPart]! += 1
    return drawnPart
  }
  return { part, counts: () => [...counts] }
}

/** Whether the next of a sequence of rows is drawn: row floor((j + u_j) / f) for each j, u_j uniform on [0, 1). */
const drawn = (key: Key, fraction: number): (() => boolean) => {
  if (fraction === 0) return () => false
  const block = 1024
  let [row, interval, target] = [-1, -1, -1]
  let numbers: Float32Array = new Float32Array(0)
  const advance = (): void => {
    interval += 1
    if (interval % block === 0) numbers = uniformArray(foldIn(key, interval / block), block)
    // where an interval ends inside a row, both may draw that row: the second then takes the next one
    target = Math.max(target + 1, Math.floor((interval + numbers[interval % block]!) / fraction))
  }
  advance()
  return () => {
    row += 1
    if (row !== target) return false
    advance()
    return true
  }
}
