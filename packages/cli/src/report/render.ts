import type { FlowSpec } from '@diffeo/core'
import type { Evaluation, FitRecord, Matrix, Schema } from '@diffeo/train'
import { columnOf } from '@diffeo/train'
import { calibrationPictures, calibrationSection } from './calibration.ts'
import { cornerPlot } from './corner.ts'
import { figure, section, type Picture } from './element.ts'
import { heatMap, type LogDensityMap } from './heat-map.ts'
import { lossPlot } from './loss.ts'
import { escapeMarkup } from './markup.ts'
import { scoresSection } from './scores.ts'
import { style } from './style.ts'
import { columnsSection, heading, titleOf } from './summary.ts'
import { recipeSection, trainingSection } from './training.ts'

/** All that a report shows, as plain data. */
export interface ReportInput {
  readonly spec: FlowSpec
  readonly schema: Schema
  readonly record: FitRecord
  readonly parameters: number
  /** Held-out rows and as many samples, in the order of the schema's columns: the event's, then the given ones. */
  readonly rows: Matrix | undefined
  readonly samples: Matrix | undefined
  readonly evaluation: Evaluation | undefined
  readonly map: LogDensityMap | undefined
}

/** A report's page, and its pictures as files. */
export interface Report {
  readonly html: string
  readonly pictures: ReadonlyArray<Picture>
}

/** More columns than these do not fit a page; the first ones are shown. */
export const cornerColumns = 8

/** The report as one self-contained page, and its pictures. A pure function: the same input gives the same bytes. */
export const renderReport = (input: ReportInput): Report => {
  const { spec, schema, record, evaluation } = input
  const loss = lossPicture(record)
  const corner = cornerPicture(schema, input.rows, input.samples)
  const density = input.map === undefined ? undefined : densityPicture(input.map)
  const calibration = evaluation === undefined ? [] : calibrationPictures(evaluation)
  const body = [
    heading(spec, schema, record, input.parameters),
    scoresSection(record.test),
    cornerSection(schema, corner),
    densitySection(schema, density),
    calibrationSection(evaluation, record, calibration),
    trainingSection(record, loss),
    columnsSection(schema),
    recipeSection(spec, record),
  ]
  return {
    html: page(titleOf(spec, record), body.filter(part => part !== '').join('\n')),
    pictures: [loss, corner, density, ...calibration].filter(picture => picture !== undefined),
  }
}

/** The loss curves of a record. */
export const lossPicture = (record: FitRecord): Picture | undefined => {
  const svg = lossPlot(record)
  return svg && { name: 'loss', title: 'Training and validation loss by epoch', svg }
}

/** The corner plot of rows against samples, of the first eight columns. */
export const cornerPicture = (schema: Schema, rows: Matrix | undefined, samples: Matrix | undefined): Picture | undefined => {
  if (samples === undefined || samples.rows === 0) return undefined
  const columns = shownColumns(schema).map(({ label }, j) => ({
    name: label,
    data: rows === undefined || rows.rows === 0 ? undefined : columnOf(rows, j),
    samples: columnOf(samples, j),
  }))
  return { name: 'corner', title: 'Corner plot of data and samples', svg: cornerPlot(columns) }
}

export const densityPicture = (map: LogDensityMap): Picture => ({
  name: 'density',
  title: `Log-density of ${map.x} and ${map.y}`,
  svg: heatMap(map),
})

const shownColumns = ({ columns, given }: Schema): ReadonlyArray<{ readonly label: string }> =>
  [...columns.map(({ name }) => ({ label: name })), ...given.map(({ name }) => ({ label: `${name} (given)` }))].slice(0, cornerColumns)

const cornerSection = (schema: Schema, picture: Picture | undefined): string => {
  if (picture === undefined) return ''
  const all = schema.columns.length + schema.given.length
  const cut = all > cornerColumns ? ` The first ${cornerColumns} of ${all} columns are shown.` : ''
  const caption = `Held-out rows (blue, filled) and as many samples of the flow (orange, lines). Contours hold 39, 68 and 95 % of the rows; dots are rows outside them.${cut}`
  return section('Data and samples', figure(picture, caption, all > 2))
}

const densitySection = (schema: Schema, picture: Picture | undefined): string => {
  if (picture === undefined) return ''
  const rest =
    schema.given.length === 0
      ? '; dots are held-out rows.'
      : `. The given columns (${schema.given.map(({ name }) => name).join(', ')}) are held at their medians.`
  return section('The density', figure(picture, `Log-density under the flow, ten nats from bright to dark${rest}`))
}

const page = (title: string, body: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeMarkup(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`
