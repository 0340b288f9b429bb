import { suite, useTestBackend } from '@diffeo/testing'
import { registerLaws } from './law.ts'
import { networkLaws, networkMembers } from './network-laws.ts'

const s = suite('laws of networks on cpu')
s.before(() => useTestBackend('cpu'))
registerLaws(s, networkMembers, networkLaws)
s.run()
