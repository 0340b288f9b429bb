import type { Command } from 'commander'
import { exitCode } from '../failure.ts'
import { wholeNumberOf } from '../flags/number.ts'
import { flag, subcommand } from '../flags/options.ts'
import { mention } from '../io.ts'
import { tableTo } from '../output/write-table.ts'
import { categoryNames, categoryOfLabel } from '@diffeo/train'
import type { Matrix, Model } from '@diffeo/train'
import { runFlags, withModel, type Context, type Run, type RunFlags } from './context.ts'
import { givenRows, givenTo, withGiven, type GivenRows } from './given.ts'

interface SampleFlags extends RunFlags {
  readonly count?: number
  readonly given?: string
  readonly seed?: number
  readonly output?: string
  readonly force?: boolean
}

/** `diffeo sample MODEL`: rows drawn from a fitted flow, in the table's units. */
export const sampleCommand = (run: (job: Run) => void): Command =>
  subcommand('sample', 'Draw new rows from a fitted model.', [
    flag(
      '-n, --count <n>',
      'how many rows (default: 1000; with a file of given values 1 for each of its rows)',
      wholeNumberOf('--count', { least: 0 }),
    ),
    flag('--given <values|file>', 'values of the conditioning columns: a=1,b=2 or a table with these columns'),
    flag('--seed <n>', 'seed of the random numbers (default: 0)', wholeNumberOf('--seed', { least: 0, most: Number.MAX_SAFE_INTEGER })),
    flag('-o, --output <file>', 'write to a .csv, .tsv or .npy file instead of stdout'),
    ...runFlags(),
    flag('--force', 'replace the output if it exists'),
  ])
    .argument('<model>', 'model file that `diffeo fit` wrote')
    .addHelpText(
      'after',
      `
With a table of given values, -n rows are drawn for each of its rows. The given columns stand in the
output behind the others. The same model, seed and flags give the same rows.

Examples:
  $ diffeo sample model.safetensors -n 5
  $ diffeo sample model.safetensors -n 100000 --seed 1 -o samples.npy
  $ diffeo sample galaxies.safetensors -n 1000 --given redshift=0.5 -o mocks.csv
  $ diffeo sample galaxies.safetensors -n 10 --given catalogue.csv -o mocks.csv`,
    )
    .action((path: string, flags: SampleFlags) => run(context => sample(context, path, flags)))

const sample = async (context: Context, path: string, flags: SampleFlags): Promise<number> => {
  const { io } = context
  const { seed = 0, output, force = false } = flags
  const writeTo = await tableTo(io, { path: output, force, inputs: [path, ...(flags.given === undefined ? [] : [flags.given])] })
  return withModel(context, path, flags, async model => {
    const given = await givenRows(context, model, flags.given)
    const each = flags.count ?? (given !== undefined && given.rows.rows > 1 ? 1 : 1000)
    if (flags.seed === undefined) mention(io.stderr, 'seed 0\n')
    const { schema } = model
    const texts = [...schema.columns.map(categoryNames), ...schema.given.map(categoryOfLabel)]
    await writeTo([...schema.columns.map(({ name }) => name), ...(given?.names ?? [])], samples(model, each, seed, given), texts)
    return exitCode.ok
  })
}

/** `each` samples for every given row (or in all), with the given values behind them. */
async function* samples(model: Model, each: number, seed: number, given: GivenRows | undefined): AsyncGenerator<Matrix, void, undefined> {
  if (given === undefined) {
    yield* model.sampleChunks(each, { seed })
    return
  }
  let at = 0
  for await (const chunk of model.sampleChunks(each * given.rows.rows, { seed, given: givenTo(given, each) })) {
    yield withGiven(chunk, given.rows, row => Math.floor((at + row) / each))
    at += chunk.rows
  }
}
