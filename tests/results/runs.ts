import { cpus } from 'node:os'
import { byDiffeo } from './by-diffeo.ts'
import type { Zuko } from './by-zuko.ts'
import type { DataSet, Loaded, Model, Problem } from './dataset.ts'
import type { Matrix } from 'diffeo'
import { appendResult, digestOf, readResults, resultOf } from './result.ts'
import type { Library, Outcome, Result, Run } from './result.ts'

/** What is to be run. */
export interface Order {
  readonly dataSets: ReadonlyArray<DataSet>
  readonly models: (model: Model) => boolean
  readonly seeds: ReadonlyArray<number>
  readonly libraries: ReadonlyArray<Library>
}

/** What a run needs of the world. */
export interface Means {
  readonly read: (file: string) => Promise<Matrix>
  /** Starts zuko when it is first needed. */
  readonly zuko: () => Promise<Zuko>
  readonly versions: string
  /** Where results are kept, and which are there already. */
  readonly file: string
  readonly tell: (message: string) => void
}

/** Every run of an order, seed by seed, so that an early end leaves whole rows. */
export const runsOf = ({ dataSets, models, seeds, libraries }: Order): ReadonlyArray<Job> =>
  dataSets.flatMap(dataSet =>
    seeds.flatMap(seed =>
      dataSet.models.filter(models).flatMap(model =>
        libraries
          .filter(library => library === 'diffeo' || model.peer !== undefined)
          .flatMap(library =>
            Array.from({ length: dataSet.folds }, (_, fold) => ({
              dataSet,
              model,
              run: { dataset: dataSet.id, model: model.id, library, seed, fold },
            })),
          ),
      ),
    ),
  )

interface Job {
  readonly dataSet: DataSet
  readonly model: Model
  readonly run: Run
}

/** Does what is not done yet, and keeps each result as soon as it is there. */
export const carryOut = async (order: Order, means: Means): Promise<void> => {
  const { file, tell } = means
  const loaded = new Map<string, Promise<Loaded>>()
  const problemOf = async ({ dataSet, run }: Job): Promise<Problem> => {
    if (!loaded.has(dataSet.id)) loaded.set(dataSet.id, dataSet.load(means.read))
    return (await loaded.get(dataSet.id)!)(run)
  }
  for (const job of runsOf(order)) {
    const { model, run } = job
    const plan = digestOf(model)
    const name = `${run.dataset} ${run.model} ${run.library} seed ${run.seed} fold ${run.fold}`
    if (resultOf(readResults(file), run, plan) !== undefined) {
      tell(`${name}: there already`)
      continue
    }
    const { outcome, versions } = await outcomeOf(model, run, await problemOf(job), means)
    const result: Result = { ...run, ...rounded(outcome), plan, date: today(), processor: processor(), versions }
    appendResult(file, result)
    tell(`${name}: ${result.nats} nats in ${result.seconds} s, ${result.steps} steps, best ${result.best}`)
  }
}

const outcomeOf = async (
  model: Model,
  { library, seed }: Run,
  problem: Problem,
  { zuko, versions }: Means,
): Promise<{ readonly outcome: Outcome; readonly versions: string }> => {
  if (library === 'diffeo') return { outcome: await byDiffeo(model, problem, seed), versions }
  const peer = await zuko()
  return { outcome: await peer.fit(model, problem, seed), versions: peer.versions }
}

const rounded = (outcome: Outcome): Outcome => ({
  ...outcome,
  nats: digits(outcome.nats, 5),
  se: digits(outcome.se, 5),
  validation: digits(outcome.validation, 5),
  seconds: digits(outcome.seconds, 1),
})

const digits = (x: number, places: number): number => Number(x.toFixed(places))

const today = (): string => new Date().toISOString().slice(0, 10)

const processor = (): string => cpus()[0]?.model.trim() ?? 'unknown'
