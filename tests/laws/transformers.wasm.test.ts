import { suite, useTestBackend } from '@diffeo/testing'
import { registerLaws } from './law.ts'
import { elementwiseMembers, transformerLaws } from './transformer-laws.ts'

const s = suite('laws of transformers on wasm')
s.before(() => useTestBackend('wasm'))
registerLaws(s, elementwiseMembers, transformerLaws)
s.run()
