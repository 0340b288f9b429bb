import { suite, useTestBackend } from '@diffeo/testing'
import { bijectorLaws } from './bijector-laws.ts'
import { registerLaws } from './law.ts'
import { bijectorMembers } from './members.ts'

const s = suite('laws of bijectors on cpu')
s.before(() => useTestBackend('cpu'))
registerLaws(s, bijectorMembers, bijectorLaws)
s.run()
