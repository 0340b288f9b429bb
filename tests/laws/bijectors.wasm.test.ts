import { suite, useTestBackend } from '@diffeo/testing'
import { bijectorLaws } from './bijector-laws.ts'
import { registerLaws } from './law.ts'
import { bijectorMembers } from './members.ts'

const s = suite('laws of bijectors on wasm')
s.before(() => useTestBackend('wasm'))
registerLaws(s, bijectorMembers, bijectorLaws)
s.run()
