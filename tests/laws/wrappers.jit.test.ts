import { suite } from '@diffeo/testing'
import { bijectorLaws } from './bijector-laws.ts'
import { jittedBijectorMember, useJit } from './execution.ts'
import { registerLaws } from './law.ts'
import { bijectorMembersOf } from './members.ts'
import { wrapperRows } from './rows/wrappers.ts'

const s = suite('laws of bijectors around others, jitted')
s.before(useJit)
registerLaws(s, bijectorMembersOf(wrapperRows).map(jittedBijectorMember), bijectorLaws)
s.run()
