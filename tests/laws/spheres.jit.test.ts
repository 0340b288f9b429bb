import { suite } from '@diffeo/testing'
import { bijectorLaws } from './bijector-laws.ts'
import { distributionLaws } from './distribution-laws.ts'
import { jittedBijectorMember, jittedDistributionMember, useJit } from './execution.ts'
import { registerLaws } from './law.ts'
import { bijectorMembersOf, distributionMembersOf } from './members.ts'
import { sphereFlowRows, sphereRows } from './rows/spheres.ts'

const s = suite('laws of spheres, jitted')
s.before(useJit)
registerLaws(s, bijectorMembersOf(sphereRows).map(jittedBijectorMember), bijectorLaws)
registerLaws(s, distributionMembersOf(sphereFlowRows).map(jittedDistributionMember), distributionLaws)
s.run()
