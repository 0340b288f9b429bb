import { showPath } from '../tree.ts'
import type { Path } from '../tree.ts'

/** Plain data: what JSON can hold and give back unchanged. */
export type Json = string | number | boolean | null | ReadonlyArray<Json> | { readonly [k: string]: Json }

/**
 * Refuses what JSON would drop or change: functions, typed arrays, undefined, NaN, infinities and -0.
 *
 * @throws TypeError naming the path
 */
export const checkJson = (name: string, value: unknown, path: Path = []): void => {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return
  if (typeof value === 'number' && Number.isFinite(value) && !Object.is(value, -0)) return
  if (Array.isArray(value)) return value.forEach((child, i) => checkJson(name, child, [...path, i]))
  if (isRecord(value)) return Object.entries(value).forEach(([k, child]) => checkJson(name, child, [...path, k]))
  throw new TypeError(`${name}: expected attributes of plain JSON, got ${described(value)} at ${showPath(['attrs', ...path])}`)
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' &&
  value !== null &&
  (Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null)

const described = (value: unknown): string => {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
  if (typeof value !== 'object' || value === null) return value === undefined ? 'undefined' : `a ${typeof value}`
  return `a ${(value.constructor as { readonly name?: string } | undefined)?.name ?? 'object'}`
}
