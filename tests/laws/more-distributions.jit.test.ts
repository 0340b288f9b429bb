import { suite } from '@diffeo/testing'
import { distributionLaws } from './distribution-laws.ts'
import { jittedDistributionMember, useJit } from './execution.ts'
import { registerLaws } from './law.ts'
import { distributionMembersOf } from './members.ts'
import { moreDistributionRows } from './rows/more-distributions.ts'

const s = suite('laws of more distributions, jitted')
s.before(useJit)
registerLaws(s, distributionMembersOf(moreDistributionRows).map(jittedDistributionMember), distributionLaws)
s.run()
