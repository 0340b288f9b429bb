import type { FlowSpec } from '@diffeo/core'
import type { Command } from 'commander'
import { resolve } from 'node:path'
import { CliError, exitCode, flagError } from '../failure.ts'
import { subcommand } from '../flags/options.ts'
import { mention, type Io } from '../io.ts'
import { checkpointsIn, removeCheckpointFolder, removeCheckpoints } from '../output/checkpoint-folder.ts'
import { filePlace, folderPlace } from '../output/place.ts'
import { barReporter } from '../progress/bar.ts'
import { jsonReporter } from '../progress/json-lines.ts'
import { lineReporter } from '../progress/lines.ts'
import type { FitPlaces, Reporter } from '../progress/reporter.ts'
import { pictureNames, writeReport } from '../report/write.ts'
import type { FitResult } from '@diffeo/train'
import type { Context, Run } from './context.ts'
import { checkFitFlags, fitFlags, fitOptionsOf, type FitFlags } from './fit-flags.ts'
import { readSpec, recipeOf } from './flow-of.ts'
import { readKinds } from './schema-file.ts'
import { quotedArguments } from './quoted-arguments.ts'

/** `diffeo fit DATA`: a table to a model, its score and a report. */
export const fitCommand = (run: (job: Run) => void): Command =>
  subcommand('fit', 'Fit a flow to a table of numbers, score it on rows it never saw, and write a report.', fitFlags(), [
    '--atom',
    '--kind',
    '--error',
  ])
    .argument('<data>', 'table of numbers: .csv, .tsv, .npy or .parquet')
    .addHelpText(
      'after',
      `
What the columns are (angles, categories, whole numbers, positive or bounded ones) is told from
their values and printed; --kind and --schema correct it. Samples obey it.

A tenth of the rows is held out to know when to stop, another tenth for the final score. Ctrl-C
saves a checkpoint; the same command with --resume goes on from it, to the same result bit for bit.

Exit codes: 0 fitted; 2 bad input, and nothing was written; 130 stopped by Ctrl-C; 1 the training
broke down (the last good parameters are written).

Examples:
  $ diffeo fit power.csv
  $ diffeo fit galaxies.csv --given redshift --out galaxies.safetensors
  $ diffeo fit power.csv --columns voltage,current --flow maf --layers 8 --hidden 128,128
  $ diffeo fit weather.csv --kind wind=degrees --kind 'humidity=bounded(0,100)?'
  $ diffeo fit power.csv --spec flow.json --seed 1 --json > log.jsonl`,
    )
    .action((data: string, flags: FitFlags) => run(context => fit(context, data, flags)))

/** Where a fit writes, looked at before it begins. */
interface Places {
  readonly model: string
  readonly report: string | undefined
  readonly checkpoints: string
  /** The folder holds checkpoints of an earlier run, which go when this one begins. */
  readonly stale: boolean
  /** The folder of checkpoints was not asked for, and goes when the fit is done. */
  readonly passing: boolean
}

const fit = async (context: Context, data: string, flags: FitFlags): Promise<number> => {
  const { io, library } = context
  checkFitFlags(flags)
  const recipe = recipeOf(flags)
  const places = await placesOf(context, data, flags)
  const flow = recipe ?? (await readSpec(flags.spec!, io.cwd))
  const kinds =
    flags.schema === 'none' ? undefined : { ...(flags.schema !== undefined && (await readKinds(flags.schema, io.cwd))), ...flags.kind }
  const table = await library.readTable(resolve(io.cwd, data))
  const reporter = reporterOf(io, flow, flags)
  const abort = new AbortController()
  const forget = io.onInterrupt(() => {
    mention(io.stderr, '\nstopping after this step; Ctrl-C again stops at once\n')
    abort.abort()
  })
  try {
    const result = await library
      .fitTable(table, {
        ...fitOptionsOf(flags, kinds),
        flow,
        checkpoint: {
          folder: places.checkpoints,
          resume: flags.resume ?? false,
          ...(flags.allowDifferentBits && { allowDifferentBits: true }),
        },
        onStart: start => {
          // not before: bad data must leave everything as it was
          if (places.stale) removeCheckpoints(places.checkpoints)
          reporter.start(start)
        },
        onCompiled: reporter.compiled,
        onStep: reporter.step,
        onWarning: message => mention(io.stderr, `diffeo: ${message}\n`),
        onEpoch: reporter.epoch,
        onPhase: reporter.phase,
        signal: abort.signal,
      })
      .catch((thrown: unknown) => {
        // an abort before training began may come as an error
        if (abort.signal.aborted) return undefined
        throw thrown
      })
    reporter.stop()
    return result === undefined || result.model.record.stopped === 'aborted'
      ? await interrupted(context, places, reporter, result)
      : await finished(result, flags, places, reporter)
  } finally {
    reporter.stop()
    forget()
  }
}

/** Looks at all places. */
const placesOf = async ({ io }: Context, data: string, flags: FitFlags): Promise<Places> => {
  const { out, force = false, resume = false, spec, schema } = flags
  const files = [spec, schema === 'none' ? undefined : schema].flatMap(file => (file === undefined ? [] : [file]))
  const wish = { cwd: io.cwd, force, inputs: [data, ...files] }
  const stem = out.replace(/\.safetensors$/, '')
  const model = await filePlace({ ...wish, flag: '--out', path: out })
  const reportPath = flags.report === false ? undefined : (flags.report ?? `${stem}-report`)
  const report =
    reportPath === undefined
      ? undefined
      : await folderPlace({ ...wish, flag: '--report', path: reportPath }, ['report.html', ...pictureNames.map(name => `${name}.svg`)])
  const checkpointsPath = flags.checkpoints ?? `${stem}-checkpoints`
  const checkpoints = await folderPlace({ ...wish, flag: '--checkpoints', path: checkpointsPath }, [])
  const held = await checkpointsIn(checkpoints)
  if (resume && held.length === 0) throw flagError('--resume', `a checkpoint in '${checkpointsPath}'`, 'none', 'leave it out to begin')
  if (!resume && held.length > 0 && !force)
    throw flagError(
      '--checkpoints',
      'a folder without checkpoints',
      `'${checkpointsPath}'`,
      '--resume goes on from them, --force removes them',
    )
  return { model, report, checkpoints, stale: !resume && held.length > 0, passing: flags.checkpoints === undefined }
}

const reporterOf = (io: Io, spec: FlowSpec, { json = false, seed = 0 }: FitFlags): Reporter =>
  json ? jsonReporter(io, seed) : io.isTTY ? barReporter(io, spec, seed) : lineReporter(io, spec, seed)

const finished = async (result: FitResult, flags: FitFlags, places: Places, reporter: Reporter): Promise<number> => {
  const { model } = result
  try {
    await model.save(places.model)
    const files = places.report === undefined ? [] : await writeReport(places.report, result)
    if (places.passing) await removeCheckpointFolder(places.checkpoints)
    const named: FitPlaces = {
      model: flags.out,
      report: places.report === undefined ? undefined : flags.report || `${flags.out.replace(/\.safetensors$/, '')}-report`,
      pictures: files.filter(file => file.endsWith('.svg')).length,
    }
    reporter.done(result, named)
    if (model.record.stopped !== 'nonFinite') return exitCode.ok
    throw new CliError(
      `the training broke down: ${model.record.notes.at(-1) ?? 'a loss was not finite'}; the last good parameters were written`,
      exitCode.failed,
    )
  } finally {
    model.dispose()
  }
}

const interrupted = async ({ argv }: Context, places: Places, reporter: Reporter, result: FitResult | undefined): Promise<number> => {
  result?.model.dispose()
  const saved = (await checkpointsIn(places.checkpoints)).length > 0
  const resumed = argv.includes('--resume') ? argv : [...argv, '--resume']
  reporter.interrupted(saved ? `diffeo ${quotedArguments(resumed)}` : undefined)
  return exitCode.interrupted
}
