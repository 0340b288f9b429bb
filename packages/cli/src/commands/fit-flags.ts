import type { Option } from 'commander'
import { flagError } from '../failure.ts'
import { atomsOf, choiceOf, type Atoms } from '../flags/choice.ts'
import { namesOf, sizesOf } from '../flags/list.ts'
import { numberOf, numberOrNoneOf, wholeNumberOf } from '../flags/number.ts'
import { flag } from '../flags/options.ts'
import { errorsOf, kindsOf, type Kinds } from '../flags/kinds.ts'
import type { ColumnKinds, FitOptions } from '@diffeo/train'
import { recipes, type FlowFlags } from './flow-of.ts'

/** The flags of `diffeo fit`, read. */
export interface FitFlags extends FlowFlags {
  readonly columns?: ReadonlyArray<string>
  readonly splitBy?: string
  readonly missing?: 'refuse' | 'drop'
  readonly dequantize: boolean
  readonly atom?: Atoms
  readonly kind?: Kinds
  readonly schema?: string
  readonly error?: Kinds
  readonly validation?: number
  readonly test?: number
  readonly out: string
  /** False for `--no-report`. */
  readonly report?: string | false
  readonly checkpoints?: string
  readonly resume?: boolean
  readonly epochs?: number
  readonly steps?: number
  readonly patience?: number
  readonly batchSize?: number
  readonly learningRate?: number
  readonly schedule?: 'cosine' | 'constant'
  readonly clipNorm?: number | 'none'
  readonly ema?: number | 'none'
  readonly weightDecay?: number
  readonly seed?: number
  readonly jit?: boolean
  readonly deterministic?: boolean
  readonly allowDifferentBits?: boolean
  readonly json?: boolean
  readonly force?: boolean
}

const positive = { least: 1 }

/** The flags, under the headings of the help. */
export const fitFlags = (): ReadonlyArray<Option> => [
  ...under('The flow:', [
    flag('--flow <name>', `recipe: ${recipes.join(', ')} (default: nsf)`, choiceOf('--flow', recipes)),
    flag('--layers <n>', 'number of layers', wholeNumberOf('--layers', { least: 1, most: 1000 })),
    flag('--bins <n>', 'bins of every spline (nsf, triangularSpline)', wholeNumberOf('--bins', { least: 2, most: 1024 })),
    flag('--autoregressive', 'masked autoregressive layers instead of couplings (nsf): closer densities, slower samples'),
    flag('--hidden <widths>', 'widths of the hidden layers of every network, such as 64,64', sizesOf('--hidden')),
    flag('--spec <file>', 'a JSON file with the flow, instead of a recipe'),
  ]),
  ...under('The table:', [
    flag('--columns <names>', 'columns to model, such as a,b (default: all that are not given)', namesOf('--columns')),
    flag('--given <names>', 'columns to condition on: the flow learns the density of the others given these', namesOf('--given')),
    flag('--split-by <column>', 'keep rows that share a value of this column together in the split'),
    flag(
      '--kind <column=kind>',
      'what a column is, where the values do not tell: real, positive, bounded(low,high), degrees, radians, hours, circular(from,to), integer, categorical, latitude, longitude; with ? behind it where cells may be missing; may be repeated',
      kindsOf('--kind'),
    ),
    flag('--schema <file|none>', 'a JSON file of such kinds by column; none: all columns are plain numbers'),
    flag(
      '--error <column=name>',
      "a column's known Gaussian errors: the column that holds their standard deviations; may be repeated",
      errorsOf('--error'),
    ),
    flag(
      '--missing <what>',
      'rows with a missing value: refuse or drop (default: train on complete rows, score rows by what they have)',
      choiceOf('--missing', ['refuse', 'drop']),
    ),
    flag('--no-dequantize', 'keep values that repeat as they are: the nats then mean nothing'),
    flag(
      '--atom <column=what>',
      'a column with a value of its own weight, such as a cap: drop the column, or mask the rows; may be repeated',
      atomsOf('--atom'),
    ),
    flag(
      '--validation <share>',
      'share of the rows that tell when to stop (default: 0.1)',
      numberOf('--validation', { least: 0, most: 0.5 }),
    ),
    flag('--test <share>', 'share of the rows for the final score (default: 0.1)', numberOf('--test', { least: 0, most: 0.5 })),
  ]),
  ...under('Training:', [
    flag('--epochs <n>', 'most passes over the rows (default: 100)', wholeNumberOf('--epochs', positive)),
    flag('--steps <n>', 'most steps in all', wholeNumberOf('--steps', positive)),
    flag('--patience <n>', 'epochs without a better validation loss before it stops (default: 20)', wholeNumberOf('--patience', positive)),
    flag(
      '--batch-size <n>',
      'rows for each step (default: a twentieth of the training rows, 32 to 256)',
      wholeNumberOf('--batch-size', positive),
    ),
    flag(
      '--learning-rate <x>',
      'the first learning rate (default: 0.002)',
      numberOf('--learning-rate', { least: 0, most: 10, open: true }),
    ),
    flag(
      '--schedule <name>',
      'learning rate: cosine (down to 0) or constant (default: cosine)',
      choiceOf('--schedule', ['cosine', 'constant']),
    ),
    flag('--clip-norm <x|none>', 'longest gradient (default: 5)', numberOrNoneOf('--clip-norm', { least: 0, open: true })),
    flag(
      '--ema <x|none>',
      'decay of an average over the parameters, such as 0.999 (default: none)',
      numberOrNoneOf('--ema', { least: 0, most: 1, open: true }),
    ),
    flag('--weight-decay <x>', "AdamW's decay (default: 0)", numberOf('--weight-decay', { least: 0 })),
    flag('--seed <n>', 'seed of all that is random (default: 0)', wholeNumberOf('--seed', { least: 0, most: Number.MAX_SAFE_INTEGER })),
  ]),
  ...under('Speed:', [
    flag('--jit', 'compile the training step even for a few steps (default: unless the fit is very short)'),
    flag('--no-jit', 'never compile'),
    flag('--deterministic', 'the same bits on every machine, at some cost in speed'),
    flag('--allow-different-bits', 'with --resume: go on even where the last bits will differ, as on another machine'),
  ]),
  ...under('Output:', [
    flag('-o, --out <file>', 'model file').default('model.safetensors'),
    flag('--report <folder>', "folder for the report (default: the model's name and '-report')"),
    flag('--no-report', 'write no report'),
    flag('--checkpoints <folder>', "folder for checkpoints (default: the model's name and '-checkpoints', removed at the end)"),
    flag('--resume', 'go on from the last checkpoint'),
    flag('--force', 'replace what is there'),
    flag('--json', 'one JSON object a line on stdout, for machines'),
  ]),
]

const under = (heading: string, options: ReadonlyArray<Option>): ReadonlyArray<Option> => options.map(option => option.helpGroup(heading))

/**
 * What the flags say to the library, but for the flow and the callbacks.
 *
 * @param kinds what was said of columns, the others being looked at; undefined where all are plain numbers
 */
export const fitOptionsOf = (flags: FitFlags, kinds: ColumnKinds | undefined): FitOptions => {
  const { columns, given, splitBy, missing, dequantize, atom: atoms, error: errors, validation, test } = flags
  const { epochs, steps, patience, batchSize, learningRate, schedule, clipNorm, ema, weightDecay, jit, deterministic, seed = 0 } = flags
  const said = Object.entries({
    columns,
    given,
    splitBy,
    missing,
    atoms,
    errors,
    validation,
    test,
    epochs,
    steps,
    patience,
    batchSize,
    learningRate,
    schedule,
    clipNorm,
    ema,
    weightDecay,
    jit,
    deterministic,
  })
  return {
    ...Object.fromEntries(said.flatMap(([name, value]) => (value === undefined ? [] : [[name, value === 'none' ? null : value]]))),
    dequantize,
    seed,
    ...(kinds !== undefined && { schema: 'infer' }),
    ...(kinds !== undefined && Object.keys(kinds).length > 0 && { kinds }),
  }
}

/**
 * What can be wrong between flags, each of which is right.
 *
 * @throws CliError naming the flags
 */
export const checkFitFlags = (flags: FitFlags): void => {
  const { columns = [], given = [], splitBy, out, report, atom = {}, allowDifferentBits = false, resume = false } = flags
  const both = columns.find(name => given.includes(name))
  if (both !== undefined) throw flagError('--given', 'columns that are not in --columns', `'${both}'`)
  if (flags.schema === 'none' && flags.kind !== undefined)
    throw flagError('--kind', '--schema to be a file, or left out', '--schema none as well')
  if (splitBy === '') throw flagError('--split-by', 'the name of a column', "''")
  if (!out.endsWith('.safetensors')) throw flagError('--out', 'a name that ends in .safetensors', `'${out}'`)
  if (allowDifferentBits && !resume) throw flagError('--allow-different-bits', '--resume as well', 'a fit that begins')
  if (report === '') throw flagError('--report', 'a folder', "''")
  const atomOfOthers = columns.length === 0 ? undefined : Object.keys(atom).find(name => !columns.includes(name) && !given.includes(name))
  if (atomOfOthers !== undefined) throw flagError('--atom', `one of the columns ${columns.join(', ')}`, `'${atomOfOthers}'`)
}
