/**
 * What float32 rounding does to every transformer and flow: `npm run numerics -- [flags]`.
 *
 *     --part transformers  round trips and residuals, or `flows`: finite log-densities of a flow's own samples; both unless given
 *     --sets 50            sets of parameters of each transformer
 *     --points 4001        points of the grid, beside the edges and knots
 *     --samples 1000000    of each flow with a closed form; a hundredth of those that are inverted numerically
 *     --draws 5            of the parameters of each flow
 *     --factor 8           times as large as they are drawn that these are
 *     --only text          members whose name holds the text
 *     --eager              transformers by tfjs' cpu backend instead of compiled code
 *     --fresh              forget what earlier runs found
 *
 * Ends with 1 where something is not within its bound. What was found is kept in .cache/numerics.json, so that a run that was stopped goes on where it was, as
 * long as no source has changed.
 */
import { parseArgs } from 'node:util'
import { useTestBackend } from '@diffeo/testing'
import { useWasmCompiler } from '@diffeo/wasm'
import { keptIn } from '../laws/kept.ts'
import { measured } from './elementwise.ts'
import type { Measured } from './elementwise.ts'
import { sampledFlows } from './flows.ts'
import { mostResidual, numericsMembers } from './members.ts'
import { flowOf, isIterative, scored } from './samples.ts'
import type { Scored } from './samples.ts'

const { values: flags } = parseArgs({
  options: {
    part: { type: 'string', default: '' },
    sets: { type: 'string', default: '50' },
    points: { type: 'string', default: '4001' },
    samples: { type: 'string', default: '1000000' },
    draws: { type: 'string', default: '5' },
    factor: { type: 'string', default: '8' },
    only: { type: 'string', default: '' },
    eager: { type: 'boolean', default: false },
    fresh: { type: 'boolean', default: false },
  },
})

await useTestBackend('cpu')
useWasmCompiler()

const wanted = <M extends { readonly name: string }>(members: ReadonlyArray<M>): ReadonlyArray<M> =>
  members.filter(({ name }) => name.includes(flags.only))
const kept = keptIn<ReadonlyArray<Measured> | Scored>('numerics.json', flags.fresh)
const idOf = (name: string, ...extent: ReadonlyArray<number | string | boolean>): string => [name, ...extent].join('; ')
const show = (v: number): string => (v !== 0 && v < 0.01 ? v.toExponential(1) : v.toFixed(2))
const row = (...cells: ReadonlyArray<string | number>): void => console.log(`| ${cells.join(' | ')} |`)

let failed = 0
const fails = (isWrong: boolean, text: string): void => {
  if (!isWrong) return
  failed += 1
  console.error(`  ${text}`)
}

const transformers = (): void => {
  const extent = { sets: Number(flags.sets), points: Number(flags.points), isEager: flags.eager }
  row('transformer', 'round trip', 'residual', 'residual, x 10', 'from theta', 'from theta, x 10')
  row('---', '--:', '--:', '--:', '--:', '--:')
  wanted(numericsMembers).forEach(member => {
    const id = idOf(member.name, ...Object.values(extent))
    const [one, ten] = (kept.of(id) ??
      kept.as(
        id,
        [1, 10].map(spread => measured(member, { ...extent, spread })),
      )) as [Measured, Measured]
    row(member.name, show(one.roundTrip), show(one.residual), show(ten.residual), show(one.fromTheta), show(ten.fromTheta))
    fails(Math.max(one.residual, ten.residual) > mostResidual, `${member.name}: a residual above ${mostResidual}`)
    fails(one.roundTrip > (member.mostRoundTrip ?? Infinity), `${member.name}: a round trip above ${member.mostRoundTrip}`)
    const [nonfinite, falling] = [one.nonfinite + ten.nonfinite, one.falling + ten.falling]
    fails(nonfinite + falling > 0, `${member.name}: ${nonfinite} numbers that are not finite, ${falling} that fall`)
  })
}

const flows = (): void => {
  row('flow', 'samples', 'finite log-densities')
  row('---', '--:', '--:')
  wanted(sampledFlows).forEach(sampled => {
    const flow = flowOf(sampled)
    const draws = Number(flags.draws)
    const samples = Number(flags.samples) / (isIterative(flow) ? 100 : 1)
    const atOnce = Math.min(samples / draws, isIterative(flow) ? 2000 : 20_000)
    const id = idOf(sampled.name, samples, draws, flags.factor)
    const { samples: all, finite } = (kept.of(id) ??
      kept.as(id, scored(flow, { samples, draws, factor: Number(flags.factor), atOnce }))) as Scored
    row(sampled.name, all, `${(100 * finite) / all} %`)
    fails(finite < all, `${sampled.name}: ${all - finite} log-densities are not finite`)
  })
}

if (flags.part !== 'flows') transformers()
if (flags.part !== 'transformers') flows()
console.log(`\n${failed} bounds do not hold`)
if (failed > 0) process.exitCode = 1
