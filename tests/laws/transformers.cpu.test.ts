import { suite, useTestBackend } from '@diffeo/testing'
import { registerLaws } from './law.ts'
import { elementwiseMembers, transformerLaws } from './transformer-laws.ts'

const s = suite('laws of transformers on cpu')
s.before(() => useTestBackend('cpu'))
registerLaws(s, elementwiseMembers, transformerLaws)
s.run()
