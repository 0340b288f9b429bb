import { equal, is, near, ok, suite } from '@diffeo/testing'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testIo, type TestIo } from '../../test/io.ts'
import { fakeLibrary, fakeModel, fakeRecord, fakeSchema } from '../../test/library.ts'
import type { Library } from '../library.ts'
import { main } from '../main.ts'
import { collect, readTable } from '@diffeo/train'
import type { ColumnKind, ColumnSchema } from '@diffeo/train'

const s = suite('cli: sample, logprob, posterior, inspect, plot')
const folder = mkdtempSync(join(tmpdir(), 'diffeo-commands-'))
const model = fakeModel(fakeSchema(['a', 'b']), fakeRecord({ seed: 4 }, 60))
const conditional = fakeModel(fakeSchema(['a', 'b'], ['c', 'd']), fakeRecord({}, 60))
const library = fakeLibrary({ model })
const conditionalLibrary = fakeLibrary({ model: conditional })

const withKind = (kind: ColumnKind): ReadonlyArray<ColumnSchema> =>
  fakeSchema(['a', 'b']).columns.map(column => (column.name === 'b' ? { ...column, kind } : column))

s.before(() => {
  writeFileSync(join(folder, 'rows.csv'), 'b,a,text\n20,10,x\n22,10,y\n20,11,z\n')
  writeFileSync(join(folder, 'many.csv'), `a,b,c,d\n${Array.from({ length: 50 }, (_, i) => `${i},${i * 2},${i % 3},1`).join('\n')}\n`)
  writeFileSync(join(folder, 'given.csv'), 'd,other,c\n1,x,100\n2,y,200\n')
  writeFileSync(join(folder, 'holes.csv'), 'a,b\n1,2\n,3\n')
})
s.after(() => rmSync(folder, { recursive: true, force: true }))

const run = async (
  line: string,
  from: Library = library,
  io: TestIo = testIo(folder),
): Promise<{ code: number; io: TestIo; lines: ReadonlyArray<string> }> => {
  const code = await main(line.split(' '), io, from)
  return { code, io, lines: io.out().trimEnd().split('\n') }
}

s.test('sample: a header, n rows, numbers that read back bit for bit', async () => {
  const { code, io, lines } = await run('sample m.safetensors -n 20')
  is(code, 0)
  is(lines[0], 'a,b')
  is(lines.length, 21)
  is(io.err(), 'seed 0\n')
  const drawn: number[] = []
  for await (const chunk of model.sampleChunks(20)) drawn.push(...chunk.values)
  equal(
    lines.slice(1).flatMap(line => line.split(',').map(Number)),
    drawn,
  )
})

s.test('sample: 1000 rows unless said, none for -n 0, the seed decides', async () => {
  is((await run('sample m.safetensors')).lines.length, 1001)
  equal((await run('sample m.safetensors -n 0')).lines, ['a,b'])
  const [one, same, other] = await Promise.all(['1', '1', '2'].map(seed => run(`sample m.safetensors -n 5 --seed ${seed}`)))
  is(one!.io.out(), same!.io.out())
  is(one!.io.out() === other!.io.out(), false)
  is(one!.io.err(), '', 'a seed that was said is not repeated')
})

s.test('sample: files by their ending, the same rows in each', async () => {
  for (const ending of ['csv', 'tsv', 'npy']) is((await run(`sample m.safetensors -n 20 -o samples.${ending}`)).code, 0, ending)
  const tables = await Promise.all(['csv', 'tsv', 'npy'].map(async ending => collect(await readTable(join(folder, `samples.${ending}`)))))
  equal(
    tables.map(({ columns }) => columns.length),
    [2, 2, 2],
  )
  equal(tables[0]!.columns, ['a', 'b'])
  for (const { values } of tables) equal([...values], [...tables[0]!.values])
  const bytes = readFileSync(join(folder, 'samples.npy'))
  is(bytes.length, 128 + 20 * 2 * 8)
  ok(bytes.subarray(10, 128).toString().startsWith("{'descr': '<f8', 'fortran_order': False, 'shape': (20, 2), }"))
  is((await run('sample m.safetensors -n 20 -o samples.npy')).code, 2, 'exists')
  is((await run('sample m.safetensors -n 3 -o samples.npy --force')).code, 0)
  is(readFileSync(join(folder, 'samples.npy')).length, 128 + 3 * 2 * 8)
  equal(
    readdirSync(folder).filter(name => name.endsWith('.tmp')),
    [],
  )
})

s.test('sample: given values, alone or a row each, stand behind the samples', async () => {
  const fixed = await run('sample m.safetensors -n 3 --given d=1,c=100', conditionalLibrary)
  is(fixed.code, 0, fixed.io.err())
  is(fixed.lines[0], 'a,b,c,d')
  ok(fixed.lines.slice(1).every(line => line.endsWith(',100,1')))
  const each = await run('sample m.safetensors -n 10 --given given.csv', conditionalLibrary)
  is(each.lines.length, 21)
  ok(each.lines.slice(1, 11).every(line => line.endsWith(',100,1')) && each.lines.slice(11).every(line => line.endsWith(',200,2')))
  // the fake model adds what it was given: samples stand beside the values that they were drawn for
  ok(each.lines.slice(1).every(line => Math.abs(Number(line.split(',')[0]) - Number(line.split(',')[2]) - 10) < 6))
  is((await run('sample m.safetensors --given given.csv', conditionalLibrary)).lines.length, 3, 'one for each row unless said')
})

s.test('an interrupted sample leaves no file', async () => {
  const io = testIo(folder)
  const slow = {
    ...model,
    sampleChunks: async function* (n: number) {
      for await (const chunk of model.sampleChunks(n)) {
        yield chunk
        io.interrupt()
      }
    },
  }
  is((await run('sample m.safetensors -n 100 -o never.csv', fakeLibrary({ model: slow }), io)).code, 130)
  ok(/interrupted; nothing was written\n$/.test(io.err()))
  is(existsSync(join(folder, 'never.csv')), false)
  equal(
    readdirSync(folder).filter(name => name.endsWith('.tmp')),
    [],
  )
})

s.test('logprob: row numbers and log-densities, columns found by name', async () => {
  const { code, lines } = await run('logprob m.safetensors rows.csv')
  is(code, 0)
  is(lines[0], 'row,log_density')
  const top = -Math.log(2) - Math.log(2 * Math.PI)
  near(
    lines.slice(1).map(line => Number(line.split(',')[1])),
    [top, top - 0.5, top - 0.5],
    { atol: 1e-12 },
  )
  equal(
    lines.slice(1).map(line => line.split(',')[0]),
    ['1', '2', '3'],
  )
})

s.test('logprob --quantile, to a file', async () => {
  is((await run('logprob m.safetensors rows.csv --quantile -o scores.csv')).code, 0)
  const table = await collect(await readTable(join(folder, 'scores.csv')))
  equal(table.columns, ['row', 'log_density', 'quantile'])
  equal(
    [0, 1, 2].map(i => table.values[3 * i + 2]),
    [1, 0.8, 0.8],
  )
  const without = fakeLibrary({ model: { ...model, record: { ...model.record, heldOut: [] } } })
  ok(/--quantile: expected a model with held-out rows/.test((await run('logprob m.safetensors rows.csv --quantile', without)).io.err()))
})

s.test('posterior: a line for each row and value', async () => {
  const { code, lines, io } = await run('posterior m.safetensors rows.csv --column b --grid -1,1,3')
  is(code, 0, io.err())
  equal(lines.slice(0, 5), ['row,b,density', '1,-1,0', '1,0,1', '1,1,2', '2,-1,1'])
  is(lines.length, 1 + 3 * 3)
  const counts = fakeModel({ ...fakeSchema(['a', 'b']), columns: withKind({ _tag: 'integer', low: 0, high: 9 }) }, fakeRecord({}, 60))
  const whole = await run('posterior m.safetensors rows.csv --column b --grid 3,4', fakeLibrary({ model: counts }))
  equal(whole.lines.slice(0, 3), ['row,b,probability', '1,3,0', '1,4,1'], whole.io.err())
  const wide = await run('posterior m.safetensors rows.csv --column b --grid 3,4,9', fakeLibrary({ model: counts }))
  ok(/--grid: expected two whole numbers from,to for 'b', got '3,4,9'/.test(wide.io.err()))
})

s.test('posterior of categories: their names, to a file', async () => {
  const kinds = withKind({ _tag: 'categorical', categories: ['north', 'so,uth'] })
  const from = fakeLibrary({ model: fakeModel({ ...fakeSchema(['a', 'b']), columns: kinds }, fakeRecord({}, 60)) })
  is((await run('posterior m.safetensors rows.csv --column b -o posterior.csv', from)).code, 0)
  equal(readFileSync(join(folder, 'posterior.csv'), 'utf8').split('\n').slice(0, 3), ['row,b,probability', '1,north,0', '1,"so,uth",1'])
  const refused = await run('posterior m.safetensors rows.csv --column b --grid 0,1,2', from)
  ok(/--grid: expected nothing for 'b', whose categories are the grid, got 0,1,2/.test(refused.io.err()))
})

s.test('an error in the middle of a table leaves no half of a file', async () => {
  const { code, io } = await run(
    'logprob m.safetensors holes.csv -o half.csv',
    fakeLibrary({
      model: {
        ...model,
        scoreChunks: async function* () {
          yield { logProb: Float64Array.of(1), standardError: Float64Array.of(0) }
          throw new RangeError('logProb: expected a finite number, got a missing value')
        },
      },
    }),
  )
  is(code, 2)
  ok(/diffeo: logProb: expected/.test(io.err()))
  is(existsSync(join(folder, 'half.csv')), false)
})

s.test('inspect: for people and for machines', async () => {
  const { code, io } = await run('inspect m.safetensors')
  is(code, 0)
  for (const expected of [
    /^neural spline flow fitted to table.csv\n/,
    /3 × coupling \(rational-quadratic splines of 8 bins on ±5/,
    /seed 4/,
    /\na +real +10 +1 +– +7\n/,
    /\nb +real +20 +2 +0.5 +–\n/,
    /60 used: 20 to train on/,
    /parameters of epoch 2 were kept/,
    /flow +−4.100 ± 0.050/,
  ])
    ok(expected.test(io.out()), `${expected} in\n${io.out()}`)
  const facts = JSON.parse((await run('inspect m.safetensors --json')).io.out()) as { readonly [name: string]: unknown }
  equal(Object.keys(facts), ['library', 'data', 'parameters', 'columns', 'given', 'missing', 'spec', 'record'])
  equal(facts['columns'], JSON.parse(JSON.stringify(model.schema.columns)))
})

s.test('plot: pictures of a model alone, and beside a table', async () => {
  const alone = await run('plot m.safetensors -n 200')
  is(alone.code, 0, alone.io.err())
  equal(alone.lines, ['plots/corner.svg', 'plots/density.svg', 'plots/loss.svg'])
  is(readFileSync(join(folder, 'plots', 'corner.svg'), 'utf8').includes('held-out data'), false)
  is((await run('plot m.safetensors -n 200')).code, 2, 'they exist')
  const beside = await run('plot m.safetensors many.csv -o beside')
  is(beside.code, 0, beside.io.err())
  ok(readFileSync(join(folder, 'beside', 'corner.svg'), 'utf8').includes('held-out data'))
  const given = await run('plot m.safetensors many.csv -o beside-given', conditionalLibrary)
  is(given.code, 0, given.io.err())
  ok(readFileSync(join(folder, 'beside-given', 'corner.svg'), 'utf8').includes('c (given)'))
  is((await run('plot m.safetensors --given c=1,d=2 -o fixed -n 50', conditionalLibrary)).code, 0)
  ok(/holes.csv: row 2, column 'a': expected a finite number/.test((await run('plot m.safetensors holes.csv -o none')).io.err()))
  const [first, second] = await Promise.all(
    ['same-1', 'same-2'].map(
      async name => (await run(`plot m.safetensors -n 100 -o ${name}`), readFileSync(join(folder, name, 'corner.svg'), 'utf8')),
    ),
  )
  is(first, second)
})

s.test('every command frees the model', () => {
  ok(model.disposed() > 5)
})

s.run()
