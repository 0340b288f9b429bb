import { foldIn, type Key, permutation } from '@diffeo/core'
import { columnScale, standardize } from '../statistics/moments.ts'
import { type Matrix, matrix, rowOf } from '../matrix.ts'
import { meanWithError } from '../statistics/mean-with-error.ts'
import { normalSurvival } from '../statistics/normal.ts'
import { subsample } from '../subsample.ts'
import { trainClassifier } from './binary-classifier.ts'
import { expectFinite, expectSameColumns } from './expect-rows.ts'

/** How well a classifier tells two sets of rows apart. */
export interface ClassifierTwoSample {
  /** The share of rows that the classifier which had not seen them put right: 0.5 for equal distributions, 1 for disjoint ones. */
  readonly accuracy: number
  /** 1/2 / sqrt(rows): the error of the accuracy if the distributions are equal. */
  readonly standardError: number
  /** P(accuracy at least so high) if they are, in the normal approximation. */
  readonly pValue: number
  readonly folds: ReadonlyArray<number>
}

/** What the classifiers are trained with. */
export interface ClassifierTwoSampleOptions {
  readonly key: Key
  /** 5 unless said. */
  readonly folds?: number
  /** Widths of the hidden layers: twice 10 D unless said, from 10 to 32. */
  readonly hidden?: ReadonlyArray<number>
  /** The most rows of each side, 2,000 unless said; the larger side is cut to the smaller. */
  readonly rows?: number
}

/**
 * The classifier two-sample test (Lopez-Paz and Oquab 2017) as in sbi's `c2st`: rows z-scored by the statistics of `a`, a small network
 * trained on four fifths of them and asked for the last, five times.
 *
 * Departures from sbi: each fold holds as many rows of `a` as of `b` (with unequal ones a classifier that learned nothing falls below 0.5),
 * z-scores are cut at 10 (a few far samples of a flow would else stop the training), and hidden layers have at most 32 units.
 *
 * @throws RangeError with fewer rows on a side than folds, different columns, or a value that is not finite
 */
export const classifierTwoSample = (
  a: Matrix,
  b: Matrix,
  { key, folds = 5, hidden = defaultHidden(a.columns), rows = 2000 }: ClassifierTwoSampleOptions,
): ClassifierTwoSample => {
  expectFinite('classifierTwoSample', 'a', a)
  expectFinite('classifierTwoSample', 'b', b)
  expectSameColumns('classifierTwoSample', a, b)
  const each = Math.min(rows, a.rows, b.rows)
  if (folds < 2 || each < 2 * folds)
    throw new RangeError(`classifierTwoSample: expected at least ${2 * folds} rows a side and 2 folds, got ${each} and ${folds}`)
  const units = columnScale(a)
  const sides = [a, b].map((m, i) => standardize(subsample(foldIn(key, i), m, each), units))
  const orders = sides.map((_, i) => permutation(foldIn(key, 2 + i), each))
  const pick = (wanted: (fold: number) => boolean): Labelled => labelled(sides, orders, i => wanted(i % folds))
  const accuracies = Array.from({ length: folds }, (_, fold) => {
    const [training, testing] = [pick(f => f !== fold), pick(f => f === fold)]
    const logits = trainClassifier(training.rows, training.labels, { key: foldIn(key, 4 + fold), hidden })(testing.rows)
    return meanWithError(logits.map((logit, i) => (logit > 0 === testing.labels[i]! > 0 ? 1 : 0))).mean
  })
  // Folds differ by two rows at most, so that the mean of their accuracies is that of the rows, as sbi takes it.
  const accuracy = meanWithError(accuracies).mean
  const standardError = 0.5 / Math.sqrt(2 * each)
  return { accuracy, standardError, pValue: normalSurvival((accuracy - 0.5) / standardError), folds: accuracies }
}

const defaultHidden = (columns: number): ReadonlyArray<number> => {
  const width = Math.min(32, Math.max(10, 10 * columns))
  return [width, width]
}

interface Labelled {
  readonly rows: Matrix
  readonly labels: Float64Array
}

const cut = 10

/** The rows of both sides whose place in their side's order is wanted, with label 0 and 1. */
const labelled = (sides: ReadonlyArray<Matrix>, orders: ReadonlyArray<Int32Array>, wanted: (i: number) => boolean): Labelled => {
  const picked = sides.flatMap((side, label) =>
    [...orders[label]!].filter((_, i) => wanted(i)).map(row => ({ row: rowOf(side, row), label })),
  )
  const columns = sides[0]!.columns
  const values = new Float64Array(picked.length * columns)
  picked.forEach(({ row }, i) =>
    values.set(
      row.map(x => Math.min(cut, Math.max(-cut, x))),
      i * columns,
    ),
  )
  return { rows: matrix(picked.length, columns, values), labels: Float64Array.from(picked, p => p.label) }
}
