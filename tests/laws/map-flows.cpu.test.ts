import { suite, useTestBackend } from '@diffeo/testing'
import { distributionLaws } from './distribution-laws.ts'
import { registerLaws } from './law.ts'
import { distributionMembersOf } from './members.ts'
import { mapFlowRows } from './rows/maps.ts'

const s = suite('laws of flows of constrained values on cpu')
s.before(() => useTestBackend('cpu'))
registerLaws(s, distributionMembersOf(mapFlowRows), distributionLaws)
s.run()
