import type { Suite } from '@diffeo/testing'
import { allocates } from '@diffeo/testing'
import { tidy } from '@diffeo/core'

/** A named property of a member; `check` throws when it does not hold. */
export interface Law<M> {
  readonly name: string
  /** Whether the law says anything about a member; always, unless given. */
  readonly concerns?: (member: M) => boolean
  readonly check: (member: M) => void
}

export interface Named {
  readonly name: string
}

/** Checks one law, and that the check itself leaves no tensor behind. */
export const checkLaw = <M>(law: Law<M>, member: M): void => allocates(0, () => tidy(() => law.check(member)))

/** Registers one test for every member and law. */
export const registerLaws = <M extends Named>(s: Suite, members: ReadonlyArray<M>, laws: ReadonlyArray<Law<M>>): void =>
  members.forEach(member =>
    laws.filter(law => law.concerns?.(member) ?? true).forEach(law => s.test(`${member.name}: ${law.name}`, () => checkLaw(law, member))),
  )

/** The law of a name in a list. */
export const lawNamed = <M>(laws: ReadonlyArray<Law<M>>, name: string): Law<M> => {
  const found = laws.find(law => law.name === name)
  if (found === undefined) throw new Error(`no law '${name}' among ${laws.map(law => law.name).join(', ')}`)
  return found
}
