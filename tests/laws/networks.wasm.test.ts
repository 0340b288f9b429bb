import { suite, useTestBackend } from '@diffeo/testing'
import { registerLaws } from './law.ts'
import { networkLaws, networkMembers } from './network-laws.ts'

const s = suite('laws of networks on wasm')
s.before(() => useTestBackend('wasm'))
registerLaws(s, networkMembers, networkLaws)
s.run()
