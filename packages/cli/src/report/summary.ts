import type { FlowSpec } from '@diffeo/core'
import { describeFlow } from '../describe-flow.ts'
import type { FitRecord, Schema, TestScore } from '@diffeo/train'
import { list, paragraph, section, table, type Cell } from './element.ts'
import { count, counted, short, withError } from './format.ts'
import { escapeMarkup } from './markup.ts'

/** The page's title: what was fitted to what. */
export const titleOf = (spec: FlowSpec, record: FitRecord): string => `${capital(describeFlow(spec).name)} fitted to ${record.data}`

/** The heading: what was fitted, on how many rows, how it did, and what to know about the data. */
export const heading = (spec: FlowSpec, schema: Schema, record: FitRecord, parameters: number): string => {
  const { rows, test, density, notes } = record
  const names = (columns: Schema['columns']): string => columns.map(({ name }) => name).join(', ')
  const event = `The density of ${counted(schema.columns.length, 'column')} (${names(schema.columns)})`
  const given = schema.given.length === 0 ? '' : ` given ${names(schema.given)}`
  const learned = `learned from ${counted(rows.train, 'row')}, with ${count(rows.validation)} more to know when to stop`
  const score =
    test === null
      ? ''
      : ` On ${counted(test.rows, 'row')} that it never saw it gives ${withError(test.nats, test.se)} nats per row${verdict(test)}.`
  return [
    '<header>',
    `<h1>${escapeMarkup(titleOf(spec, record))}</h1>`,
    paragraph(`${describeFlow(spec).detail}; ${counted(parameters, 'parameter')}`, 'kind'),
    paragraph(`${event}${given}, ${learned}.${score}`, 'lead'),
    density
      ? ''
      : paragraph(
          'Values that repeat were kept as they are. Such columns have no density: the log-likelihoods below mean nothing, and may be compared with nothing.',
          'warning',
        ),
    list(notes),
    '</header>',
  ].join('\n')
}

/** How the flow stands against the best baseline, by the paired standard error. */
const verdict = ({ baselines }: TestScore): string => {
  const best = [...baselines].sort((a, b) => a.lead.nats - b.lead.nats)[0]
  if (best === undefined) return ''
  const { nats, se } = best.lead
  const name = baselineName(best.name)
  if (Math.abs(nats) <= 2 * se) return `, no clear difference from the best baseline, the ${name} (${withError(nats, se)})`
  const gap = withError(Math.abs(nats), se)
  return nats > 0 ? `, ${gap} above the best baseline, the ${name}` : `, ${gap} below the best baseline, the ${name}`
}

/** A baseline's name in words. */
export const baselineName = (name: string): string =>
  name === 'kernel' ? 'kernel density estimate' : name === 'mixture' ? 'Gaussian mixture' : name === 'gaussian' ? 'Gaussian' : name

/** How every column was brought to the flow's units. */
export const columnsSection = (schema: Schema): string => {
  const row =
    (role: string) =>
    ({ name, shift, scale, step, atoms }: Schema['columns'][number]): ReadonlyArray<Cell> => [
      name,
      role,
      { number: short(shift, 6) },
      { number: short(scale, 6) },
      { number: step === null ? '–' : short(step) },
      atoms.length === 0 ? '–' : atoms.map(atom => short(atom)).join(', '),
    ]
  return section(
    'Columns',
    table(
      ['column', 'role', { number: 'shift' }, { number: 'scale' }, { number: 'noise added' }, 'values masked'],
      [...schema.columns.map(row('modelled')), ...schema.given.map(row('given'))],
    ),
    paragraph(
      'The flow sees (value − shift) / scale. Samples and densities are in the units of the table. “Noise added”: values repeat on multiples of this step, and uniform noise of one step was added to them.',
      'soft',
    ),
  )
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
