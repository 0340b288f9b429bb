/* The findings behind docs/backends.md are of every member of the law tables. */
import { equal, suite } from '@diffeo/testing'
import { wideDistributionMembers, wideMembers } from '../laws/wide-members.ts'
import { identity, keptFindings } from './findings.ts'

const s = suite('what was found in a browser')

s.test('it is of every bijector and distribution, by 20 draws: if not, npm run browser -- laws --rest --save', () => {
  const known = new Set(keptFindings().flatMap(line => ('draws' in line && line.draws >= 20 ? [identity(line)] : [])))
  const members = [
    ...wideMembers.map(({ name }) => `member: ${name}`),
    ...wideDistributionMembers.map(({ name }) => `distribution: ${name}`),
  ]
  equal(
    members.filter(member => !known.has(member)),
    [],
  )
  equal(new Set(members).size, members.length, 'each has a name of its own')
})

s.run()
