import { key } from '@diffeo/core'
import { suite, useTestBackend } from '@diffeo/testing'
import { distributionLaws } from './distribution-laws.ts'
import { perturbed } from './draws.ts'
import { lawNamed, registerLaws } from './law.ts'
import { distributionMembersOf } from './members.ts'
import type { DistributionMember } from './members.ts'
import { moreDistributionRows } from './rows/more-distributions.ts'

const members = distributionMembersOf(moreDistributionRows)

/** The same with parameters that are ten times as far from where they start. */
const far = (member: DistributionMember): DistributionMember => ({
  ...member,
  name: `${member.name}, parameters x 10`,
  params: () => perturbed(member.distribution.init(key(1)), 2, 3),
})

const s = suite('laws of more distributions, on cpu')
s.before(() => useTestBackend('cpu'))
registerLaws(s, members, distributionLaws)
registerLaws(s, members.map(far), [
  lawNamed(distributionLaws, 'finite in the tails'),
  lawNamed(distributionLaws, 'samples lie on the support'),
])
s.run()
