import type { Command } from 'commander'
import { describeFlow } from '../describe-flow.ts'
import { exitCode } from '../failure.ts'
import { flag, subcommand } from '../flags/options.ts'
import { write } from '../io.ts'
import { scoreLines } from '../progress/lines.ts'
import { count, counted, short } from '../report/format.ts'
import { endOf } from '../report/training.ts'
import { parameterCount } from '../report/write.ts'
import { describeExecution, describeDeclaration } from '@diffeo/train'
import type { ColumnSchema, Model } from '@diffeo/train'
import { withModel, type Context, type Run } from './context.ts'

/** `diffeo inspect MODEL`: what a model file holds. */
export const inspectCommand = (run: (job: Run) => void): Command =>
  subcommand('inspect', 'Show what a model file holds: the flow, its columns, how it was fitted, how it scored.', [
    flag('--json', 'everything, as one JSON object'),
  ])
    .argument('<model>', 'model file that `diffeo fit` wrote')
    .addHelpText(
      'after',
      `
Examples:
  $ diffeo inspect model.safetensors
  $ diffeo inspect model.safetensors --json | jq .record.test`,
    )
    .action((path: string, flags: { readonly json?: boolean }) => run(context => inspect(context, path, flags.json ?? false)))

const inspect = (context: Context, path: string, json: boolean): Promise<number> =>
  withModel(context, path, {}, async model => {
    await write(context.io.stdout, json ? `${JSON.stringify(modelFacts(model), null, 2)}\n` : `${modelLines(model).join('\n')}\n`)
    return exitCode.ok
  })

/** All of a model but its parameters, as plain data. */
export const modelFacts = (model: Model): object => ({
  library: model.record.library,
  data: model.record.data,
  parameters: parameterCount(model),
  columns: model.schema.columns,
  given: model.schema.given,
  missing: model.schema.missing,
  spec: model.flow.spec,
  record: model.record,
})

const modelLines = (model: Model): ReadonlyArray<string> => {
  const { schema, record } = model
  const { name, detail } = describeFlow(model.flow.spec)
  const { rows, notes, test } = record
  return [
    `${name} fitted to ${record.data}`,
    `  ${detail}`,
    `  ${counted(parameterCount(model), 'parameter')}; seed ${record.seed}; diffeo ${record.library}; ${describeExecution(record.options.execution)}`,
    '',
    ...columnLines('columns', schema.columns),
    ...(schema.given.length === 0 ? [] : ['', ...columnLines('given', schema.given)]),
    '',
    `rows: ${count(rows.read)} read, ${count(rows.used)} used: ${count(rows.train)} to train on, ${count(rows.validation)} to validate, ${count(rows.test)} to test`,
    endOf(record),
    ...notes.map(note => `  ${note}`),
    ...(record.density ? [] : ['  Values that repeat were kept as they are: the nats mean nothing.']),
    '',
    ...(test === null ? ['no held-out score'] : scoreLines(test)),
  ]
}

/** Many categories are shortened to how many they are. */
const kindText = (text: string): string =>
  text.length <= 40 ? text : `categorical of ${text.split('|').length}${text.endsWith('?') ? '?' : ''}`

const columnLines = (title: string, columns: ReadonlyArray<ColumnSchema>): ReadonlyArray<string> => {
  const cells = [
    [title, 'is', 'shift', 'scale', 'noise added', 'values masked'],
    ...columns.map(({ name, kind, missing, shift, scale, step, atoms }) => [
      name,
      kindText(describeDeclaration({ kind: kind ?? { _tag: 'real' }, missing: missing === true })),
      short(shift, 6),
      short(scale, 6),
      step === null ? '–' : short(step),
      atoms.length === 0 ? '–' : atoms.map(atom => short(atom)).join(' '),
    ]),
  ]
  const widths = cells[0]!.map((_, j) => Math.max(...cells.map(row => row[j]!.length)))
  return cells.map(row => row.map((cell, j) => (j <= 1 ? cell.padEnd(widths[j]!) : cell.padStart(widths[j]!))).join('  '))
}
