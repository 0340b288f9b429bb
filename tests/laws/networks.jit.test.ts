import { suite } from '@diffeo/testing'
import { jittedNetworkMember, useJit } from './execution.ts'
import { registerLaws } from './law.ts'
import { networkLaws, networkMembers } from './network-laws.ts'

const s = suite('laws of networks, jitted')
s.before(useJit)
registerLaws(s, networkMembers.filter(({ name }) => name.includes('given')).map(jittedNetworkMember), networkLaws)
s.run()
