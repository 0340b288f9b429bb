import { ok, suite, useTestBackend } from '@diffeo/testing'
import { useWasmCompiler } from '@diffeo/wasm'
import { checkWidely } from './wide.ts'
import { wideMembers } from './wide-members.ts'

const s = suite('laws of bijectors over many draws')
s.before(async () => {
  await useTestBackend('cpu')
  useWasmCompiler()
})

wideMembers.forEach(member =>
  s.test(member.name, () => {
    const width = { rows: 50, factors: [1, 10] }
    const { failures } = checkWidely(member, { ...width, draws: 20, modes: ['compiled'] })
    // of these as many as the time allows; the laws of each table run by eager ops too
    failures.push(...checkWidely(member, { ...width, draws: 2, modes: ['eager'] }).failures)
    ok(failures.length === 0, failures.join('\n'))
  }),
)

s.run()
