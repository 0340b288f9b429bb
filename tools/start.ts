/**
 * The main job: fits a neural spline flow to a table and leaves model, samples and report in out/.
 *
 *     npm start                      the table in docs/data
 *     npm start -- my.csv [flags]    a table of your own, with the flags of `diffeo fit`
 */
import { main, processIo } from '@diffeo/cli'
import { useBackend } from 'diffeo'

const [data = 'docs/data/power.csv', ...flags] = process.argv.slice(2)
const model = 'out/model.safetensors'

await useBackend('wasm')
const fitted = await main(['fit', data, '--out', model, '--report', 'out/report', '--steps', '700', '--force', ...flags], processIo())
process.exitCode = fitted === 0 ? await main(['sample', model, '-n', '10000', '-o', 'out/samples.csv', '--force'], processIo()) : fitted
