import { suite } from '@diffeo/testing'
import { bijectorLaws } from './bijector-laws.ts'
import { jittedBijectorMember, useJit } from './execution.ts'
import { registerLaws } from './law.ts'
import { bijectorMembersOf } from './members.ts'
import { mapRows } from './rows/maps.ts'

const s = suite('laws of maps in layers, jitted')
s.before(useJit)
registerLaws(s, bijectorMembersOf(mapRows).map(jittedBijectorMember), bijectorLaws)
s.run()
