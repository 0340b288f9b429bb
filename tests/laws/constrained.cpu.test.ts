import { suite, useTestBackend } from '@diffeo/testing'
import { bijectorLaws } from './bijector-laws.ts'
import { distributionLaws } from './distribution-laws.ts'

import { registerLaws } from './law.ts'
import { bijectorMembersOf, distributionMembersOf } from './members.ts'
import { constrainedFlowRows, constrainedRows } from './rows/constrained.ts'

const s = suite('laws of constrained vectors on cpu')
s.before(() => useTestBackend('cpu'))
registerLaws(s, bijectorMembersOf(constrainedRows), bijectorLaws)
registerLaws(s, distributionMembersOf(constrainedFlowRows), distributionLaws)
s.run()
