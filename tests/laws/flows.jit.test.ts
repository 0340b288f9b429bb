import { suite } from '@diffeo/testing'
import { bijectorLaws } from './bijector-laws.ts'
import { distributionLaws } from './distribution-laws.ts'
import { jittedBijectorMember, jittedDistributionMember, jittedFlowMember, useJit } from './execution.ts'
import { flowLaws } from './flow-laws.ts'
import { registerLaws } from './law.ts'
import { representativeDistributionMembers, representativeFlowMembers, representativeRecipeBijectorMembers } from './members.ts'

const s = suite('laws of flows and distributions, jitted')
s.before(useJit)
const flows = representativeFlowMembers.map(jittedFlowMember)
registerLaws(s, flows, flowLaws)
registerLaws(s, [...flows, ...representativeDistributionMembers.map(jittedDistributionMember)], distributionLaws)
registerLaws(s, representativeRecipeBijectorMembers.map(jittedBijectorMember), bijectorLaws)
s.run()
