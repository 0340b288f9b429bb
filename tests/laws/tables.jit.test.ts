import { suite } from '@diffeo/testing'
import { bijectorLaws } from './bijector-laws.ts'
import { distributionLaws } from './distribution-laws.ts'
import { jittedBijectorMember, jittedDistributionMember, useJit } from './execution.ts'
import { registerLaws } from './law.ts'
import { bijectorMembersOf, distributionMembersOf } from './members.ts'
import { tableBijectorRows, tableDistributionRows } from './rows/tables.ts'

const s = suite('laws of flows on tables, jitted')
s.before(useJit)
registerLaws(s, bijectorMembersOf(tableBijectorRows).map(jittedBijectorMember), bijectorLaws)
registerLaws(s, distributionMembersOf(tableDistributionRows).map(jittedDistributionMember), distributionLaws)
s.run()
