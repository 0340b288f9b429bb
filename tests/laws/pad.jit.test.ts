import { suite } from '@diffeo/testing'
import { jittedBijectorMember, useJit } from './execution.ts'
import { registerLaws } from './law.ts'
import { padLaws, padMember } from './rows/pad.ts'

const s = suite('pad, jitted: the laws of bijectors that need no square Jacobian')
s.before(useJit)
registerLaws(s, [jittedBijectorMember(padMember)], padLaws)
s.run()
