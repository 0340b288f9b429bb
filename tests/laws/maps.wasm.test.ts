import { suite, useTestBackend } from '@diffeo/testing'
import { registerLaws } from './law.ts'
import { mapLaws, mapMembers } from './map-laws.ts'

const s = suite('laws of maps on wasm')
s.before(() => useTestBackend('wasm'))
registerLaws(s, mapMembers, mapLaws)
s.run()
