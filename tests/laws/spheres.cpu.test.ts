import { suite, useTestBackend } from '@diffeo/testing'
import { bijectorLaws } from './bijector-laws.ts'
import { distributionLaws } from './distribution-laws.ts'

import { registerLaws } from './law.ts'
import { bijectorMembersOf, distributionMembersOf } from './members.ts'
import { sphereFlowRows, sphereRows } from './rows/spheres.ts'

const s = suite('laws of spheres on cpu')
s.before(() => useTestBackend('cpu'))
registerLaws(s, bijectorMembersOf(sphereRows), bijectorLaws)
registerLaws(s, distributionMembersOf(sphereFlowRows), distributionLaws)
s.run()
