import { equal, ok, suite, useTestBackend } from '@diffeo/testing'
import { useWasmCompiler } from '@diffeo/wasm'
import { soak } from './soak.ts'

/** `node --expose-gc --import tsx tests/program/jit-steps.test.ts 100000` takes more steps, and prints what lives. */
const [steps = 5000] = process.argv.slice(2).map(Number)

const s = suite('training steps, jitted')
s.before(async () => {
  await useTestBackend('cpu')
  useWasmCompiler()
})

for (const donates of [true, false])
  s.test(
    `${steps} steps leave nothing behind, ${donates ? 'donating' : 'keeping'} their arguments`,
    () => {
      const seen = soak(steps, donates)
      if (steps > 5000) seen.forEach(line => console.log(JSON.stringify(line)))
      const [first] = seen
      const { step: _, heap: from, loss: start, ...before } = first!
      seen.forEach(({ step, heap, loss, ...now }) => {
        equal(now, before, `after ${step} steps`)
        ok(heap - from < 30e6, `the heap grew by ${heap - from} bytes`)
        ok(Number.isFinite(loss) && loss <= start + 0.01, `a loss of ${loss} after ${step} steps`)
      })
      equal(seen.length, 10)
    },
    { seconds: 3600 },
  )

s.run()
