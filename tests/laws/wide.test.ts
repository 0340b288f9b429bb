import { ok, suite, useTestBackend } from '@diffeo/testing'
import { useWasmCompiler } from '@diffeo/wasm'
import { checkWidely } from './wide.ts'
import { wideMembers } from './wide-members.ts'

/** Eager ops are those of tfjs' WASM backend, which takes a third of the time of the plain one; the laws of each table run on both. */
const s = suite('laws of bijectors over many draws')
s.before(async () => {
  await useTestBackend('wasm')
  useWasmCompiler()
})

/** Their loops take seconds for each draw by eager ops. */
const isSlow = (name: string): boolean => /heavyTails|blockAutoregressive/.test(name)

wideMembers.forEach(member =>
  s.test(
    member.name,
    () => {
      const width = { rows: 50, factors: [1, 10] }
      const { failures } = isSlow(member.name)
        ? checkWidely(member, { ...width, draws: 5, modes: ['compiled', 'eager'] })
        : checkWidely(member, { ...width, draws: 20, modes: ['compiled', 'eager'] })
      if (isSlow(member.name)) failures.push(...checkWidely(member, { ...width, draws: 20, modes: ['compiled'] }).failures)
      ok(failures.length === 0, failures.join('\n'))
    },
    { seconds: 120 },
  ),
)

s.run()
