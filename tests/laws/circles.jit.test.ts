import { suite } from '@diffeo/testing'
import { bijectorLaws } from './bijector-laws.ts'
import { distributionLaws } from './distribution-laws.ts'
import { jittedBijectorMember, jittedDistributionMember, useJit } from './execution.ts'
import { registerLaws } from './law.ts'
import { bijectorMembersOf, distributionMembersOf } from './members.ts'
import { circleFlowRows, circleRows } from './rows/circles.ts'

const s = suite('laws of circles, jitted')
s.before(useJit)
registerLaws(s, bijectorMembersOf(circleRows).map(jittedBijectorMember), bijectorLaws)
registerLaws(s, distributionMembersOf(circleFlowRows).map(jittedDistributionMember), distributionLaws)
s.run()
