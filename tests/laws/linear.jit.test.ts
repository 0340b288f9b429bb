import { suite } from '@diffeo/testing'
import { bijectorLaws } from './bijector-laws.ts'
import { jittedBijectorMember, useJit } from './execution.ts'
import { registerLaws } from './law.ts'
import { bijectorMembersOf } from './members.ts'
import { linearRows } from './rows/linear.ts'

const s = suite('laws of linear bijectors, jitted')
s.before(useJit)
registerLaws(s, bijectorMembersOf(linearRows).map(jittedBijectorMember), bijectorLaws)
s.run()
