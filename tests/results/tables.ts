import { meanWithError } from 'diffeo'
import { markdownTable } from 'markdown-table'
import type { DataSet, Model } from './dataset.ts'
import { digestOf, resultOf } from './result.ts'
import type { Library, Result } from './result.ts'

/** The seeds of the page. */
export const seeds = [0, 1, 2]

/** A library's figure for a model: the mean over seeds of the mean over folds, and the seeds' standard deviation. */
export interface Figure {
  readonly mean: number
  readonly deviation: number
  readonly seeds: number
  /** Processor seconds of a fit, and its steps: means. */
  readonly seconds: number
  readonly steps: number
}

/** Undefined where no seed is complete. */
export const figureOf = (results: ReadonlyArray<Result>, dataSet: DataSet, model: Model, library: Library): Figure | undefined => {
  const plan = digestOf(model)
  const complete = seeds
    .map(seed =>
      Array.from({ length: dataSet.folds }, (_, fold) =>
        resultOf(results, { dataset: dataSet.id, model: model.id, library, seed, fold }, plan),
      ).filter(line => line !== undefined),
    )
    .filter(lines => lines.length === dataSet.folds)
  if (complete.length === 0) return undefined
  const means = complete.map(lines => meanOf(lines.map(({ nats }) => nats)))
  const all = complete.flat()
  const { mean, standardError } = meanWithError(means)
  return {
    mean,
    deviation: means.length < 2 ? NaN : standardError * Math.sqrt(means.length),
    seeds: means.length,
    seconds: meanOf(all.map(({ seconds }) => seconds)),
    steps: meanOf(all.map(({ steps }) => steps)),
  }
}

const meanOf = (values: ReadonlyArray<number>): number => values.reduce((sum, x) => sum + x, 0) / values.length

/** Whether diffeo's figure is at least zuko's minus twice the spread of zuko's seeds; undefined where one of them is missing. */
export const holds = (ours: Figure | undefined, theirs: Figure | undefined): boolean | undefined =>
  ours === undefined || theirs === undefined || Number.isNaN(theirs.deviation) ? undefined : ours.mean >= theirs.mean - 2 * theirs.deviation

/** The table of a data set's models. */
export const tableOf = (results: ReadonlyArray<Result>, dataSet: DataSet): string | undefined => {
  const rows = dataSet.models.flatMap(model => {
    const [ours, theirs] = (['diffeo', 'zuko'] as const).map(library => figureOf(results, dataSet, model, library))
    if (ours === undefined) return []
    const verdict = holds(ours, theirs)
    return [
      [
        model.title,
        nats(ours),
        theirs === undefined ? (model.peer === undefined ? 'has none' : '') : nats(theirs),
        verdict === undefined ? '' : verdict ? 'yes' : 'no',
        model.published.map(({ model: name, nats, source }) => `${name} ${signed(nats)}${source === 'recalled' ? ' (r)' : ''}`).join(', '),
        cost(ours),
        theirs === undefined ? '' : cost(theirs),
      ],
    ]
  })
  if (rows.length === 0) return undefined
  return markdownTable([['', 'diffeo', 'zuko', 'at least zuko − 2 spreads', 'published', 'a fit by diffeo', 'a fit by zuko'], ...rows], {
    align: ['l', 'r', 'r', 'c', 'l', 'r', 'r'],
    stringLength: text => text.length,
  })
}

const nats = ({ mean, deviation, seeds: n }: Figure): string =>
  Number.isNaN(deviation)
    ? `${signed(mean)} (one seed)`
    : `${signed(mean)} ± ${deviation.toFixed(2)}${n < seeds.length ? ` (${n} seeds)` : ''}`

const signed = (x: number): string => x.toFixed(2).replace('-', '−')

const cost = ({ seconds, steps }: Figure): string => `${seconds.toFixed(0)} s, ${steps.toFixed(0)} steps`

/** Every row of the page in one table. */
export const summaryOf = (results: ReadonlyArray<Result>, dataSets: ReadonlyArray<DataSet>): string => {
  const rows = dataSets.flatMap(dataSet =>
    dataSet.models.flatMap(model => {
      const [ours, theirs] = (['diffeo', 'zuko'] as const).map(library => figureOf(results, dataSet, model, library))
      const verdict = holds(ours, theirs)
      if (ours === undefined) return []
      const peer = theirs === undefined ? (model.peer === undefined ? 'has none' : '') : nats(theirs)
      return [[dataSet.title, model.id, nats(ours), peer, verdict === undefined ? '' : verdict ? 'yes' : 'no']]
    }),
  )
  return rows.length === 0
    ? ''
    : markdownTable([['', 'flow', 'diffeo', 'zuko', 'at least zuko − 2 spreads'], ...rows], {
        align: ['l', 'l', 'r', 'r', 'c'],
        stringLength: text => text.length,
      })
}

/** What stands around a data set's table. */
const sectionOf = (results: ReadonlyArray<Result>, dataSet: DataSet): string => {
  const table = tableOf(results, dataSet)
  const training = dataSet.models.map(({ title, training: t }) => `${title}: ${trainingText(t)}`)
  const plans = new Set(dataSet.models.map(({ training: t }) => trainingText(t)))
  return [
    `${dataSet.units[0]!.toUpperCase()}${dataSet.units.slice(1)}; higher is better. ${plans.size === 1 ? `${capital([...plans][0]!)}.` : `${training.join('; ')}.`}`,
    table ?? 'Not measured yet.',
    `What differs from the published figures: ${dataSet.differs}`,
    `\`npm run results -- --data DIR --only ${dataSet.id} --peers PYTHON\``,
  ].join('\n\n')
}

const capital = (text: string): string => `${text[0]!.toUpperCase()}${text.slice(1)}`

const trainingText = ({ steps, batchSize, learningRate, schedule, clipNorm, weightDecay, patience }: Model['training']): string =>
  `at most ${steps} steps of ${batchSize} rows, learning rate ${learningRate}${schedule === 'cosine' ? ' falling to 0 by half a cosine' : ''}, gradients clipped to a norm of ${clipNorm}, weight decay ${weightDecay}, an end after ${patience} epochs without a better validation loss`

/** The parts of the page by their names. */
export const partsOf = (results: ReadonlyArray<Result>, dataSets: ReadonlyArray<DataSet>): ReadonlyMap<string, string> =>
  new Map([
    ...dataSets.map(dataSet => [dataSet.id, sectionOf(results, dataSet)] as const),
    ['summary', summaryOf(results, dataSets)] as const,
    ['settings', settingsOf(results)] as const,
  ])

const settingsOf = (results: ReadonlyArray<Result>): string => {
  const kinds = [
    ...new Set(results.map(({ library, processor, versions, date }) => `- ${library}, ${date}: ${versions}; ${processor}, one thread`)),
  ]
  return kinds.sort().join('\n')
}
