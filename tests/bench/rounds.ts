import type { Measurement, Missing } from './measurement.ts'
import { contender } from './process.ts'
import type { Contender } from './process.ts'
import { median, quantile } from './statistics.ts'
import type { Facts, Reply, Work } from './work.ts'

/** A contestant of a workload. */
export interface Entrant {
  readonly workload: string
  readonly contestant: string
  readonly command: ReadonlyArray<string>
  readonly work: Work
  readonly axis?: Measurement['axis']
}

/** How long and how often contestants run. */
export interface Pace {
  readonly rounds: number
  /** Of one contestant in one round; at least one run. */
  readonly burstSeconds: number
  readonly warmSeconds: number
  /** A contestant sits out once its runs have taken so long altogether. */
  readonly mostSeconds: number
  /** A contestant that does not answer for so long is ended. */
  readonly limitSeconds: number
  readonly threads: number
}

interface Standing {
  readonly entrant: Entrant
  readonly process: Contender
  readonly ready: Extract<Reply, { readonly _tag: 'ready' }>
  readonly rounds: ReadonlyArray<number>[]
}

const spent = ({ ready, rounds }: Standing): number => (ready.firstMs + rounds.flat().reduce((sum, ms) => sum + ms, 0)) / 1000

/** Contestants take turns, each in a process of its own that waits while another one runs. */
export const race = async (entrants: ReadonlyArray<Entrant>, pace: Pace): Promise<ReadonlyArray<Measurement | Missing>> => {
  const missing: Missing[] = []
  const standings: Standing[] = []
  for (const entrant of entrants) {
    const process = contender(entrant.command, pace.limitSeconds)
    const reply = await process.ask({ _tag: 'prepare', work: entrant.work, warmSeconds: pace.warmSeconds })
    if (reply._tag === 'ready') standings.push({ entrant, process, ready: reply, rounds: [] })
    else {
      process.end()
      missing.push(missingOf(entrant, reply))
    }
  }
  for (let round = 0; round < pace.rounds; round++)
    for (const standing of rotated(standings, round)) {
      if (standing.rounds.length > 0 && spent(standing) > pace.mostSeconds) continue
      const reply = await standing.process.ask({ _tag: 'run', seconds: pace.burstSeconds })
      if (reply._tag === 'times') standing.rounds.push(reply.ms)
      else missing.push(missingOf(standing.entrant, reply))
    }
  const measured: Measurement[] = []
  for (const standing of standings) {
    const memory = await standing.process.ask({ _tag: 'memory' })
    standing.process.end()
    if (standing.rounds.length > 0) measured.push(measurementOf(standing, memory, pace.threads))
  }
  return [...measured, ...missing]
}

/** The first call of a process, over and over in new ones. */
export const firstCalls = async (entrants: ReadonlyArray<Entrant>, pace: Pace): Promise<ReadonlyArray<Measurement | Missing>> => {
  const taken = entrants.map((): { times: number[]; facts: Facts; versions: string; missing?: Missing } => ({
    times: [],
    facts: {},
    versions: '',
  }))
  for (let round = 0; round < pace.rounds; round++)
    for (const i of rotated([...entrants.keys()], round)) {
      const at = taken[i]!
      if (at.missing !== undefined) continue
      const entrant = entrants[i]!
      const process = contender(entrant.command, pace.limitSeconds)
      const reply = await process.ask({ _tag: 'prepare', work: entrant.work, warmSeconds: 0 })
      process.end()
      if (reply._tag === 'ready') {
        at.times.push(reply.firstMs)
        at.facts = reply.facts
        at.versions = reply.versions
      } else at.missing = missingOf(entrant, reply)
    }
  return taken.map(({ times, facts, versions, missing }, i) => missing ?? lineOf(entrants[i]!, times, times, facts, versions, pace.threads))
}

/** The start of a process that imports, works and ends. */
export const coldStarts = async (
  entrants: ReadonlyArray<Entrant>,
  once: (entrant: Entrant) => Promise<number | string>,
  pace: Pace,
): Promise<ReadonlyArray<Measurement | Missing>> => {
  const taken = entrants.map((): (number | string)[] => [])
  for (let round = 0; round < pace.rounds; round++)
    for (const i of rotated([...entrants.keys()], round))
      if (!taken[i]!.some(time => typeof time === 'string')) taken[i]!.push(await once(entrants[i]!))
  return taken.map((times, i) => {
    const why = times.find(time => typeof time === 'string')
    const numbers = times.filter(time => typeof time === 'number')
    return why !== undefined
      ? { workload: entrants[i]!.workload, contestant: entrants[i]!.contestant, missing: why }
      : lineOf(entrants[i]!, numbers, numbers, {}, '', pace.threads)
  })
}

/** Every round begins with another contestant. */
const rotated = <A>(list: ReadonlyArray<A>, by: number): ReadonlyArray<A> => list.map((_, i) => list[(i + by) % list.length]!)

const missingOf = ({ workload, contestant }: Entrant, reply: Reply): Missing => ({
  workload,
  contestant,
  missing: reply._tag === 'absent' ? reply.why : `expected it to be ready, got ${reply._tag}`,
})

const measurementOf = ({ entrant, ready, rounds }: Standing, memory: Reply, threads: number): Measurement => ({
  ...lineOf(entrant, rounds.flat(), rounds.map(median), ready.facts, ready.versions, threads),
  first_ms: rounded(ready.firstMs),
  ...(memory._tag === 'memory' ? { peak_bytes: memory.peakBytes, start_bytes: memory.startBytes } : {}),
})

const lineOf = (
  { workload, contestant, work, axis }: Entrant,
  ms: ReadonlyArray<number>,
  rounds: ReadonlyArray<number>,
  facts: Facts,
  versions: string,
  threads: number,
): Measurement => ({
  workload,
  contestant,
  ms: rounded(median(ms)),
  min_ms: rounded(Math.min(...ms)),
  q1_ms: rounded(quantile(ms, 0.25)),
  q3_ms: rounded(quantile(ms, 0.75)),
  runs: ms.length,
  threads,
  rounds_ms: rounds.map(rounded),
  dim: work.dim,
  layers: work.layers,
  rows: work.rows,
  ...(axis === undefined ? {} : { axis }),
  ...(facts.parameters === undefined ? {} : { parameters: facts.parameters }),
  ...(facts.multiplyAdds === undefined ? {} : { multiply_adds: facts.multiplyAdds }),
  ...(facts.value === undefined ? {} : { value: facts.value }),
  ...(facts.codeBytes === undefined ? {} : { code_bytes: facts.codeBytes }),
  ...(facts.arenaBytes === undefined ? {} : { arena_bytes: facts.arenaBytes }),
  ...(facts.liveBytes === undefined ? {} : { live_bytes: facts.liveBytes }),
  ...(facts.note === undefined ? {} : { note: facts.note }),
  ...(versions === '' ? {} : { versions }),
})

/** Four digits are more than any clock here has; below a microsecond there are none. */
const rounded = (ms: number): number => Number(Math.max(ms, 1e-6).toPrecision(4))
