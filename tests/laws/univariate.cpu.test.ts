import { suite, useTestBackend } from '@diffeo/testing'
import { bijectorLaws } from './bijector-laws.ts'
import { registerLaws } from './law.ts'
import { bijectorMembersOf } from './members.ts'
import { univariateRows } from './rows/univariate.ts'

const s = suite('laws of univariate transformers on cpu')
s.before(() => useTestBackend('cpu'))
registerLaws(s, bijectorMembersOf(univariateRows), bijectorLaws)
s.run()
