import type { FlowSpec } from '@diffeo/core'
import { describeExecution } from '@diffeo/train'
import type { FitRecord, Stopped } from '@diffeo/train'
import { details, figure, json, paragraph, section, table, type Picture } from './element.ts'
import { count, counted } from './format.ts'

/** The loss curves and how the fit ended. */
export const trainingSection = (record: FitRecord, picture: Picture | undefined): string =>
  section(
    'Training',
    paragraph(endOf(record)),
    picture === undefined
      ? ''
      : figure(
          picture,
          'Mean negative log-likelihood by epoch. The parameters of the marked epoch, the best on the validation rows, are the ones that were kept.',
          true,
        ),
  )

/** How a fit ended, in a sentence. */
export const endOf = ({ epochs, best, stopped, options }: FitRecord): string => {
  const steps = epochs.at(-1)?.step ?? 0
  const ran = `Ran ${counted(epochs.length, 'epoch')} (${counted(steps, 'step')}) and stopped: ${reasons[stopped](options.patience)}.`
  return best === null ? ran : `${ran} The parameters of epoch ${best.epoch} were kept.`
}

const reasons: { readonly [reason in Stopped]: (patience: number) => string } = {
  patience: patience => `the validation loss had not improved for ${counted(patience, 'epoch')}`,
  epochs: () => 'that was the number of epochs asked for',
  steps: () => 'that was the number of steps asked for',
  aborted: () => 'it was interrupted',
  nonFinite: () => 'a loss was not finite, and the last good parameters were kept',
}

/** The flow's spec and the options of the fit, to do it again. */
export const recipeSection = (spec: FlowSpec, record: FitRecord): string => {
  const { rows, options } = record
  const facts: ReadonlyArray<readonly [string, string]> = [
    ['data', record.data],
    ['rows read', count(rows.read)],
    ['rows used', count(rows.used)],
    ['training / validation / test', `${count(rows.train)} / ${count(rows.validation)} / ${count(rows.test)}`],
    ['seed', String(record.seed)],
    ...Object.entries(options).map(([name, value]) => [words(name), optionText(value)] as const),
    ['library', record.library],
  ]
  return section('How to do it again', details('Options of the fit', table([], facts)), details('The flow, as its spec', json(spec)))
}

const optionText = (value: FitRecord['options'][keyof FitRecord['options']]): string =>
  value === null ? 'none' : typeof value === 'object' ? describeExecution(value) : String(value)

const words = (name: string): string => name.replace(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`)
