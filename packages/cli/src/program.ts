import { libraryVersion } from '@diffeo/codec'
import { Command, CommanderError } from 'commander'
import type { Run } from './commands/context.ts'
import { fitCommand } from './commands/fit.ts'
import { inspectCommand } from './commands/inspect.ts'
import { logProbCommand } from './commands/logprob.ts'
import { plotCommand } from './commands/plot.ts'
import { posteriorCommand } from './commands/posterior.ts'
import { sampleCommand } from './commands/sample.ts'
import { CliError } from './failure.ts'

/** What arguments ask for: a command, or a text (help, version). */
export type Request = { readonly _tag: 'run'; readonly run: Run } | { readonly _tag: 'text'; readonly text: string }

/**
 * Reads arguments. Every flag is checked here, before anything else happens.
 *
 * @throws CliError saying what is wrong with them
 */
export const requestOf = (argv: ReadonlyArray<string>): Request => {
  const found: { run?: Run; text: string } = { text: '' }
  const program = programFor(
    run => {
      found.run = run
    },
    text => {
      found.text += text
    },
  )
  if (argv.filter(argument => argument !== '--debug').length === 0) throw new CliError("expected a command, got none; see 'diffeo --help'")
  try {
    program.parse([...argv], { from: 'user' })
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown
    if (thrown.exitCode === 0) return { _tag: 'text', text: found.text }
    const command = program.commands.map(known => known.name()).find(name => name === argv[0])
    throw new CliError(`${asOurs(thrown.message)}; see 'diffeo ${command === undefined ? '' : `${command} `}--help'`)
  }
  // `diffeo help` prints and returns
  return found.run === undefined ? { _tag: 'text', text: found.text } : { _tag: 'run', run: found.run }
}

/** commander's words in our form: `unknown option '--flwo', did you mean --flow?`. */
const asOurs = (message: string): string =>
  message
    .replace(/^error: /, '')
    .replace(/\s*\(Did you mean (one of )?([^]*?)\?\)\s*$/, ', did you mean $1$2?')
    .replace(/\.$/, '')

const programFor = (run: (job: Run) => void, print: (text: string) => void): Command => {
  const program = new Command('diffeo')
    .description('Fit a normalizing flow to a table of numbers: a density to score rows with and to draw new ones from.')
    .version(libraryVersion, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'show the help of a command')
    .addHelpText(
      'after',
      `
Start with a table of numbers, one row a line, its columns named in the first line:
  $ diffeo fit table.csv                          model.safetensors and model-report/report.html
  $ diffeo sample model.safetensors -n 1000       new rows like those of the table
  $ diffeo logprob model.safetensors new.csv      how likely each row of another table is

'diffeo help fit' shows all that a command can do.`,
    )
  const commands = [fitCommand(run), sampleCommand(run), logProbCommand(run), posteriorCommand(run), inspectCommand(run), plotCommand(run)]
  commands.forEach(command => program.addCommand(command))
  ;[program, ...program.commands].forEach(command =>
    command
      .exitOverride()
      .configureOutput({ writeOut: print, writeErr: () => undefined, getOutHelpWidth: () => 100, getOutHasColors: () => false }),
  )
  return program
}
