import { suite, useTestBackend } from '@diffeo/testing'
import { distributionLaws } from './distribution-laws.ts'
import { registerLaws } from './law.ts'
import { distributionMembersOf } from './members.ts'
import { moreDistributionRows } from './rows/more-distributions.ts'

const s = suite('laws of more distributions, on wasm')
s.before(() => useTestBackend('wasm'))
registerLaws(s, distributionMembersOf(moreDistributionRows), distributionLaws)
s.run()
