import { suite, useTestBackend } from '@diffeo/testing'
import { bijectorLaws } from './bijector-laws.ts'
import { flowLaws } from './flow-laws.ts'
import { registerLaws } from './law.ts'
import { bijectorMembersOfFlows, flowMembersOf } from './members.ts'
import { sylvesterRecipeRows } from './rows/sylvester-recipes.ts'

const s = suite('laws of planar, radial, Sylvester and triangular spline flows on cpu')
s.before(() => useTestBackend('cpu'))
registerLaws(s, flowMembersOf(sylvesterRecipeRows), flowLaws)
registerLaws(s, bijectorMembersOfFlows(sylvesterRecipeRows), bijectorLaws)
s.run()
