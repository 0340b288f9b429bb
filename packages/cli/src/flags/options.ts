import { Command, Option } from 'commander'
import { flagError } from '../failure.ts'

/** A flag whose text goes through a function that throws when it is not as it should be. */
export const flag = <A>(flags: string, description: string, parse?: (text: string, before: A | undefined) => A): Option => {
  const option = new Option(flags, description)
  return parse === undefined ? option : option.argParser(parse)
}

/** The name by which a flag is called in errors: its long form. */
export const longName = (option: Option): string => option.long ?? option.flags

/**
 * A subcommand with its flags. Giving a flag twice is an error, unless it collects.
 *
 * @param collecting the long names of the flags that may be given many times
 */
export const subcommand = (
  name: string,
  description: string,
  options: ReadonlyArray<Option>,
  collecting: ReadonlyArray<string> = [],
): Command => {
  const command = options.reduce((built, option) => built.addOption(option), new Command(name).description(description))
  command.addOption(new Option('--debug', 'on an error, show where it happened'))
  options
    .filter(option => !collecting.includes(longName(option)))
    .forEach(option => {
      const seen = { times: 0 }
      command.on(`option:${option.name()}`, () => {
        seen.times += 1
        if (seen.times > 1) throw flagError(longName(option), 'the flag once', 'it twice')
      })
    })
  return command.helpOption('-h, --help', 'show this help').showHelpAfterError(false)
}
