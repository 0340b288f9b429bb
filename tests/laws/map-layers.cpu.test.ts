import { suite, useTestBackend } from '@diffeo/testing'
import { bijectorLaws } from './bijector-laws.ts'

import { registerLaws } from './law.ts'
import { bijectorMembersOf } from './members.ts'
import { mapRows } from './rows/maps.ts'

const s = suite('laws of maps in layers on cpu')
s.before(() => useTestBackend('cpu'))
registerLaws(s, bijectorMembersOf(mapRows), bijectorLaws)
s.run()
