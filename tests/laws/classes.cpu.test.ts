import { suite, useTestBackend } from '@diffeo/testing'
import { bijectorLaws } from './bijector-laws.ts'
import { registerLaws } from './law.ts'
import { classMembers, lawsOfClasses } from './rows/classes.ts'

const s = suite('laws of layers given a class, on cpu')
s.before(() => useTestBackend('cpu'))
registerLaws(s, classMembers, lawsOfClasses(bijectorLaws))
s.run()
