import { writeFileAtomic } from '@diffeo/codec/node'
import { leaves } from '@diffeo/core'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { joinColumns } from '@diffeo/train'
import type { FitResult, Matrix, Model } from '@diffeo/train'
import { densityMap } from './density-map.ts'
import type { Picture } from './element.ts'
import { renderReport, type ReportInput } from './render.ts'
import { standaloneSvg } from './svg.ts'

/** The pictures that a report may have; each is a file `name.svg` beside it. */
export const pictureNames = ['loss', 'corner', 'density', 'pit', 'coverage', 'sbc', 'tarp'] as const

/**
 * Writes `report.html`, one page that needs nothing else, and its pictures as SVG files into a folder, which is made if it is
 * not there. No clock time stands in them: the same result gives the same bytes.
 *
 * @returns the names of the files
 */
export const writeReport = async (folder: string, result: FitResult): Promise<ReadonlyArray<string>> => {
  const { html, pictures } = renderReport(await reportInput(result))
  await mkdir(folder, { recursive: true })
  const names = await writePictures(folder, pictures)
  await writeFileAtomic(join(folder, 'report.html'), Buffer.from(html))
  return [...names, 'report.html']
}

/** Writes each picture as a file of its own. */
export const writePictures = async (folder: string, pictures: ReadonlyArray<Picture>): Promise<ReadonlyArray<string>> => {
  const files = pictures.map(({ name, title, svg }) => ({ file: `${name}.svg`, text: standaloneSvg(svg, name, title) }))
  for (const { file, text } of files) await writeFileAtomic(join(folder, file), Buffer.from(text))
  return files.map(({ file }) => file)
}

/** What the report shows of a fit: plain data. */
export const reportInput = async ({ model, heldOut, evaluation }: FitResult): Promise<ReportInput> => {
  const beside = (event: Matrix | undefined): Matrix | undefined =>
    event === undefined || heldOut?.given === undefined ? event : joinColumns(event, heldOut.given)
  const rows = beside(heldOut?.event)
  return {
    spec: model.flow.spec,
    schema: model.schema,
    record: model.record,
    parameters: parameterCount(model),
    rows,
    samples: beside(evaluation?.samples),
    evaluation,
    map: rows === undefined ? undefined : await densityMap(model, rows),
  }
}

/** The number of values in a model's parameters. */
export const parameterCount = ({ params }: Model): number => leaves(params).reduce((n, leaf) => n + leaf.size, 0)
