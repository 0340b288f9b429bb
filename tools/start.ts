/**
 * The main job: fits a neural spline flow to a table and leaves model, samples and report in out/.
 *
 *     npm start                      the table in docs/data
 *     npm start -- my.csv [flags]    a table of your own, with the flags of `diffeo fit`
 */
import { main, processIo } from '@diffeo/cli'
import { useBackend } from 'diffeo'
import { mkdirSync } from 'node:fs'

const [first = 'docs/data/power.csv', ...rest] = process.argv.slice(2)
const [data, flags] = first.startsWith('-') ? ['docs/data/power.csv', [first, ...rest]] : [first, rest]
const model = 'out/model.safetensors'

const isGiven = (...names: ReadonlyArray<string>): boolean => flags.some(flag => names.includes(flag.split('=')[0]!))

/** Flags that the person did not give: a flow that is close to its data after a minute's training. */
const defaults = [
  ['--out', model],
  ['--report', 'out/report'],
  ['--steps', '4000'],
  ['--learning-rate', '0.005'],
  ...(isGiven('--flow', '--spec') ? [] : [['--autoregressive'], ['--layers', '3'], ['--bins', '16']]),
].filter(([name]) => !isGiven(name!))

mkdirSync('out', { recursive: true })
await useBackend('wasm')
const fitted = await main(['fit', data, ...defaults.flat(), '--force', ...flags], processIo())
const sample = ['sample', model, '-n', '10000', '-o', 'out/samples.csv', '--seed', '0', '--force']
// values of conditioning columns are the person's to choose
const samples = fitted === 0 && !isGiven('--given', '--out')
process.exitCode = samples ? await main(sample, processIo()) : fitted
