import { suite, useTestBackend } from '@diffeo/testing'
import { bijectorLaws } from './bijector-laws.ts'
import { distributionLaws } from './distribution-laws.ts'

import { registerLaws } from './law.ts'
import { bijectorMembersOf, distributionMembersOf } from './members.ts'
import { circleFlowRows, circleRows } from './rows/circles.ts'

const s = suite('laws of circles on cpu')
s.before(() => useTestBackend('cpu'))
registerLaws(s, bijectorMembersOf(circleRows), bijectorLaws)
registerLaws(s, distributionMembersOf(circleFlowRows), distributionLaws)
s.run()
