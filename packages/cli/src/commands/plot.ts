import type { Command } from 'commander'
import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import { CliError, exitCode } from '../failure.ts'
import { wholeNumberOf } from '../flags/number.ts'
import { flag, subcommand } from '../flags/options.ts'
import { mention, write } from '../io.ts'
import { folderPlace } from '../output/place.ts'
import { densityMap } from '../report/density-map.ts'
import { cornerPicture, densityPicture, lossPicture } from '../report/render.ts'
import { pictureNames, writePictures } from '../report/write.ts'
import { collect, DataError, matrix, schemaColumns, select, selectRows, numberOfLabel } from '@diffeo/train'
import type { Given, Matrix, Model } from '@diffeo/train'
import { runFlags, withModel, type Context, type Run, type RunFlags } from './context.ts'
import { givenRows, givenTo, withGiven } from './given.ts'

interface PlotFlags extends RunFlags {
  readonly count?: number
  readonly given?: string
  readonly seed?: number
  readonly output: string
  readonly force?: boolean
}

/** `diffeo plot MODEL [DATA]`: pictures of a fitted flow. */
export const plotCommand = (run: (job: Run) => void): Command =>
  subcommand('plot', 'Draw pictures of a fitted model, with rows of a table beside its samples.', [
    flag('-o, --output <folder>', 'folder for the pictures').default('plots'),
    flag(
      '-n, --count <n>',
      'how many samples, and at most how many rows, are drawn (default: 5000)',
      wholeNumberOf('--count', { least: 2, most: 100_000 }),
    ),
    flag('--given <values>', 'values of the conditioning columns, such as a=1,b=2, where there is no table'),
    flag('--seed <n>', 'seed of the samples (default: 0)', wholeNumberOf('--seed', { least: 0, most: Number.MAX_SAFE_INTEGER })),
    ...runFlags(),
    flag('--force', 'replace pictures that are there'),
  ])
    .argument('<model>', 'model file that `diffeo fit` wrote')
    .argument('[data]', 'table with the columns of the model, to compare with')
    .addHelpText(
      'after',
      `
Writes corner.svg (every column and pair), density.svg (for models of two columns) and loss.svg.

Examples:
  $ diffeo plot model.safetensors
  $ diffeo plot model.safetensors power.csv -o pictures`,
    )
    .action((path: string, data: string | undefined, flags: PlotFlags) => run(context => plot(context, path, data, flags)))

const plot = async (context: Context, path: string, dataPath: string | undefined, flags: PlotFlags): Promise<number> => {
  const { io } = context
  const { output, force = false, seed = 0, count = 5000 } = flags
  if (dataPath !== undefined && flags.given !== undefined)
    throw new CliError('--given: expected no table where values are given, got both; leave out one')
  const inputs = [path, ...(dataPath === undefined ? [] : [dataPath])]
  const folder = await folderPlace(
    { flag: '--output', path: output, cwd: io.cwd, force, inputs },
    pictureNames.map(name => `${name}.svg`),
  )
  return withModel(context, path, flags, async model => {
    const rows = dataPath === undefined ? undefined : await tableRows(context, model, dataPath, count)
    if (flags.seed === undefined) mention(io.stderr, 'seed 0\n')
    const samples = await sampledRows(context, model, rows, flags.given, { count, seed })
    const map = await densityMap(model, rows ?? samples)
    const pictures = [cornerPicture(model.schema, rows, samples), map && densityPicture(map), lossPicture(model.record)].filter(
      picture => picture !== undefined,
    )
    await mkdir(folder, { recursive: true })
    const files = await writePictures(folder, pictures)
    await write(io.stdout, files.map(file => `${output}/${file}\n`).join(''))
    return exitCode.ok
  })
}

/** At most `count` rows of a table, evenly spread over it; rows with a missing value are left out where the model drops such. */
const tableRows = async ({ io, library }: Context, model: Model, path: string, count: number): Promise<Matrix> => {
  const names = schemaColumns(model.schema)
  const columns = [...model.schema.columns, ...model.schema.given]
  const labels = columns.filter(({ kind }) => kind?._tag === 'categorical').map(({ name }) => name)
  const source = select(await library.readTable(resolve(io.cwd, path)), names, { labels })
  const read = await collect(source)
  // the event's categories as samples have them; conditioning ones stay labels, which is what sampling takes
  const numbers = model.schema.columns.map(numberOfLabel)
  const table = { ...read, values: read.values.map((value, at) => numbers[at % names.length]?.(value) ?? value) }
  const whole = (row: number): boolean => table.values.subarray(row * names.length, (row + 1) * names.length).every(Number.isFinite)
  const all = Array.from({ length: table.rows }, (_, row) => row)
  const broken = all.find(row => !whole(row))
  if (broken !== undefined && model.schema.missing === 'refuse') {
    const column = names.find((_, j) => !Number.isFinite(table.values[broken * names.length + j]))
    throw new DataError({ file: source.name, row: broken + 1, column, expected: 'a finite number', actual: 'a missing or infinite value' })
  }
  const kept = broken === undefined ? all : all.filter(whole)
  if (kept.length === 0) throw new DataError({ file: source.name, expected: 'rows of numbers', actual: 'none' })
  const every = Math.max(1, Math.ceil(kept.length / count))
  return selectRows(
    matrix(table.rows, names.length, table.values),
    kept.filter((_, i) => i % every === 0),
  )
}

/** Samples with their given values behind them: those of the rows, or those of `--given`. */
const sampledRows = async (
  context: Context,
  model: Model,
  rows: Matrix | undefined,
  given: string | undefined,
  { count, seed }: { readonly count: number; readonly seed: number },
): Promise<Matrix> => {
  if (rows !== undefined && model.schema.given.length > 0) {
    const columns = model.schema.given
    const own = { names: columns.map(({ name }) => name), rows: lastColumns(rows, columns.length), columns }
    return withGiven(await drawn(model, rows.rows, seed, givenTo(own, 1)), own.rows, i => i)
  }
  const fixed = await givenRows(context, model, given)
  if (fixed !== undefined && fixed.rows.rows !== 1)
    throw new CliError('--given: expected values such as a=1,b=2, got a table; name it as DATA')
  const samples = await drawn(model, rows?.rows ?? count, seed, fixed && givenTo(fixed, count))
  return fixed === undefined ? samples : withGiven(samples, fixed.rows, () => 0)
}

const drawn = async (model: Model, count: number, seed: number, given: Given | undefined): Promise<Matrix> => {
  const chunks: Array<Float64Array | Float32Array> = []
  for await (const { values } of model.sampleChunks(count, { seed, ...(given !== undefined && { given }) })) chunks.push(values)
  const values = new Float64Array(chunks.reduce((n, chunk) => n + chunk.length, 0))
  let at = 0
  for (const chunk of chunks) {
    values.set(chunk, at)
    at += chunk.length
  }
  return matrix(count, model.schema.columns.length, values)
}

const lastColumns = (rows: Matrix, columns: number): Matrix => {
  const values = new Float64Array(rows.rows * columns)
  for (let i = 0; i < rows.rows; i++)
    values.set(rows.values.subarray((i + 1) * rows.columns - columns, (i + 1) * rows.columns), i * columns)
  return matrix(rows.rows, columns, values)
}
