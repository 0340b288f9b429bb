import { suite } from '@diffeo/testing'
import { distributionLaws } from './distribution-laws.ts'
import { jittedDistributionMember, useJit } from './execution.ts'
import { registerLaws } from './law.ts'
import { distributionMembersOf } from './members.ts'
import { mapFlowRows } from './rows/maps.ts'

const s = suite('laws of flows of constrained values, jitted')
s.before(useJit)
registerLaws(s, distributionMembersOf(mapFlowRows).map(jittedDistributionMember), distributionLaws)
s.run()
