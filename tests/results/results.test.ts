import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { key, maf, matrix, normalArray } from 'diffeo'
import type { Matrix } from 'diffeo'
import { equal, is, near, ok, rejects, suite } from '@diffeo/testing'
import { filled } from '../bench/page.ts'
import { npyBytes } from '../data/npy-bytes.ts'
import type { DataSet } from './dataset.ts'
import { dataSets } from './datasets/index.ts'
import { dequantized } from './datasets/bsds300.ts'
import { readerOf, sums } from './files.ts'
import { crossValidated, foldOf, momentsOf } from './folds.ts'
import { digestOf, readResults, resultOf } from './result.ts'
import type { Library, Result } from './result.ts'
import { carryOut } from './runs.ts'
import type { Means } from './runs.ts'
import { figureOf, holds, partsOf } from './tables.ts'

const s = suite('the results on real data')

const tiny: DataSet = {
  id: 'tiny',
  title: 'Tiny',
  units: 'nats',
  differs: 'nothing',
  folds: 2,
  load: async read => crossValidated(['a', 'b'], await read('tiny.npy'), 2),
  models: [
    {
      id: 'maf',
      title: 'MAF',
      flow: maf({ layers: 1, hidden: [4] }),
      peer: { family: 'maf', layers: 1, hidden: [4] },
      training: { steps: 20, batchSize: 16, learningRate: 1e-2, schedule: 'cosine', clipNorm: 5, weightDecay: 1e-4, patience: 20 },
      published: [],
    },
  ],
}
const model = tiny.models[0]!

const rows = (count: number, width = 2): Matrix => matrix(count, width, Float64Array.from(normalArray(key(1), count * width)))

const means = (file: string, told: string[] = []): Means => ({
  read: async () => rows(100),
  zuko: () => Promise.reject(new Error('not asked for')),
  versions: 'diffeo',
  file,
  tell: message => told.push(message),
})

const inFolder = async (use: (folder: string) => Promise<void>): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'diffeo-results-test-'))
  try {
    await use(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const line = (library: Library, seed: number, fold: number, nats: number): Result => ({
  dataset: 'tiny',
  model: 'maf',
  library,
  seed,
  fold,
  plan: digestOf(model),
  nats,
  se: 0.1,
  rows: 50,
  validation: 1,
  steps: 20,
  best: 20,
  parameters: 3,
  seconds: 1,
  date: '2026-01-01',
  processor: 'a processor',
  versions: library,
})

s.test('a run is kept as a line, and a finished one is skipped', () =>
  inFolder(async folder => {
    const file = join(folder, 'results.jsonl')
    const order = { dataSets: [tiny], models: () => true, seeds: [3], libraries: ['diffeo' as const] }
    await carryOut(order, means(file))
    const first = readResults(file)
    equal(
      first.map(({ fold, seed, steps }) => [fold, seed, steps]),
      [
        [0, 3, 20],
        [1, 3, 20],
      ],
    )
    ok(first.every(({ nats }) => nats < -2 && nats > -4)) // the entropy of a standard normal in 2-D is 2.84
    // stopped after the first fold: the second is made anew, and comes to the same
    writeFileSync(file, `${JSON.stringify(first[0])}\n`)
    const told: string[] = []
    await carryOut(order, means(file, told))
    is(told.filter(message => message.endsWith('there already')).length, 1)
    equal(
      readResults(file).map(({ nats }) => nats),
      first.map(({ nats }) => nats),
    )
    is(resultOf(first, first[0]!, 'another plan'), undefined)
  }),
)

s.test('the mean of folds, then the mean and spread of seeds; what is not whole does not count', () => {
  const results = [
    ...[0, 1].flatMap(fold => [line('diffeo', 0, fold, 1 + fold), line('diffeo', 1, fold, 2 + fold)]),
    line('diffeo', 2, 0, 100), // its other fold is missing
    ...[0, 1].flatMap(fold => [line('zuko', 0, fold, 2), line('zuko', 1, fold, 3)]),
  ]
  const [ours, theirs] = [figureOf(results, tiny, model, 'diffeo')!, figureOf(results, tiny, model, 'zuko')!]
  near([ours.mean, ours.deviation, theirs.mean, theirs.deviation], [2, Math.SQRT1_2, 2.5, Math.SQRT1_2], { atol: 1e-12 })
  is(ours.seeds, 2)
  is(holds(ours, theirs), true)
  is(holds({ ...ours, mean: 1 }, theirs), false)
  is(holds(ours, undefined), undefined)
  is(figureOf([line('diffeo', 0, 0, 1)], tiny, model, 'diffeo'), undefined)
  ok(/2\.00 ± 0\.71 \(2 seeds\)/.test(partsOf(results, [tiny]).get('tiny')!))
})

s.test('a later line takes the place of an earlier one of the same run', () =>
  is(resultOf([line('diffeo', 0, 0, 1), line('diffeo', 0, 0, 2)], line('diffeo', 0, 0, 0), digestOf(model))?.nats, 2),
)

s.test('folds are disjoint and hold every row; each is standardized by its training rows', () => {
  const all = matrix(
    23,
    1,
    Float64Array.from({ length: 23 }, (_, i) => i),
  )
  const parts = Array.from({ length: 10 }, (_, fold) => foldOf(all, { seed: 1, fold, folds: 10 }))
  equal(
    parts.flatMap(({ test }) => [...test.values]).sort((a, b) => a - b),
    [...all.values],
  )
  ok(parts.every(({ train, test }) => train.rows + test.rows === 23 && ![...test.values].some(x => train.values.includes(x))))
  const { mean, deviation } = momentsOf(crossValidated(['x'], all, 10)({ seed: 1, fold: 0 }).train)
  near([mean[0]!, deviation[0]!], [0, 1], { atol: 1e-12 })
})

s.test('patches lose their mean and their last pixel', () => {
  const patches = dequantized(matrix(2, 64, new Float64Array(128).fill(100)), 1)
  equal([patches.rows, patches.columns], [2, 63])
  ok(patches.values.every(x => Math.abs(x) < 1 / 256))
})

s.test('a file that is missing, or is another one, is refused with what to do', () =>
  inFolder(async folder => {
    await rejects(() => readerOf(folder)('uci_small/red_wine.npy'), /no such file; docs\/results\.md says/)
    const bytes = npyBytes([1, 2, 3, 4], [2, 2])
    writeFileSync(join(folder, 'tiny.npy'), bytes)
    const known = new Map([['tiny.npy', createHash('sha256').update(bytes).digest('hex')]])
    equal([...(await readerOf(folder, known)('tiny.npy')).values], [1, 2, 3, 4])
    await rejects(() => readerOf(folder, new Map([['tiny.npy', 'ab']]))('tiny.npy'), /expected tiny\.npy with the SHA-256 ab, got/)
  }),
)

s.test('every data set has its place on the page, and the tables are those of the results that are kept', () => {
  const docs = (name: string): string => fileURLToPath(new URL(`../../docs/${name}`, import.meta.url))
  const page = readFileSync(docs('results.md'), 'utf8')
  dataSets.forEach(({ id }) => ok(page.includes(`<!-- results: ${id} -->`), `expected ${id} on the page`))
  is(filled(page, partsOf(readResults(docs('results.jsonl')), dataSets), 'results'), page)
  ok(sums.size > 0)
})

s.run()
