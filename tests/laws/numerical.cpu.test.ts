import { suite, useTestBackend } from '@diffeo/testing'
import { bijectorLaws } from './bijector-laws.ts'
import { registerLaws } from './law.ts'
import { numericalMembers } from './rows/numerical.ts'

const s = suite('laws of bijectors from functions on cpu')
s.before(() => useTestBackend('cpu'))
registerLaws(s, numericalMembers, bijectorLaws)
s.run()
