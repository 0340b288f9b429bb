import { suite } from '@diffeo/testing'
import { bijectorLaws } from './bijector-laws.ts'
import { jittedBijectorMember, useJit } from './execution.ts'
import { registerLaws } from './law.ts'
import { bijectorMembersOf } from './members.ts'
import { representativeUnivariateRows } from './rows/univariate.ts'

const s = suite('laws of univariate transformers, jitted')
s.before(useJit)
registerLaws(s, bijectorMembersOf(representativeUnivariateRows).map(jittedBijectorMember), bijectorLaws)
s.run()
