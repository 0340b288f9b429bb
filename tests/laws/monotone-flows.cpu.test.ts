import { suite, useTestBackend } from '@diffeo/testing'
import { distributionLaws } from './distribution-laws.ts'
import { flowLaws } from './flow-laws.ts'
import { registerLaws } from './law.ts'
import { monotoneFlowMembers } from './rows/monotone-flows.ts'

const s = suite('laws of flows inverted numerically on cpu')
s.before(() => useTestBackend('cpu'))
const flows = monotoneFlowMembers
registerLaws(s, flows, flowLaws)
registerLaws(s, flows, distributionLaws)
s.run()
