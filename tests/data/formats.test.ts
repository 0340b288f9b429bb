import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { key, uniformArray } from '@diffeo/core'
import { collect, prepare, readTable, select, type Chunk, type PrepareOptions, type ReadOptions, type Source } from '@diffeo/train'
import { equal, is, near, ok, suite } from '@diffeo/testing'
import { npyBytes } from './npy-bytes.ts'

const s = suite('table formats')
const folder = mkdtempSync(join(tmpdir(), 'diffeo-formats-'))
s.after(() => rmSync(folder, { recursive: true }))

let files = 0
const written = (content: string | Buffer, ending: string): string => {
  const path = join(folder, `${files++}.${ending}`)
  writeFileSync(path, content)
  return path
}
const read = (content: string | Buffer, ending = 'csv', options: ReadOptions = {}): Promise<Source> =>
  readTable(written(content, ending), options)
const values = async (source: Source): Promise<ReadonlyArray<number>> => [...(await collect(source)).values]
const chunksOf = async (source: Source, size?: number): Promise<ReadonlyArray<Chunk>> => {
  const all: Array<Chunk> = []
  for await (const chunk of source.chunks(size)) all.push(chunk)
  return all
}

const dialects: ReadonlyArray<readonly [string, string | Buffer, string, ReadOptions, ReadonlyArray<string>, ReadonlyArray<number>]> = [
  ['plain', 'a,b\n1,2\n3,4\n', 'csv', {}, ['a', 'b'], [1, 2, 3, 4]],
  ['no final newline', 'a,b\n1,2\n3,4', 'csv', {}, ['a', 'b'], [1, 2, 3, 4]],
  ['CRLF', 'a,b\r\n1,2\r\n3,4\r\n', 'csv', {}, ['a', 'b'], [1, 2, 3, 4]],
  ['CR', 'a,b\r1,2\r3,4\r', 'csv', {}, ['a', 'b'], [1, 2, 3, 4]],
  ['mixed line ends', 'a,b\r\n1,2\n3,4\r5,6', 'csv', {}, ['a', 'b'], [1, 2, 3, 4, 5, 6]],
  ['blank lines', '\n\na,b\n\n1,2\n  \n3,4\n\n', 'csv', {}, ['a', 'b'], [1, 2, 3, 4]],
  ['byte order mark', '\ufeffa,b\n1,2\n', 'csv', {}, ['a', 'b'], [1, 2]],
  ['quoted', '"a","b, ""c"""\n"1","2"\n', 'csv', {}, ['a', 'b, "c"'], [1, 2]],
  ['spaces', ' a , b \n 1 ,\t2 \n', 'csv', {}, ['a', 'b'], [1, 2]],
  ['no header', '1,2\n3,4\n', 'csv', {}, ['x1', 'x2'], [1, 2, 3, 4]],
  ['no header but names', '1,2\n3,4\n', 'csv', { names: ['u', 'v'] }, ['u', 'v'], [1, 2, 3, 4]],
  ['no header, one row', '1,2\n', 'csv', {}, ['x1', 'x2'], [1, 2]],
  ['a header of numbers, said so', '2019,2020\n3,4\n', 'csv', { header: true }, ['2019', '2020'], [3, 4]],
  ['a header partly of numbers', 'id,2020\n3,4\n', 'csv', {}, ['id', '2020'], [3, 4]],
  ['no header, missing values', 'NA,2\n3,4\n', 'csv', {}, ['x1', 'x2'], [NaN, 2, 3, 4]],
  ['semicolons', 'a;b\n1;2\n', 'csv', {}, ['a', 'b'], [1, 2]],
  ['bars', 'a|b\n1|2\n', 'csv', {}, ['a', 'b'], [1, 2]],
  ['another delimiter', 'a#b\n1#2\n', 'csv', { delimiter: '#' }, ['a', 'b'], [1, 2]],
  ['spaces as delimiter', 'a b\n1 2\n', 'txt', { delimiter: ' ' }, ['a', 'b'], [1, 2]],
  ['tabs', 'a\tb\n1\t\n\t4\n', 'tsv', {}, ['a', 'b'], [1, NaN, NaN, 4]],
  ['tabs in a file without ending', 'a\tb\n1\t2\n', 'dat', {}, ['a', 'b'], [1, 2]],
  ['one column', 'a\n1\n2\n', 'csv', {}, ['a'], [1, 2]],
  ['numbers', 'a\n1e5\n-.5\n+3\n5.\n-0\n1E-2\n', 'csv', {}, ['a'], [1e5, -0.5, 3, 5, -0, 0.01]],
  ['missing', 'a,b\n,NA\nNaN,nan\nnull,NULL\nN/A,?\n-,NAN\n', 'csv', {}, ['a', 'b'], new Array<number>(10).fill(NaN)],
  ['other markers', 'a,b\n-999,1\nnone,2\n', 'csv', { missing: ['-999', 'none'] }, ['a', 'b'], [NaN, 1, NaN, 2]],
  ['infinities', 'a\ninf\n-Infinity\n+Inf\n', 'csv', {}, ['a'], [Infinity, -Infinity, Infinity]],
  ['names of many scripts', 'Größe,温度\n1,2\n', 'csv', {}, ['Größe', '温度'], [1, 2]],
]
for (const [what, content, ending, options, columns, expected] of dialects)
  s.test(`text: ${what}`, async () => {
    const source = await read(content, ending, options)
    equal(source.columns, columns)
    is(source.name, `${files - 1}.${ending}`)
    equal(await values(source), expected)
    equal(await values(source), expected, 'a second reading')
  })

s.test('rows and lines are numbered as a person sees them', async () => {
  const [first, second] = await chunksOf(await read('a,b\r\n\r\n"1\r\n",2\r\n3,4\r\n\r\n5,6\r\n'), 2)
  equal([first!.firstRow, first!.rows, ...first!.lines!], [1, 2, 3, 5])
  equal([second!.firstRow, second!.rows, ...second!.lines!], [3, 1, 7])
})

s.test('text columns are labels where they are said to be', async () => {
  const source = await read('station,a\nNorth,1\nSouth,2\nNorth,3\n7,4\n', 'csv', { textColumns: ['station'] })
  const [a, , b, , c, , d] = await values(source)
  is(a, c)
  ok(a !== b && a! >= 2 ** 52 && d === 7)
  equal(await values(select(await read('station,a\nNorth,1\nSouth,2\n'), ['station'], { labels: ['station'] })), [a, b])
})

s.test('characters cut by a block of the file', async () => {
  const name = 'ü'.repeat(40_000)
  for (const shift of ['', 'x']) equal((await read(`${shift}${name},b\n1,2\n`)).columns, [shift + name, 'b'])
})

s.test('line ends cut by a block of the file', async () => {
  for (let shift = 0; shift < 3; shift++) {
    const lines = ['a,b', ...Array.from({ length: 30_000 }, (_, i) => `${i},${'1'.repeat(1 + ((i + shift) % 3))}`)]
    const table = await collect(await read(lines.join('\r\n') + '\r\n'))
    is(table.rows, 30_000)
    is(table.values[59_998], 29_999)
  }
})

const numbers = [0, 1, 2, 3, 4, 100, 6, 7, 8, 9, 10, 11]
for (const kind of ['f4', 'f8', 'i1', 'i2', 'i4', 'i8', 'u1', 'u2', 'u4', 'u8'])
  for (const order of kind.endsWith('1') ? ['|'] : ['<', '>'])
    s.test(`NPY: ${order}${kind}`, async () => {
      for (const fortran of [false, true])
        for (const version of [1, 2, 3] as const) {
          const source = await read(npyBytes(numbers, [4, 3], { descr: order + kind, fortran, version }), 'npy')
          equal([source.count, ...source.columns], [4, 'x1', 'x2', 'x3'])
          equal(await values(source), numbers)
          equal(await values(select(source, ['x3', 'x1'])), [2, 0, 100, 3, 8, 6, 11, 9])
          equal((await chunksOf(source, 3)).map(chunk => [chunk.firstRow, chunk.rows]), [[1, 3], [4, 1]]) // prettier-ignore
        }
    })

s.test('NPY: signs, fractions, booleans, one dimension, names', async () => {
  equal(await values(await read(npyBytes([-1, -128], [2], { descr: '|i1' }), 'npy')), [-1, -128])
  equal(await values(await read(npyBytes([-(2 ** 40), 5], [2], { descr: '>i8' }), 'npy')), [-(2 ** 40), 5])
  equal(await values(await read(npyBytes([1, 0, 2], [3], { descr: '|b1' }), 'npy')), [1, 0, 1])
  equal(await values(await read(npyBytes([0.1, -1e300, NaN], [3, 1]), 'npy')), [0.1, -1e300, NaN])
  equal((await read(npyBytes([1, 2], [1, 2]), 'npy', { names: ['u', 'v'] })).columns, ['u', 'v'])
})

s.test('NPY without its ending is known by its first bytes', async () => {
  equal(await values(await read(npyBytes([1, 2], [2]), 'bin')), [1, 2])
  equal(await values(await read(npyBytes([1, 2], [2]), 'csv', { format: 'npy' })), [1, 2])
})

/** 600 rows of two continuous columns, one of steps of 0.01, one of integers with many zeros, one of hours. */
const table = (() => {
  const u = uniformArray(key(3), 3000)
  return Array.from({ length: 600 }, (_, i) => [
    u[5 * i]! * 1e3 + 1e6,
    Math.log(u[5 * i + 1]! + 1e-3),
    Number((2 + u[5 * i + 2]!).toFixed(2)),
    Math.max(0, Math.floor(10 * u[5 * i + 3]!) - 6),
    Math.floor(24 * u[5 * i + 4]!),
  ])
})()
const text = (delimiter: string): string =>
  ['a', 'b', 'c', 'd', 'hour'].join(delimiter) + '\n' + table.map(row => row.join(delimiter) + '\n').join('')
const preparation: PrepareOptions = { given: ['hour'], seed: 5 }

s.test('the same table gives the same matrices, whatever its format', async () => {
  const expected = await prepare(await read(text(',')), preparation)
  is(expected.event.length, 2400)
  const names = ['a', 'b', 'c', 'd', 'hour']
  const sources = [
    await read(text('\t'), 'tsv'),
    await read(text(';').replaceAll('\n', '\r\n')),
    await read(npyBytes(table.flat(), [600, 5]), 'npy', { names }),
    await read(npyBytes(table.flat(), [600, 5], { descr: '>f8', fortran: true }), 'npy', { names }),
  ]
  for (const source of sources) equal(await prepare(source, preparation), expected)
})

s.test('the same matrices, whatever the chunks', async () => {
  const source = await read(text(','))
  const sized = (size: number): Source => ({ ...source, chunks: (_, fields) => source.chunks(size, fields) })
  const expected = await prepare(source, preparation)
  for (const size of [1, 7, 4096]) equal(await prepare(sized(size), preparation), expected)
})

s.test('a file is read no faster than its rows are taken', async () => {
  const line = '0.123456789,1.23456789,2.3456789,3.456789,4.56789\n'
  const path = written('a,b,c,d,e\n' + line.repeat(1_000_000), 'csv')
  const source = await readTable(path)
  const before = process.memoryUsage()
  const iterator = source.chunks(1000)[Symbol.asyncIterator]()
  for (let i = 0; i < 3; i++) await iterator.next()
  const cpu = process.cpuUsage()
  await new Promise(resolve => setTimeout(resolve, 300))
  const idle = process.cpuUsage(cpu)
  // what goes on while nobody takes rows is a few blocks of 64 KiB, not 50 MB
  ok(idle.user < 150_000, `${idle.user} us of work while waiting`)
  ok(process.memoryUsage().arrayBuffers - before.arrayBuffers < 8e6)
  await iterator.return?.()
})

s.test('a chunk that is not taken to the end closes the file', async () => {
  const path = written('a\n' + '12345678\n'.repeat(100_000), 'csv')
  const opened = (): number => (existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').length : 0)
  const before = opened()
  for (let i = 0; i < 20; i++) for await (const chunk of (await readTable(path)).chunks(1000)) if (chunk.firstRow > 2000) break
  ok(opened() <= before + 1, `${opened()} open files, ${before} before`)
})

s.test('standardized samples of a file are in its units', async () => {
  const { schema, event, rows } = await prepare(await read(text(',')), preparation)
  is(schema.columns.length, 4)
  const { destandardize } = await import('@diffeo/train')
  const back = destandardize(schema, event)
  for (let i = 0; i < rows; i++) near([back[4 * i]!, back[4 * i + 1]!], table[i]!.slice(0, 2), { rtol: 1e-7, atol: 1e-6 })
})

s.run()
