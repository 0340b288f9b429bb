/** Arguments as one would type them into a shell. */
export const quotedArguments = (argv: ReadonlyArray<string>): string =>
  argv.map(argument => (/^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`)).join(' ')
