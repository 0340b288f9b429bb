import { suite } from '@diffeo/testing'
import { bijectorLaws } from './bijector-laws.ts'
import { jittedBijectorMember, useJit } from './execution.ts'
import { registerLaws } from './law.ts'
import { classMembers, lawsOfClasses } from './rows/classes.ts'

const s = suite('laws of layers given a class, jitted')
s.before(useJit)
registerLaws(s, classMembers.map(jittedBijectorMember), lawsOfClasses(bijectorLaws))
s.run()
