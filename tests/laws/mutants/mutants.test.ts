import { existsSync, readFileSync } from 'node:fs'
import { equal, ok, suite } from '@diffeo/testing'
import { mutants } from './index.ts'

/** `npm run mutants` plants them; this says that it can. */
const s = suite('errors to plant in the sources')

s.test('there are at least 100, and each is another', () => {
  ok(mutants.length >= 100, `${mutants.length}`)
  equal(new Set(mutants.map(({ file, find, replace }) => `${file} ${find} ${replace}`)).size, mutants.length)
})

mutants.forEach(({ file, find, replace, sees, tests }) =>
  s.test(`${file}: ${find}`, () => {
    const source = readFileSync(new URL(`../../../packages/core/src/${file}`, import.meta.url), 'utf8')
    equal(source.split(find).length - 1, 1, 'times that the text stands in the file')
    ok(find !== replace && sees.length + tests.length > 0)
    tests.forEach(test => ok(existsSync(new URL(`../../../${test}`, import.meta.url)), test))
  }),
)

s.run()
