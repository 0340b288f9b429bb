import { suite } from '@diffeo/testing'
import { jittedElementwiseMember, useJit } from './execution.ts'
import { registerLaws } from './law.ts'
import { elementwiseMembers, transformerLaws } from './transformer-laws.ts'

const s = suite('laws of transformers, jitted')
s.before(useJit)
registerLaws(s, elementwiseMembers.map(jittedElementwiseMember), transformerLaws)
s.run()
