import { suite } from '@diffeo/testing'
import { bijectorLaws } from './bijector-laws.ts'
import { jittedBijectorMember, useJit } from './execution.ts'
import { registerLaws } from './law.ts'
import { bijectorMembersOf } from './members.ts'
import { sylvesterRows } from './rows/sylvester.ts'

const s = suite('laws of planar, radial and Sylvester maps, jitted')
s.before(useJit)
registerLaws(s, bijectorMembersOf(sylvesterRows).map(jittedBijectorMember), bijectorLaws)
s.run()
