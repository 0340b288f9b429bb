import { ok, suite, useTestBackend } from '@diffeo/testing'
import { useWasmCompiler } from '@diffeo/wasm'
import { measured } from './elementwise.ts'
import { sampledFlows } from './flows.ts'
import { mostResidual, numericsMembers } from './members.ts'
import { flowOf, isIterative, scored } from './samples.ts'

const s = suite('rounding errors of transformers, and log-densities of own samples')
s.before(async () => {
  await useTestBackend('cpu')
  useWasmCompiler()
})

// `npm run numerics` has 50 sets of parameters, 4,001 points and a million samples
const few = { sets: 2, points: 101 }

numericsMembers.forEach(member =>
  s.test(member.name, () => {
    const one = measured(member, { ...few, spread: 1 })
    ok(one.roundTrip <= (member.mostRoundTrip ?? Infinity), `round trip ${one.roundTrip}`)
    const ten = measured(member, { ...few, spread: 10 })
    ;[one, ten].forEach(({ residual, nonfinite, falling }) => {
      ok(residual <= mostResidual, `residual ${residual}, allowed ${mostResidual}`)
      ok(nonfinite === 0, `${nonfinite} numbers are not finite`)
      ok(falling === 0, `${falling} values fall`)
    })
  }),
)

/** Compiling takes longest: one flow of each kind of layer. */
const quick = new Set(['realNvp', 'maf', 'iaf', 'nsf', 'angles of the torus', 'flowPlusPlus', 'bpf', 'planarFlow'])

sampledFlows
  .filter(({ name }) => quick.has(name))
  .forEach(sampled =>
    s.test(`own samples of ${sampled.name}, weights x 8`, () => {
      const flow = flowOf(sampled)
      const atOnce = isIterative(flow) ? 100 : 1000
      const { samples, finite } = scored(flow, { samples: 2 * atOnce, draws: 2, factor: 8, atOnce })
      ok(finite === samples, `${samples - finite} of ${samples} log-densities are not finite`)
    }),
  )

s.run()
