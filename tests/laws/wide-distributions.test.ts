import { ok, suite, useTestBackend } from '@diffeo/testing'
import { useWasmCompiler } from '@diffeo/wasm'
import { checkDistributionWidely } from './wide-distributions.ts'
import { wideDistributionMembers } from './wide-members.ts'

const s = suite('laws of distributions over many draws')
s.before(async () => {
  await useTestBackend('wasm')
  useWasmCompiler()
})

wideDistributionMembers.forEach(member =>
  s.test(member.name, () => {
    const { failures } = checkDistributionWidely(member, { rows: 50, factors: [1, 10], draws: 20, modes: ['compiled', 'eager'] })
    ok(failures.length === 0, failures.join('\n'))
  }),
)

s.run()
