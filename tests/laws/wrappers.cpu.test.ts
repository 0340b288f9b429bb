import { suite, useTestBackend } from '@diffeo/testing'
import { bijectorLaws } from './bijector-laws.ts'
import { registerLaws } from './law.ts'
import { bijectorMembersOf } from './members.ts'
import { wrapperRows } from './rows/wrappers.ts'

const s = suite('laws of bijectors around others on cpu')
s.before(() => useTestBackend('cpu'))
registerLaws(s, bijectorMembersOf(wrapperRows), bijectorLaws)
s.run()
