import { suite } from '@diffeo/testing'
import { useJit } from './execution.ts'
import { registerLaws } from './law.ts'
import { mapLaws, mapMembers } from './map-laws.ts'

const s = suite('laws of maps, jitted')
s.before(useJit)
registerLaws(s, mapMembers, mapLaws)
s.run()
