import { suite, useTestBackend } from '@diffeo/testing'
import { distributionLaws } from './distribution-laws.ts'
import { registerLaws } from './law.ts'
import { distributionMembers } from './members.ts'

const s = suite('laws of distributions on cpu')
s.before(() => useTestBackend('cpu'))
registerLaws(s, distributionMembers, distributionLaws)
s.run()
