import { suite, useTestBackend } from '@diffeo/testing'
import { bijectorLaws } from './bijector-laws.ts'
import { distributionLaws } from './distribution-laws.ts'
import { flowLaws } from './flow-laws.ts'
import { registerLaws } from './law.ts'
import { deepFlowMembers, flowMembers, recipeBijectorMembers } from './members.ts'

const s = suite('laws of flows on cpu')
s.before(() => useTestBackend('cpu'))
registerLaws(s, flowMembers, flowLaws)
registerLaws(s, deepFlowMembers, distributionLaws)
registerLaws(s, recipeBijectorMembers, bijectorLaws)
s.run()
