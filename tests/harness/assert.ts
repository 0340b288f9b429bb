import * as uvu from 'uvu/assert'

export { equal, is, not, ok, unreachable } from 'uvu/assert'

/** Asserts that `body` throws (or rejects) with a message that matches; a text pattern would pass for any error. */
export const throws = (body: () => unknown, expected: RegExp): void => {
  uvu.throws(body, (thrown: Error) => {
    if (expected.test(thrown.message)) return true
    throw new Error(`expected an error matching ${expected}, got: ${thrown.message}`)
  })
}

export const rejects = async (body: () => Promise<unknown>, expected: RegExp): Promise<void> => {
  const outcome = await body().then(
    () => undefined,
    (thrown: unknown) => (thrown instanceof Error ? thrown : new Error(String(thrown))),
  )
  if (outcome === undefined) throw new Error(`expected a rejection matching ${expected}, got none`)
  if (!expected.test(outcome.message)) throw new Error(`expected a rejection matching ${expected}, got: ${outcome.message}`)
}

/**
 * Asserts |actual - expected| <= atol + rtol |expected| for numbers or sequences of numbers; NaN equals NaN, infinities
 * equal themselves.
 */
export const near = (
  actual: number | ArrayLike<number>,
  expected: number | ArrayLike<number>,
  { atol = 1e-6, rtol = 0, what = 'value' }: { readonly atol?: number; readonly rtol?: number; readonly what?: string } = {},
): void => {
  const [a, b] = [listed(actual), listed(expected)]
  if (a.length !== b.length) throw new Error(`${what}: expected ${b.length} numbers, got ${a.length}`)
  for (let i = 0; i < a.length; i++) {
    const [p, q] = [a[i]!, b[i]!]
    if (Object.is(p, q) || p === q) continue
    if (!(Math.abs(p - q) <= atol + rtol * Math.abs(q)))
      throw new Error(`${what}[${i}]: expected ${q}, got ${p} (off by ${Math.abs(p - q)}, allowed ${atol + rtol * Math.abs(q)})`)
  }
}

const listed = (x: number | ArrayLike<number>): ArrayLike<number> => (typeof x === 'number' ? [x] : x)
