import { suite } from '@diffeo/testing'
import { bijectorLaws } from './bijector-laws.ts'
import { distributionLaws } from './distribution-laws.ts'
import { jittedBijectorMember, jittedDistributionMember, useJit } from './execution.ts'
import { registerLaws } from './law.ts'
import { bijectorMembersOf, distributionMembersOf } from './members.ts'
import { constrainedFlowRows, constrainedRows } from './rows/constrained.ts'

const s = suite('laws of constrained vectors, jitted')
s.before(useJit)
registerLaws(s, bijectorMembersOf(constrainedRows).map(jittedBijectorMember), bijectorLaws)
registerLaws(s, distributionMembersOf(constrainedFlowRows).map(jittedDistributionMember), distributionLaws)
s.run()
