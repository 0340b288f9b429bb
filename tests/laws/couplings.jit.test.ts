import { suite } from '@diffeo/testing'
import { bijectorLaws } from './bijector-laws.ts'
import { jittedBijectorMember, useJit } from './execution.ts'
import { registerLaws } from './law.ts'
import { bijectorMembersOf } from './members.ts'
import { couplingRows } from './rows/couplings.ts'

const s = suite('laws of couplings and autoregressive layers, jitted')
s.before(useJit)
registerLaws(s, bijectorMembersOf(couplingRows).map(jittedBijectorMember), bijectorLaws)
s.run()
