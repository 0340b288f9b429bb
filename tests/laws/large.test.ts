import { suite, useTestBackend } from '@diffeo/testing'
import { largeLaws } from './flow-laws.ts'
import { registerLaws } from './law.ts'
import { flowMembers } from './members.ts'

const s = suite('laws of many rows')
s.before(() => useTestBackend('wasm'))
registerLaws(s, flowMembers, largeLaws)
s.run()
