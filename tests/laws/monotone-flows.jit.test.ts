import { suite } from '@diffeo/testing'
import { distributionLaws } from './distribution-laws.ts'
import { jittedFlowMember, useJit } from './execution.ts'
import { flowLaws } from './flow-laws.ts'
import { registerLaws } from './law.ts'
import { representativeMonotoneFlowMembers } from './rows/monotone-flows.ts'

const s = suite('laws of flows inverted numerically, jitted')
s.before(useJit)
const flows = representativeMonotoneFlowMembers.map(jittedFlowMember)
registerLaws(s, flows, flowLaws)
registerLaws(s, flows, distributionLaws)
s.run()
