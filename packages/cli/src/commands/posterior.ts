import { resolve } from 'node:path'
import type { Command } from 'commander'
import { nearest } from '@diffeo/codec'
import { matrix } from '@diffeo/train'
import type { ColumnSchema, Matrix, Model, Posterior } from '@diffeo/train'
import { exitCode, flagError } from '../failure.ts'
import { gridOf, type Grid } from '../flags/grid.ts'
import { flag, subcommand } from '../flags/options.ts'
import { tableTo } from '../output/write-table.ts'
import { runFlags, withModel, type Context, type Run, type RunFlags } from './context.ts'

interface PosteriorFlags extends RunFlags {
  readonly column?: string
  readonly grid?: Grid
  readonly output?: string
  readonly force?: boolean
}

/** `diffeo posterior MODEL DATA`: the density of one column given the others, on a grid. */
export const posteriorCommand = (run: (job: Run) => void): Command =>
  subcommand('posterior', 'Say what one column may be, given the others: its density on a grid, for each row.', [
    flag('--column <name>', 'the column; its own cells in the data are not read, and it may be absent there'),
    flag('--grid <from,to,n>', 'n values from one to another; of whole numbers from,to; not for categories', gridOf('--grid')),
    flag('-o, --output <file>', 'write to a .csv, .tsv or .npy file instead of stdout'),
    ...runFlags(),
    flag('--force', 'replace the output if it exists'),
  ])
    .argument('<model>', 'model file that `diffeo fit` wrote')
    .argument('<data>', 'table with the other columns of the model: .csv, .tsv, .npy or .parquet')
    .addHelpText(
      'after',
      `
One line for each row and value: the row's number, from 1, the value, and the density there. Of
numbers it integrates to 1 over the grid; of categories and whole numbers it is a probability, and
sums to 1.

Examples:
  $ diffeo posterior galaxies.safetensors new.csv --column redshift --grid 0,2,200 -o redshifts.csv
  $ diffeo posterior weather.safetensors now.csv --column station`,
    )
    .action((model: string, data: string, flags: PosteriorFlags) => run(context => posterior(context, model, data, flags)))

const posterior = async (context: Context, path: string, dataPath: string, flags: PosteriorFlags): Promise<number> => {
  const { io, library } = context
  const { column: name, grid, output, force = false } = flags
  if (name === undefined) throw flagError('--column', 'the name of a modelled column', 'none')
  const writeTo = await tableTo(io, { path: output, force, inputs: [path, dataPath] })
  return withModel(context, path, flags, async model => {
    const values = valuesFor(columnOf(model, name), grid)
    const found = await model.posterior(await library.readTable(resolve(io.cwd, dataPath)), name, values)
    const text = typeof found.grid[0] === 'string' ? (value: number): string => String(found.grid[value]) : undefined
    await writeTo(['row', name, values === undefined || isWhole(model, name) ? 'probability' : 'density'], lines(found), [undefined, text])
    return exitCode.ok
  })
}

const columnOf = ({ schema }: Model, name: string): ColumnSchema => {
  const column = schema.columns.find(known => known.name === name)
  if (column !== undefined) return column
  const names = schema.columns.map(known => known.name)
  const near = nearest(name, names)
  throw flagError('--column', `one of ${names.join(', ')}`, `'${name}'`, near === undefined ? undefined : `did you mean '${near}'?`)
}

const isWhole = ({ schema }: Model, name: string): boolean => schema.columns.find(column => column.name === name)?.kind?._tag === 'integer'

/** The values at which a column is looked at; none for categories, which are their own grid. */
const valuesFor = ({ name, kind }: ColumnSchema, grid: Grid | undefined): ReadonlyArray<number> | undefined => {
  if (kind?._tag === 'categorical') {
    if (grid !== undefined) throw flagError('--grid', `nothing for '${name}', whose categories are the grid`, grid.text)
    return undefined
  }
  if (grid === undefined) throw flagError('--grid', `from,to,n for '${name}'`, 'none', 'say --grid 0,1,100')
  const { from, to, count } = grid
  if (kind?._tag === 'integer') {
    if (!Number.isInteger(from) || !Number.isInteger(to) || count !== undefined)
      throw flagError('--grid', `two whole numbers from,to for '${name}'`, `'${grid.text}'`)
    return Array.from({ length: to - from + 1 }, (_, i) => from + i)
  }
  if (count === undefined) throw flagError('--grid', `from,to,n for '${name}'`, `'${grid.text}'`)
  return Array.from({ length: count }, (_, i) => (i === count - 1 ? to : from + ((to - from) * i) / (count - 1)))
}

/** Row number, value (of categories its place) and density, for each row and value: a chunk for each row. */
async function* lines({ grid, density }: Posterior): AsyncGenerator<Matrix, void, undefined> {
  const cells = grid.map((value, g) => (typeof value === 'string' ? g : value))
  for (let row = 0; row < density.rows; row++) {
    const values = cells.flatMap((cell, g) => [row + 1, cell, density.values[row * cells.length + g]!])
    yield await Promise.resolve(matrix(cells.length, 3, Float64Array.from(values)))
  }
}
