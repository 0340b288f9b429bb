/**
 * The results on real data: `npm run results -- --data DIR [flags]`, see docs/results.md.
 *
 *     --data DIR          the folder with the data's files
 *     --only a,b          data sets: wine-red, wine-white, parkinsons, power, bsds300, ... (all)
 *     --models maf        models of these (all)
 *     --seeds 0,1,2       seeds: of the split, the first parameters and the order of the rows
 *     --peers PYTHON      an interpreter that has zuko: it fits the same
 *     --skip-diffeo       only the peer
 *     --page              trains nothing: fills docs/results.md with what stands in docs/results.jsonl
 *
 * A run that stands in docs/results.jsonl with the same model and training is skipped, so that the command goes on where it was stopped.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { codec } from 'diffeo'
import { filled } from '../bench/page.ts'
import { startZuko } from './by-zuko.ts'
import type { Zuko } from './by-zuko.ts'
import { dataSets } from './datasets/index.ts'
import { readerOf } from './files.ts'
import { readResults } from './result.ts'
import { carryOut } from './runs.ts'
import { partsOf, seeds } from './tables.ts'

const docs = (name: string): string => fileURLToPath(new URL(`../../docs/${name}`, import.meta.url))
const file = docs('results.jsonl')
const page = docs('results.md')

const { values: flags } = parseArgs({
  options: {
    data: { type: 'string' },
    only: { type: 'string' },
    models: { type: 'string' },
    seeds: { type: 'string', default: seeds.join(',') },
    peers: { type: 'string' },
    'skip-diffeo': { type: 'boolean', default: false },
    page: { type: 'boolean', default: false },
  },
})

const chosen = (flag: string, text: string | undefined, known: ReadonlyArray<string>): ReadonlyArray<string> => {
  const words = text?.split(',').map(word => word.trim()) ?? known
  const unknown = words.find(word => !known.includes(word))
  if (unknown !== undefined) throw new RangeError(`results: expected --${flag} of ${known.join(', ')}, got ${unknown}`)
  return words
}

const seedsOf = (text: string): ReadonlyArray<number> =>
  text.split(',').map(word => {
    const seed = Number(word)
    if (word.trim() === '' || !Number.isSafeInteger(seed) || seed < 0)
      throw new RangeError(`results: expected --seeds to be whole numbers from 0, got ${text}`)
    return seed
  })

const measure = async (): Promise<void> => {
  if (flags.data === undefined)
    throw new RangeError('results: expected --data and the folder of the data, got none; docs/results.md says where they come from')
  const ids = chosen('only', flags.only, dataSets.map(({ id }) => id)) // prettier-ignore
  const wanted = dataSets.filter(({ id }) => ids.includes(id))
  const models = chosen('models', flags.models, [...new Set(wanted.flatMap(dataSet => dataSet.models.map(({ id }) => id)))])
  let zuko: Promise<Zuko> | undefined
  await carryOut(
    {
      dataSets: wanted,
      models: ({ id }) => models.includes(id),
      seeds: seedsOf(flags.seeds),
      libraries: [...(flags['skip-diffeo'] ? [] : ['diffeo' as const]), ...(flags.peers === undefined ? [] : ['zuko' as const])],
    },
    {
      read: readerOf(flags.data),
      zuko: () => (zuko ??= startZuko(flags.peers!)),
      versions: `diffeo ${codec.libraryVersion}, Node ${process.versions.node}`,
      file,
      tell: console.error,
    },
  )
  await zuko?.then(({ end }) => end())
}

const fillPage = (): void => writeFileSync(page, filled(readFileSync(page, 'utf8'), partsOf(readResults(file), dataSets), 'results'))

try {
  if (!flags.page) await measure()
  fillPage()
} catch (thrown) {
  if (!(thrown instanceof RangeError)) throw thrown
  console.error(thrown.message)
  process.exitCode = 2
}
