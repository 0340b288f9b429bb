import { suite, useTestBackend } from '@diffeo/testing'
import { bijectorLaws } from './bijector-laws.ts'
import { registerLaws } from './law.ts'
import { bijectorMembersOf } from './members.ts'
import { sylvesterRows } from './rows/sylvester.ts'

const s = suite('laws of planar, radial and Sylvester maps on cpu')
s.before(() => useTestBackend('cpu'))
registerLaws(s, bijectorMembersOf(sylvesterRows), bijectorLaws)
s.run()
