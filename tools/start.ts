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

/** Flags that the person did not give; small batches and few steps keep the job under three minutes. */
const defaults = [
  ['--out', model],
  ['--report', 'out/report'],
  ['--batch-size', '128'],
  ['--steps', '1200'],
  ['--learning-rate', '0.005'],
].filter(([name]) => !flags.some(flag => flag.split('=')[0] === name))

mkdirSync('out', { recursive: true })
await useBackend('wasm')
const fitted = await main(['fit', data, ...defaults.flat(), '--force', ...flags], processIo())
const sample = ['sample', model, '-n', '10000', '-o', 'out/samples.csv', '--force']
// values of conditioning columns are the person's to choose
const samples = fitted === 0 && !flags.some(flag => /^--(given|out)\b/.test(flag))
process.exitCode = samples ? await main(sample, processIo()) : fitted
