import type { LossPoint } from './plots/loss.ts'
import type { Picture } from './picture.ts'

/** What there is to tell. */
export interface Told {
  /** The points in words. */
  readonly about: string
  readonly picture: Picture | undefined
  readonly history: ReadonlyArray<LossPoint>
  readonly gaussian: number | undefined
}

const number = (value: number, digits = 1): string => value.toFixed(digits).replace('-', '−')

const percent = (share: number): string => `${Math.round(100 * share)}\u00a0%`

const range = (points: Float64Array, column: number): string => {
  const values = points.filter((_, at) => at % 2 === column)
  return `${number(values.reduce((a, b) => Math.min(a, b)))} to ${number(values.reduce((a, b) => Math.max(a, b)))}`
}

/** Points as text. */
export const pointsInWords = (title: string, points: Float64Array): string =>
  points.length === 0
    ? `${title}: no points yet.`
    : `${title}: ${(points.length / 2).toLocaleString('en')} points, x from ${range(points, 0)}, y from ${range(points, 1)}.`

/** The plots as text: for those who do not see them, and for those who want numbers. */
export const inWords = ({ about, picture, history, gaussian }: Told): string => {
  if (picture === undefined) return `${about} No model yet: the samples are a bell curve’s, and the grid is straight.`
  const [x, y] = picture.peak
  const shared = picture.overlap === undefined ? '' : ` ${percent(picture.overlap)} of the model’s probability lies where the points lie.`
  return `${about}${shared} The density is highest near (${number(x)}, ${number(y)}). ${lossInWords(history, gaussian)}`
}

/** The loss curve as text. */
export const lossInWords = (history: ReadonlyArray<LossPoint>, gaussian: number | undefined): string => {
  const [first, last] = [history[0], history.at(-1)]
  if (first === undefined || last === undefined) return 'No loss yet.'
  const lead =
    gaussian === undefined
      ? ''
      : `, ${number(Math.abs(gaussian - last.validation), 2)} ${last.validation < gaussian ? 'better' : 'worse'} than a Gaussian’s`
  return `The held-out loss went from ${number(first.validation, 2)} to ${number(last.validation, 2)} nats per point${lead}.`
}

/** The loss of the Gaussian that fits standardized points: it depends on their correlation alone. */
export const gaussianLoss = (points: Float64Array): number | undefined => {
  const n = points.length / 2
  if (n < 3) return undefined
  const mean = [0, 1].map(column => points.reduce((sum, value, at) => (at % 2 === column ? sum + value : sum), 0) / n)
  const moment = (i: number, j: number): number => {
    let sum = 0
    for (let k = 0; k < n; k++) sum += (points[2 * k + i]! - mean[i]!) * (points[2 * k + j]! - mean[j]!)
    return sum / n
  }
  const squared = moment(0, 1) ** 2 / (moment(0, 0) * moment(1, 1))
  return 1 + Math.log(2 * Math.PI) + Math.log(1 - squared) / 2
}
