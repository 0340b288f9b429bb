import { suite, useTestBackend } from '@diffeo/testing'
import { distributionLaws } from './distribution-laws.ts'
import { registerLaws } from './law.ts'
import { distributionMembers } from './members.ts'

const s = suite('laws of distributions on wasm')
s.before(() => useTestBackend('wasm'))
registerLaws(s, distributionMembers, distributionLaws)
s.run()
