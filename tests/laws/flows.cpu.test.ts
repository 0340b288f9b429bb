import { suite, useTestBackend } from '@diffeo/testing'
import { bijectorLaws } from './bijector-laws.ts'
import { distributionLaws } from './distribution-laws.ts'
import { flowLaws } from './flow-laws.ts'
import { registerLaws } from './law.ts'
import { flowMembers, recipeBijectorMembers } from './members.ts'

const s = suite('laws of flows on cpu')
s.before(() => useTestBackend('cpu'))
registerLaws(s, flowMembers, flowLaws)
registerLaws(s, flowMembers, distributionLaws)
registerLaws(s, recipeBijectorMembers, bijectorLaws)
s.run()
