import { families, familyId, familyNames } from './families.ts'
import { pythonPeers } from './field.ts'
import { pick, ratio } from './lines.ts'
import { isRate } from './measurement.ts'
import type { Line } from './measurement.ts'
import { inPage, scoring } from './sections.ts'
import { bytes, spread, time, times } from './show.ts'
import type { Spread } from './statistics.ts'

/** A goal, and whether the figures reach it; undefined where they are not there. */
export interface Bar {
  readonly what: string
  readonly wanted: string
  readonly got?: string
  readonly reached?: boolean
}

/** Times as fast as another contestant, at least. */
const faster = (lines: ReadonlyArray<Line>, workload: string, other: string, least: number, who = 'diffeo'): Bar => {
  const name = who === 'diffeo' ? '' : ` (${who})`
  const what = `${workload} against ${other}${name}`
  return atLeast(what, least, ratio(pick(lines, { workload, contestant: other }), pick(lines, { workload, contestant: who })))
}

const atLeast = (what: string, least: number, got: Spread | undefined): Bar => ({
  what,
  wanted: `at least ${times(least)}`,
  ...(got === undefined ? {} : { got: spread(got, times), reached: got.median >= least }),
})

const atMost = (what: string, most: number, got: number | undefined, show: (x: number) => string, shown?: string): Bar => ({
  what,
  wanted: `at most ${show(most)}`,
  ...(got === undefined ? {} : { got: shown ?? show(got), reached: got <= most }),
})

/** How much faster than eager code, and than jax-js where it has the model. */
const eager: ReadonlyArray<readonly [string, number]> = [
  ['W1', 15],
  ['W2', 15],
  ['W3', 3],
  ['W5', 6],
  ['W6', 12],
  ['W8', 5],
]

/** How much faster than each peer in Python. */
const python: ReadonlyArray<readonly [string, number]> = [
  ['W1', 1],
  ['W2', 1],
  ['W3', 1],
  ['W4', 15],
  ['W5', 1],
  ['W6', 1],
]

const againstEager = (lines: ReadonlyArray<Line>): ReadonlyArray<Bar> => [
  ...eager.flatMap(([id, least]) => ['diffeo', 'diffeo-plain'].map(who => faster(lines, id, 'diffeo-eager', least, who))),
  ...['W1', 'W2'].flatMap(id => ['diffeo', 'diffeo-plain'].map(who => faster(lines, id, 'jax-js', 4, who))),
]

const againstPython = (lines: ReadonlyArray<Line>): ReadonlyArray<Bar> =>
  python.flatMap(([id, least]) => pythonPeers.map(peer => faster(lines, id, peer, least)))

/** Each map against those who have it, nflows aside. */
const againstFamilies = (lines: ReadonlyArray<Line>): ReadonlyArray<Bar> =>
  familyNames.flatMap(name => families[name].peers.filter(peer => peer !== 'nflows').map(peer => faster(lines, familyId(name), peer, 1)))

const dims = [8, 16, 32, 64, 128]

/** The cost of samples in log-densities, at one dimension of the curve, or at the table's. */
export const samplingCost = (lines: ReadonlyArray<Line>, at?: number): Spread | undefined => {
  const where = { contestant: 'diffeo', ...(at === undefined ? {} : { axis: 'dim' as const, at }) }
  return ratio(pick(lines, { workload: 'W4', ...where }), pick(lines, { workload: scoring, ...where }))
}

const sampling = (lines: ReadonlyArray<Line>): ReadonlyArray<Bar> => {
  const here = samplingCost(lines)
  const along = dims.map(dim => samplingCost(lines, dim)?.median).filter(cost => cost !== undefined)
  const [first, last] = [along[0], along.at(-1)]
  return [
    atMost('W4: samples, in log-densities of as many rows', 3, here?.median, times, here && spread(here, times)),
    atMost(
      'the same at D = 128, against D = 8',
      1.1,
      along.length === dims.length ? last! / first! : undefined,
      times,
      along.length === dims.length ? `${times(last! / first!)} (${along.map(times).join(', ')})` : undefined,
    ),
  ]
}

const products = (lines: ReadonlyArray<Line>): ReadonlyArray<Bar> =>
  lines
    .filter(isRate)
    .filter(({ n }) => n >= 128)
    .flatMap(({ n, arithmetic, gflops, peak_gflops, tfjs_gflops }) => [
      { what: `product n = ${n}, ${arithmetic}: of the register kernel's rate`, wanted: 'at least 80 %', got: percent(gflops / peak_gflops), reached: gflops / peak_gflops >= 0.8 }, // prettier-ignore
      { what: `product n = ${n}, ${arithmetic}: against tfjs-wasm`, wanted: 'at least 1.5×', got: times(gflops / tfjs_gflops), reached: gflops / tfjs_gflops >= 1.5 }, // prettier-ignore
    ])

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`

const compiling = (lines: ReadonlyArray<Line>): ReadonlyArray<Bar> => {
  const ms = (workload: string): number | undefined => pick(lines, { workload, contestant: 'diffeo' })?.ms
  const [shallow, deep] = [8, 32].map(layers => ms(`first ${layers} layers, repeated`))
  return [
    atMost('first call of W1', 400, ms('first W1'), time),
    atMost('first call of W3', 1000, ms('first W3'), time),
    atMost('an empty call', 0.02, ms('call'), time),
    atMost(
      'first call of loss and gradient of 32 layers against 8, as a scan',
      1.5,
      shallow === undefined || deep === undefined ? undefined : deep / shallow,
      times,
    ),
  ]
}

const threads = (lines: ReadonlyArray<Line>): ReadonlyArray<Bar> => [faster(lines, 'parallel', 'diffeo', 1.7, 'diffeo-workers')]

const pages = (lines: ReadonlyArray<Line>): ReadonlyArray<Bar> => {
  const [node, here] = ['diffeo', 'chromium'].map(contestant => pick(lines, { workload: inPage, contestant }))
  const slower = ratio(here, node)
  return [
    atMost('W1 in Chromium against Node', 1.3, slower?.median, times, slower && spread(slower, times)),
    faster(lines, inPage, 'chromium-eager', 10, 'chromium'),
  ]
}

const arenas = (lines: ReadonlyArray<Line>): ReadonlyArray<Bar> => [
  ...['W1', 'W2', 'W3', 'W4', 'W5', 'W6'].map(workload => {
    const line = pick(lines, { workload, contestant: 'diffeo' })
    const { arena_bytes: arena, live_bytes: live } = line ?? {}
    const known = arena !== undefined && live !== undefined && live > 0
    return atMost(`${workload}: arena against the peak of live bytes`, 1.3, known ? arena / live : undefined, times)
  }),
  ...((): ReadonlyArray<Bar> => {
    const [ours, theirs] = ['diffeo', 'diffeo-eager'].map(contestant => pick(lines, { workload: 'memory', contestant })?.peak_bytes)
    return ours === undefined || theirs === undefined
      ? [{ what: 'W3 at batch 8192: peak memory', wanted: 'beside eager' }]
      : [{ what: 'W3 at batch 8192: peak memory', wanted: 'beside eager', got: `${bytes(ours)}, eager ${bytes(theirs)}` }]
  })(),
]

/** The goals that the project has set itself, in its order. */
export const bars = (lines: ReadonlyArray<Line>): ReadonlyArray<Bar> => [
  ...againstEager(lines),
  ...againstPython(lines),
  ...againstFamilies(lines),
  ...sampling(lines),
  ...products(lines),
  ...compiling(lines),
  ...threads(lines),
  ...pages(lines),
  ...arenas(lines),
]
