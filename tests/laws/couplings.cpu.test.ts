import { suite, useTestBackend } from '@diffeo/testing'
import { bijectorLaws } from './bijector-laws.ts'
import { registerLaws } from './law.ts'
import { bijectorMembersOf } from './members.ts'
import { couplingRows } from './rows/couplings.ts'

const s = suite('laws of couplings and autoregressive layers on cpu')
s.before(() => useTestBackend('cpu'))
registerLaws(s, bijectorMembersOf(couplingRows), bijectorLaws)
s.run()
