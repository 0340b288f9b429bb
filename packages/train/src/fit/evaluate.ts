import { foldIn, key } from '@diffeo/core'
import type { Flow, FlowParams, Key } from '@diffeo/core'
import type { Baseline } from '../baselines/baseline.ts'
import { byCategory } from '../baselines/by-category.ts'
import { gaussian } from '../baselines/gaussian.ts'
import { gaussianMixture } from '../baselines/gaussian-mixture.ts'
import { kernelDensity } from '../baselines/kernel-density.ts'
import { classifierTwoSample } from '../calibration/classifier-two-sample.ts'
import { energyDistance } from '../calibration/energy-distance.ts'
import { hpdCoverage } from '../calibration/hpd-coverage.ts'
import type { HpdCoverage } from '../calibration/hpd-coverage.ts'
import { latentPit } from '../calibration/latent-pit.ts'
import type { Tarp } from '../calibration/tarp.ts'
import type { Prepared } from '../data/prepare.ts'
import { destandardize, logScale } from '../data/standardize.ts'
import type { ColumnSchema } from '../data/schema.ts'
import { chunkRows } from '../execution/flow-functions.ts'
import type { FlowFunctions } from '../execution/flow-functions.ts'
import { columnOf, joinColumns, matrix } from '../matrix.ts'
import type { Matrix } from '../matrix.ts'
import type { BaselineScore, CalibrationScore, TestScore } from '../model/record.ts'
import { meanWithError, pairedDifference } from '../statistics/mean-with-error.ts'
import { contextRows, eventRows, gatherRows } from './batches.ts'
import type { Matrices } from './batches.ts'
import type { FitOptions } from './options.ts'
import { calibratePosterior } from './posterior-calibration.ts'
import type { RankHistogram } from './posterior-calibration.ts'

/** A column's latent PIT values, sorted, with their Kolmogorov-Smirnov test. */
export interface PitCurve {
  readonly column: string
  readonly values: Float64Array
  readonly statistic: number
  readonly p: number
}

/** The share of test rows that lies in the flow's regions of highest density, against their nominal levels, with a 95 % band. */
export interface CoverageResult {
  readonly nominal: ReadonlyArray<number>
  readonly observed: ReadonlyArray<number>
  readonly low: ReadonlyArray<number>
  readonly high: ReadonlyArray<number>
  readonly p: number
}

/** What was measured on the test rows: the scores that the record keeps, and the curves and samples that a report draws. */
export interface Evaluation {
  readonly score: TestScore
  readonly pit: ReadonlyArray<PitCurve>
  readonly coverage: CoverageResult | undefined
  readonly c2st: { readonly accuracy: number; readonly se: number } | undefined
  readonly energy: { readonly statistic: number; readonly p: number } | undefined
  /** Of a conditional flow alone. */
  readonly sbc: ReadonlyArray<RankHistogram> | undefined
  readonly tarp: CoverageResult | undefined
  /** As many samples as test rows, at their given values, in the data's units. */
  readonly samples: Matrix
}

interface Subject {
  readonly flow: Flow
  readonly functions: FlowFunctions
  readonly params: FlowParams
  readonly prepared: Prepared
  readonly data: Matrices
  /** Log-densities of the test rows in the data's units. */
  readonly logProb: Float64Array
  readonly seed: number
}

/** Scores the test rows: baselines on the same rows, calibration, samples to look at. */
export const evaluate = async (subject: Subject, options: FitOptions): Promise<Evaluation> => {
  const { prepared, data, logProb, seed } = subject
  const root = foldIn(key(seed), 1_000_003)
  const { mean, standardError } = meanWithError(logProb)
  const drawn = drawTest(subject, foldIn(root, 0))
  const rows = testMatrix(data, prepared.splits.test)
  options.onPhase?.('baselines')
  // of categories alone there are no numbers to have a density
  const hasNumbers = !prepared.schema.columns.every(isCategorical)
  const baselines = options.baselines === false || !hasNumbers ? [] : await baselineScores(subject, rows, foldIn(root, 1))
  options.onPhase?.('calibration')
  const calibration = options.calibration === false ? undefined : calibrate(subject, rows, drawn, foldIn(root, 2))
  const score: TestScore = {
    nats: mean,
    se: standardError,
    rows: logProb.length,
    baselines,
    calibration: calibration === undefined ? [] : summary(calibration),
  }
  const samples = matrix(drawn.rows.rows, data.width, destandardize(prepared.schema, drawn.rows.values))
  return {
    score,
    pit: [],
    coverage: undefined,
    c2st: undefined,
    energy: undefined,
    sbc: undefined,
    tarp: undefined,
    ...calibration,
    samples,
  }
}

interface Drawn {
  readonly rows: Matrix
  /** In standardized units. */
  readonly logProb: Float64Array
}

/** One sample for each test row, at its given values. */
const drawTest = ({ functions, params, prepared, data }: Subject, source: Key): Drawn => {
  const { test } = prepared.splits
  const values = new Float32Array(test.length * data.width)
  const logProb = new Float64Array(test.length)
  for (let from = 0, chunk = 0; from < test.length; from += chunkRows, chunk++) {
    const rows = test.subarray(from, from + chunkRows)
    const draws = functions.sampleAndLogProb(params, foldIn(source, chunk), rows.length, contextRows(data, rows), test.length)
    values.set(draws.values, from * data.width)
    logProb.set(draws.logProb, from)
  }
  return { rows: matrix(test.length, data.width, values), logProb }
}

const testMatrix = (data: Matrices, rows: Int32Array): Matrix => matrix(rows.length, data.width, gatherRows(data.event, data.width, rows))

const baselineScores = async ({ prepared, data, logProb }: Subject, test: Matrix, source: Key): Promise<ReadonlyArray<BaselineScore>> => {
  const { train, validation, test: testRows } = prepared.splits
  const constant = logScale(prepared.schema)
  const given = (rows: Int32Array): Matrix | undefined =>
    data.context === undefined ? undefined : matrix(rows.length, data.contextWidth, gatherRows(data.context, data.contextWidth, rows))
  const [givenTrain, givenValidation, givenTest] = [given(train), given(validation), given(testRows)]
  const options =
    givenTrain === undefined || givenValidation === undefined ? {} : { given: { train: givenTrain, validation: givenValidation } }
  const codes = prepared.schema.columns.flatMap(({ kind }, column) =>
    kind?._tag === 'categorical' ? [{ column, count: kind.categories!.length }] : [],
  )
  const fits = { gaussian, mixture: gaussianMixture, kernel: kernelDensity }
  const scores: BaselineScore[] = []
  for (const [i, [name, fitBaseline]] of Object.entries(fits).entries()) {
    await new Promise(resolve => setTimeout(resolve, 0)) // each takes seconds: let an interrupt through
    const fitted = codes.length === 0 ? fitBaseline : byCategory(fitBaseline, codes)
    const baseline: Baseline = fitted(testMatrix(data, train), testMatrix(data, validation), { key: foldIn(source, i), ...options })
    const scored = baseline.logProb(test, givenTest).map(value => value + constant)
    const { mean, standardError } = meanWithError(scored)
    const lead = pairedDifference(logProb, scored)
    scores.push({ name, detail: baseline.detail, nats: mean, se: standardError, lead: { nats: lead.mean, se: lead.standardError } })
  }
  return scores
}

type Calibration = Required<Pick<Evaluation, 'pit' | 'coverage' | 'c2st' | 'energy' | 'sbc' | 'tarp'>>

const calibrate = ({ flow, functions, params, prepared, data, logProb }: Subject, test: Matrix, drawn: Drawn, source: Key): Calibration => {
  const constant = logScale(prepared.schema)
  const numbers = prepared.schema.columns.filter(column => !isCategorical(column))
  const pit = pitOf(latents(functions, params, data, prepared.splits.test), numbers, angleLatents(flow))
  const coverage = hpdCoverage(
    logProb,
    drawn.logProb.map(value => value + constant),
  )
  const withGiven = (rows: Matrix): Matrix => joined(rows, data, prepared.splits.test)
  const [real, fake] = [withGiven(test), withGiven(drawn.rows)]
  const c2st = real.rows >= 20 ? classifierTwoSample(real, fake, { key: foldIn(source, 0) }) : undefined
  const names = prepared.schema.columns.map(column => column.name)
  const posterior =
    data.context === undefined
      ? undefined
      : calibratePosterior(functions, params, data, prepared.splits.test, test, names, foldIn(source, 2))
  const energy = energyDistance(real, fake, { key: foldIn(source, 1) })
  return {
    pit,
    coverage: curve(coverage),
    c2st: c2st && { accuracy: c2st.accuracy, se: c2st.standardError },
    energy: { statistic: energy.statistic, p: energy.pValue },
    sbc: posterior?.sbc,
    tarp: posterior && curve(posterior.tarp),
  }
}

const isCategorical = ({ kind }: ColumnSchema): boolean => kind?._tag === 'categorical'

/** For each latent of a flow whether it is an angle, uniform on its circle. */
const angleLatents = ({ base: { space } }: Flow): ReadonlyArray<boolean> => {
  const { shape, support } = space
  if (support._tag === 'each') return support.dimensions.map(({ _tag }) => _tag === 'circle')
  return Array.from({ length: shape[0]! }, () => support._tag === 'circle')
}

/** The PIT of each column of numbers: their latents stand behind the codes of categories. */
const pitOf = (latents: Matrix, numbers: ReadonlyArray<ColumnSchema>, angles: ReadonlyArray<boolean>): ReadonlyArray<PitCurve> => {
  if (numbers.length === 0) return []
  const codes = latents.columns - numbers.length
  const values = Float64Array.from({ length: latents.rows * numbers.length }, (_, at) => {
    const row = Math.floor(at / numbers.length)
    return latents.values[row * latents.columns + codes + (at % numbers.length)]!
  })
  const pit = latentPit(matrix(latents.rows, numbers.length, values), angles.slice(codes))
  return pit.coordinates.map(({ statistic, pValue }, j) => ({
    column: numbers[j]!.name,
    values: columnOf(pit.values, j).sort(),
    statistic,
    p: pValue,
  }))
}

const curve = ({ levels, coverage, low, high, pValue }: HpdCoverage | Tarp): CoverageResult => ({
  nominal: [...levels],
  observed: [...coverage],
  low: [...low],
  high: [...high],
  p: pValue,
})

/** The rows with their given values beside them: a sample is judged together with what it was drawn for. */
const joined = (rows: Matrix, data: Matrices, at: Int32Array): Matrix =>
  data.context === undefined
    ? rows
    : joinColumns(rows, matrix(at.length, data.contextWidth, gatherRows(data.context, data.contextWidth, at)))

const latents = (functions: FlowFunctions, params: FlowParams, data: Matrices, rows: Int32Array): Matrix => {
  const values = new Float32Array(rows.length * data.width)
  for (let from = 0; from < rows.length; from += chunkRows)
    values.set(functions.toBase(params, eventRows(data, rows.subarray(from, from + chunkRows)), rows.length), from * data.width)
  return matrix(rows.length, data.width, values)
}

const summary = ({ pit, coverage, c2st, energy, sbc, tarp }: Calibration): ReadonlyArray<CalibrationScore> => [
  ...pit.map(({ column, statistic, p }) => ({ name: `latent PIT, ${column}`, statistic, p })),
  ...(coverage ? [{ name: 'HPD coverage', statistic: largestGap(coverage), p: coverage.p }] : []),
  ...(sbc ?? []).map(({ column, ranks, draws, p }) => ({ name: `SBC ranks, ${column}`, statistic: meanRank(ranks, draws), p })),
  ...(tarp ? [{ name: 'TARP coverage', statistic: largestGap(tarp), p: tarp.p }] : []),
  ...(c2st ? [{ name: 'C2ST accuracy', statistic: c2st.accuracy, p: null }] : []),
  ...(energy ? [{ name: 'energy distance', statistic: energy.statistic, p: energy.p }] : []),
]

/** The mean rank as a share of the draws; 1/2 if all is well. */
const meanRank = (ranks: Int32Array, draws: number): number => meanWithError(ranks).mean / draws

const largestGap = ({ nominal, observed }: CoverageResult): number => Math.max(...nominal.map((level, i) => Math.abs(level - observed[i]!)))
