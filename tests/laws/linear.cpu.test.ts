import { suite, useTestBackend } from '@diffeo/testing'
import { bijectorLaws } from './bijector-laws.ts'
import { registerLaws } from './law.ts'
import { bijectorMembersOf } from './members.ts'
import { linearRows } from './rows/linear.ts'

const s = suite('laws of linear bijectors on cpu')
s.before(() => useTestBackend('cpu'))
registerLaws(s, bijectorMembersOf(linearRows), bijectorLaws)
s.run()
