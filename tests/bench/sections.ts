import type { Field, Name } from './field.ts'
import { pythonPeers } from './field.ts'
import { familyId, families, familyNames, familyWork } from './families.ts'
import { productRates } from './product-rates.ts'
import type { Line } from './measurement.ts'
import { isMissing } from './measurement.ts'
import { coldStarts, firstCalls, race } from './rounds.ts'
import type { Entrant, Pace } from './rounds.ts'
import type { Work } from './work.ts'
import { curves, workAt, workOf, workloads } from './workloads.ts'
import type { Axis, Curve } from './workloads.ts'

/** A part of the benchmark that can be asked for by its id. */
export interface Section {
  readonly id: string
  readonly title: string
  /** Hands over lines as they come. */
  readonly run: (field: Field, pace: Pace, quick: boolean, emit: (lines: ReadonlyArray<Line>) => void) => Promise<void>
}

const entrantsOf = (field: Field, workload: string, work: Work, names: ReadonlyArray<Name>, axis?: Axis): ReadonlyArray<Entrant> =>
  names
    .filter(name => field.names.includes(name))
    .map(name => ({ workload, contestant: name, command: field.command(name), work, ...(axis === undefined ? {} : { axis }) }))

const compiled: ReadonlyArray<Name> = ['diffeo', 'diffeo-plain']
const withModel = (work: Work): ReadonlyArray<Name> => [
  ...compiled,
  'diffeo-eager',
  ...(work.job === 'step' ? (['tfjs-wasm'] as const) : []),
  ...(work.job === 'step' && work.model.endsWith('Coupling') ? (['jax-js'] as const) : []),
]

/** The name under which the log-densities of as many rows stand beside W4's samples. */
export const scoring = 'W4 logProb'
const scoringWork = (work: Work): Work => ({ ...work, job: 'logProb', chunk: work.rows })

const tableSections: ReadonlyArray<Section> = workloads.map(({ id, title, work }) => ({
  id,
  title,
  run: async (field, pace, _, emit) =>
    emit(
      await race(
        [
          ...entrantsOf(field, id, work, [...withModel(work), ...pythonPeers]),
          ...(id === 'W4' ? entrantsOf(field, scoring, scoringWork(work), ['diffeo', 'diffeo-plain']) : []),
        ],
        pace,
      ),
    ),
}))

const cold: Section = {
  id: 'W8',
  title: 'cold start: a fresh process imports, builds W1, runs 200 steps, ends',
  run: async (field, pace, quick, emit) =>
    emit(
      await coldStarts(
        entrantsOf(field, 'W8', workOf('W1'), withModel(workOf('W1'))),
        ({ contestant }) => field.coldStart(contestant as Name),
        { ...pace, rounds: quick ? 1 : Math.min(pace.rounds, 7) },
      ),
    ),
}

const matmul: Section = {
  id: 'mm',
  title: 'square products',
  run: async (field, _pace, quick, emit) => emit(productRates(field.products, quick ? [64, 128] : [64, 128, 256, 512, 1024])),
}

const call: Section = {
  id: 'call',
  title: 'an empty call',
  run: async (field, pace, _, emit) => emit(await race(entrantsOf(field, 'call', { ...workOf('W1'), job: 'call' }, compiled), pace)),
}

const first: Section = {
  id: 'first',
  title: 'first calls in fresh processes: trace, optimize, compile, run',
  run: async (field, pace, quick, emit) => {
    const ids = ['W1', 'W2', 'W3', 'W6']
    const rounds = quick ? 1 : Math.min(pace.rounds, 7)
    emit(
      await firstCalls(
        ids.flatMap(id => entrantsOf(field, `first ${id}`, workOf(id), [...compiled, 'jax-js'].filter(hasModel(id)))),
        { ...pace, rounds },
      ),
    )
  },
}
const hasModel =
  (id: string) =>
  (name: string): name is Name =>
    name !== 'jax-js' || id === 'W1' || id === 'W2'

const depth: Section = {
  id: 'depth',
  title: 'first calls of loss and gradient of 8 and 32 layers, one by one and as a scan',
  run: async (field, pace, quick, emit) => {
    const entrants = [8, 32].flatMap(layers =>
      [false, true].flatMap(repeated =>
        entrantsOf(field, `first ${layers} layers${repeated ? ', repeated' : ''}`, { ...workOf('W1'), job: 'gradient', layers, repeated }, [
          'diffeo',
        ]),
      ),
    )
    emit(await firstCalls(entrants, { ...pace, rounds: quick ? 1 : Math.min(pace.rounds, 7) }))
  },
}

const memory: Section = {
  id: 'memory',
  title: 'peak memory of W3 at batch 8192',
  run: async (field, pace, _, emit) => {
    const work = { ...workOf('W3'), rows: 8192 }
    emit(await race(entrantsOf(field, 'memory', work, [...compiled, 'diffeo-eager']), { ...pace, rounds: 2, warmSeconds: 0 }))
  },
}

const parallel: Section = {
  id: 'parallel',
  title: 'W3 at batch 4096 on one and two workers',
  run: async (field, pace, _, emit) => {
    const work = { ...workOf('W3'), rows: 4096 }
    // a step takes a tenth of a second, and threads that have waited need one or two steps to spread over the cores
    const long = { ...pace, burstSeconds: 8 * pace.burstSeconds, warmSeconds: 3 * pace.warmSeconds }
    emit(await race(entrantsOf(field, 'parallel', work, ['diffeo', 'diffeo-workers']), long))
  },
}

/** The extended table: those that diffeo alone has are beside their own eager code. Turns are short, for there are many. */
const familySections: ReadonlyArray<Section> = familyNames.map(name => ({
  id: familyId(name),
  title: `training step, ${families[name].title}`,
  run: async (field, pace, _, emit) =>
    emit(
      await race(entrantsOf(field, familyId(name), familyWork(name), ['diffeo', 'diffeo-eager', ...families[name].peers]), {
        ...pace,
        rounds: Math.min(pace.rounds, 7),
        warmSeconds: pace.warmSeconds / 2,
        burstSeconds: pace.burstSeconds / 1.5,
        mostSeconds: Math.min(pace.mostSeconds, 8),
      }),
    ),
}))

/** The name under which W1 in a page stands beside W1 in Node. */
export const inPage = 'W1 in a page'
const page: Section = {
  id: 'page',
  title: 'W1 in Chromium and in Node',
  run: async (field, pace, _, emit) => {
    const work = workOf('W1')
    const pages = (['chromium', 'chromium-eager'] as const).map(name => ({
      workload: inPage,
      contestant: name,
      command: field.page(name),
      work,
    }))
    emit(await race([...entrantsOf(field, inPage, work, ['diffeo']), ...pages], pace))
  },
}

const growing = (curve: Curve): Section => ({
  id: `${curve.id}-${curve.axis}`,
  title: `how ${curve.id} grows with ${curve.axis}`,
  run: async (field, pace, quick, emit) => {
    const shorter = { ...pace, rounds: Math.max(2, Math.ceil(pace.rounds / 3)), limitSeconds: 60, mostSeconds: 10 }
    const tired = new Set<string>()
    for (const value of quick ? curve.values.filter((_, i) => i === 1) : curve.values) {
      const work = workAt(curve, value)
      const names = (['diffeo', 'diffeo-eager', 'jax-js'] as const).filter(name => withModel(work).includes(name))
      const entrants = [
        ...entrantsOf(field, curve.id, work, names, curve.axis),
        ...(curve.id === 'W4' ? entrantsOf(field, scoring, scoringWork(work), ['diffeo'], curve.axis) : []),
      ].filter(({ workload, contestant }) => !tired.has(`${workload} ${contestant}`))
      const lines = await race(entrants, shorter)
      lines.filter(isMissing).forEach(({ workload, contestant }) => tired.add(`${workload} ${contestant}`))
      emit(lines)
    }
  },
})
const growingSections = curves.map(growing)

/** The sections of the scaling curves, which run only when they are asked for. */
export const curveIds: ReadonlyArray<string> = growingSections.map(({ id }) => id)

/** The sections of the extended table, which run only when they are asked for. */
export const familyIds: ReadonlyArray<string> = familySections.map(({ id }) => id)

/** In the order in which they run. */
export const sections: ReadonlyArray<Section> = [
  ...tableSections,
  cold,
  matmul,
  call,
  first,
  depth,
  memory,
  parallel,
  ...familySections,
  page,
  ...growingSections,
]
