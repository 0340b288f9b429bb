import { resolve } from 'node:path'
import type { Command } from 'commander'
import { CliError, exitCode } from '../failure.ts'
import { flag, subcommand } from '../flags/options.ts'
import { tableTo } from '../output/write-table.ts'
import { matrix } from '@diffeo/train'
import type { Matrix, Model, Source } from '@diffeo/train'
import { runFlags, withModel, type Context, type Run, type RunFlags } from './context.ts'

interface LogProbFlags extends RunFlags {
  readonly quantile?: boolean
  readonly output?: string
  readonly force?: boolean
}

/** `diffeo logprob MODEL DATA`: the log-density of every row. */
export const logProbCommand = (run: (job: Run) => void): Command =>
  subcommand('logprob', 'Score rows: their log-density under a fitted model.', [
    flag('--quantile', 'add where each log-density stands among held-out rows, from 0 to 1: near 0 is an anomaly'),
    flag('-o, --output <file>', 'write to a .csv, .tsv or .npy file instead of stdout'),
    ...runFlags(),
    flag('--force', 'replace the output if it exists'),
  ])
    .argument('<model>', 'model file that `diffeo fit` wrote')
    .argument('<data>', 'table with the columns of the model: .csv, .tsv, .npy or .parquet')
    .addHelpText(
      'after',
      `
One line for each row: its number, from 1, and its log-density in nats in the table's own units.
Rows of whole numbers or with missing cells are scored by draws: a standard error stands beside it.

Examples:
  $ diffeo logprob model.safetensors new-rows.csv
  $ diffeo logprob model.safetensors new-rows.csv --quantile -o scores.csv`,
    )
    .action((model: string, data: string, flags: LogProbFlags) => run(context => logProb(context, model, data, flags)))

const logProb = async (context: Context, path: string, dataPath: string, flags: LogProbFlags): Promise<number> => {
  const { io, library } = context
  const { output, force = false, quantile = false } = flags
  const writeTo = await tableTo(io, { path: output, force, inputs: [path, dataPath] })
  return withModel(context, path, flags, async model => {
    if (quantile && model.record.heldOut.length === 0)
      throw new CliError(`--quantile: expected a model with held-out rows, got '${path}' without any`)
    const data = await library.readTable(resolve(io.cwd, dataPath))
    // what was drawn for a score has an error
    const drawn = model.schema.columns.some(({ kind, missing }) => missing === true || kind?._tag === 'integer')
    const columns = ['row', 'log_density', ...(drawn ? ['standard_error'] : []), ...(quantile ? ['quantile'] : [])]
    await writeTo(columns, scores(model, data, drawn, quantile))
    return exitCode.ok
  })
}

/** Row numbers, log-densities and, where there are some or they are asked for, standard errors and quantiles. */
async function* scores(model: Model, data: Source, drawn: boolean, quantile: boolean): AsyncGenerator<Matrix, void, undefined> {
  const quantiles = quantile ? await model.quantile(data) : undefined
  const width = 2 + (drawn ? 1 : 0) + (quantile ? 1 : 0)
  let at = 0
  for await (const { logProb: scored, standardError } of model.scoreChunks(data)) {
    const values = new Float64Array(scored.length * width)
    scored.forEach((logDensity, i) => {
      const errors = drawn ? [standardError[i]!] : []
      values.set([at + i + 1, logDensity, ...errors, ...(quantiles === undefined ? [] : [quantiles[at + i]!])], i * width)
    })
    yield matrix(scored.length, width, values)
    at += scored.length
  }
}
