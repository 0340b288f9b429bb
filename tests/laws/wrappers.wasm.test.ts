import { suite, useTestBackend } from '@diffeo/testing'
import { bijectorLaws } from './bijector-laws.ts'
import { registerLaws } from './law.ts'
import { bijectorMembersOf } from './members.ts'
import { wrapperRows } from './rows/wrappers.ts'

const s = suite('laws of bijectors around others on wasm')
s.before(() => useTestBackend('wasm'))
registerLaws(s, bijectorMembersOf(wrapperRows), bijectorLaws)
s.run()
