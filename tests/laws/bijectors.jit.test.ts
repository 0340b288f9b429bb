import { suite } from '@diffeo/testing'
import { bijectorLaws } from './bijector-laws.ts'
import { jittedBijectorMember, useJit } from './execution.ts'
import { registerLaws } from './law.ts'
import { representativeBijectorMembers } from './members.ts'

const s = suite('laws of bijectors, jitted')
s.before(useJit)
registerLaws(s, representativeBijectorMembers.map(jittedBijectorMember), bijectorLaws)
s.run()
