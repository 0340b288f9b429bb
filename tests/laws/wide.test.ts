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
    const { failures } = checkWidely(member, { draws: 20, rows: 50, factors: [1, 10], modes: ['compiled', 'eager'] })
    ok(failures.length === 0, failures.join('\n'))
  }),
)

s.run()
