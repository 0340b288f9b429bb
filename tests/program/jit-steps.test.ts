import { equal, near, ok, suite, useTestBackend } from '@diffeo/testing'
import { useWasmCompiler } from '@diffeo/wasm'
import { firstLosses, soak } from './soak.ts'

/** `node --import tsx tests/program/jit-steps.test.ts 100000` takes more steps, and prints what lives. */
const [steps = 5000] = process.argv.slice(2).map(Number)

const s = suite('training steps, jitted')
s.before(async () => {
  await useTestBackend('cpu')
  useWasmCompiler()
})

let known: ReadonlyArray<number> | undefined

s.test('the first steps are those of eager code', () => near(firstLosses(30, true), firstLosses(30, false), { atol: 1e-4 }))

for (const donates of [true, false])
  s.test(
    `${steps} steps leave nothing behind, ${donates ? 'donating' : 'keeping'} their arguments`,
    () => {
      const seen = soak(steps, donates)
      if (steps > 5000) seen.forEach(line => console.log(JSON.stringify(line)))
      const [first] = seen
      const { step: _, heap: from, loss: __, ...before } = first!
      seen.forEach(({ step, heap, loss, ...now }) => {
        equal(now, before, `after ${step} steps`)
        ok(heap - from < 2e6, `the heap grew by ${heap - from} bytes`)
        ok(Number.isFinite(loss), `a loss of ${loss} after ${step} steps`)
      })
      equal(seen.length, 10)
      const losses = seen.map(({ loss }) => loss)
      equal(losses, (known ??= losses), 'the same losses in each run')
    },
    { seconds: 3600 },
  )

s.run()
