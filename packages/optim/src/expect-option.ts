/**
 * Checks an option where it is given.
 *
 * @param expectation  such as `adam: expected b1 in [0, 1)`
 * @throws RangeError `adam: expected b1 in [0, 1), got 2`
 */
export const expectOption = (holds: boolean, expectation: string, got: unknown): void => {
  if (!holds) throw new RangeError(`${expectation}, got ${String(got)}`)
}

/** Checks that a decay rate (b1, b2, momentum) lies in [0, 1). */
export const expectDecay = (who: string, name: string, decay: number): void =>
  expectOption(decay >= 0 && decay < 1, `${who}: expected ${name} in [0, 1)`, decay)

/** Checks that an option (eps, eps_root) is finite and not negative. */
export const expectNonNegative = (who: string, name: string, x: number): void =>
  expectOption(x >= 0 && Number.isFinite(x), `${who}: expected a finite ${name} >= 0`, x)

/** Checks that an option is a finite number. */
export const expectFinite = (who: string, name: string, x: number): void =>
  expectOption(Number.isFinite(x), `${who}: expected a finite ${name}`, x)
