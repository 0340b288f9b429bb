import { suite, useTestBackend } from '@diffeo/testing'
import { bijectorLaws } from './bijector-laws.ts'
import { distributionLaws } from './distribution-laws.ts'
import { registerLaws } from './law.ts'
import { bijectorMembersOf, distributionMembersOf } from './members.ts'
import { tableBijectorRows, tableDistributionRows } from './rows/tables.ts'

const s = suite('laws of flows on tables, on cpu')
s.before(() => useTestBackend('cpu'))
registerLaws(s, bijectorMembersOf(tableBijectorRows), bijectorLaws)
registerLaws(s, distributionMembersOf(tableDistributionRows), distributionLaws)
s.run()
