import { suite } from '@diffeo/testing'
import { bijectorLaws } from './bijector-laws.ts'
import { jittedBijectorMember, jittedFlowMember, useJit } from './execution.ts'
import { flowLaws } from './flow-laws.ts'
import { registerLaws } from './law.ts'
import { bijectorMembersOfFlows, flowMembersOf } from './members.ts'
import { sylvesterRecipeRows } from './rows/sylvester-recipes.ts'

const s = suite('laws of planar, radial, Sylvester and triangular spline flows, jitted')
s.before(useJit)
const rows = sylvesterRecipeRows.filter(({ name }) =>
  ['planarFlow given a context', 'planarFlow that samples, in a loop', 'radialFlow', 'sylvesterFlow', 'triangularSpline'].includes(name),
)
registerLaws(s, flowMembersOf(rows).map(jittedFlowMember), flowLaws)
registerLaws(s, bijectorMembersOfFlows(rows).map(jittedBijectorMember), bijectorLaws)
s.run()
