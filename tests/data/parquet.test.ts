import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { key, uniformArray } from '@diffeo/core'
import { collect, DataError, prepare, readTable, select, type Chunk, type Source } from '@diffeo/train'
import { equal, is, ok, rejects, suite } from '@diffeo/testing'
import { parquetWriteBuffer, type ParquetWriteOptions } from 'hyparquet-writer'

const s = suite('Parquet')
const folder = mkdtempSync(join(tmpdir(), 'diffeo-parquet-'))
s.after(() => rmSync(folder, { recursive: true }))

let files = 0
const written = (bytes: Uint8Array): string => {
  const path = join(folder, `${files++}.parquet`)
  writeFileSync(path, bytes)
  return path
}
const bytesOf = (options: Omit<ParquetWriteOptions, 'writer'>): Uint8Array => new Uint8Array(parquetWriteBuffer(options))
const parquet = (columnData: ParquetWriteOptions['columnData'], options: Partial<ParquetWriteOptions> = {}): Promise<Source> =>
  readTable(written(bytesOf({ columnData, ...options })))
const values = async (source: Source, ...columns: ReadonlyArray<string>): Promise<ReadonlyArray<number>> => [
  ...(await collect(select(source, columns))).values,
]

s.test('numbers of every type, missing ones, booleans, times, text', async () => {
  const source = await parquet([
    { name: 'double', data: Float64Array.of(0.1, NaN, -3) },
    { name: 'float', data: Float32Array.of(0.5, 1e30, -3), type: 'FLOAT' },
    { name: 'int', data: Int32Array.of(1, -2, 3) },
    { name: 'long', data: BigInt64Array.of(1n, -2n, 2n ** 40n) },
    { name: 'holes', data: [1.5, null, 3.5], type: 'DOUBLE', nullable: true },
    { name: 'flag', data: [true, false, true] },
    { name: 'time', data: [new Date(1500), new Date(0), new Date('2024-01-01T00:00:00Z')] },
    { name: 'text', data: ['7', 'NA', '1e3'] },
  ])
  is(source.count, 3)
  equal(await values(source, 'double'), [0.1, NaN, -3])
  equal(await values(source, 'float'), [0.5, Math.fround(1e30), -3])
  equal(await values(source, 'int', 'long'), [1, 1, -2, -2, 3, 2 ** 40])
  equal(await values(source, 'holes'), [1.5, NaN, 3.5])
  equal(await values(source, 'flag'), [1, 0, 1])
  equal(await values(source, 'time'), [1.5, 0, 1704067200])
  equal(await values(source, 'text'), [7, NaN, 1000])
})

s.test('row groups, chunks across and within them, a second reading', async () => {
  const source = await parquet([{ name: 'a', data: Float64Array.from({ length: 1000 }, (_, i) => i) }], { rowGroupSize: 300 })
  for (const size of [1, 7, 299, 300, 4096]) {
    const chunks: Array<Chunk> = []
    for await (const chunk of source.chunks(size)) chunks.push(chunk)
    equal(
      chunks.flatMap(chunk => [...chunk.values]),
      Array.from({ length: 1000 }, (_, i) => i),
    )
    ok(chunks.every(chunk => chunk.rows <= size && chunk.values[0] === chunk.firstRow - 1))
  }
})

s.test('compressed pages', async () => {
  const columnData = [{ name: 'a', data: Float64Array.from({ length: 500 }, (_, i) => i % 9) }]
  const expected = Array.from(columnData[0]!.data)
  for (const codec of ['UNCOMPRESSED', 'SNAPPY', 'GZIP'] as const)
    equal(await values(await parquet(columnData, { codec, compressors: { GZIP: input => gzipSync(input) } }), 'a'), expected, codec)
})

s.test('the same matrices as from CSV', async () => {
  const u = uniformArray(key(8), 900)
  const columns = ['a', 'b', 'c'].map((name, j) => ({
    name,
    data: Float64Array.from({ length: 300 }, (_, i) => (j === 2 ? Math.floor(9 * u[i]!) : u[300 * j + i]! * 10 ** j)),
  }))
  const path = join(folder, 'same.csv')
  writeFileSync(path, 'a,b,c\n' + Array.from(columns[0]!.data, (_, i) => columns.map(c => c.data[i]).join(',') + '\n').join(''))
  const options = { given: ['a'], seed: 2 }
  equal(await prepare(await parquet(columns, { rowGroupSize: 70 }), options), await prepare(await readTable(path), options))
})

s.test('rows of one group of text stay together', async () => {
  const u = Float64Array.from(uniformArray(key(1), 400))
  const source = await parquet([
    { name: 'a', data: u },
    { name: 'station', data: Array.from(u, (_, i) => `station ${i % 20}`) },
  ])
  const { splits, notes } = await prepare(source, { splitBy: 'station' })
  const stations = (rows: Int32Array): ReadonlySet<number> => new Set([...rows].map(i => i % 20))
  equal(
    [...stations(splits.train)].filter(i => stations(splits.test).has(i) || stations(splits.validation).has(i)),
    [],
  )
  equal(notes, [{ _tag: 'groups', column: 'station', train: 16, validation: 2, test: 2 }])
})

s.test('text, nested and long whole numbers are refused, if selected', async () => {
  const source = await parquet([
    { name: 'a', data: Float64Array.of(1, 2) },
    { name: 'text', data: ['1', 'abc'] },
    { name: 'id', data: BigInt64Array.of(1n, 2n ** 60n) },
    { name: 'json', data: [{ x: 1 }, { x: 2 }], type: 'JSON' },
  ])
  equal(await values(source, 'a'), [1, 2])
  await rejects(() => values(source, 'text'), /\.parquet: row 2, column 'text': expected a number, got 'abc'/)
  await rejects(() => values(source, 'id'), /row 2, column 'id': expected a number, got 1152921504606846976, beyond 2\^53/)
  await rejects(() => values(source, 'json'), /row 1, column 'json': expected a number, got something else/)
})

s.test('an empty table', () =>
  rejects(() => parquet([{ name: 'a', data: new Float64Array(0), type: 'DOUBLE' }]), /rows of numbers, got an empty table/),
)

s.test('a damaged file is an error, never a hang or a crash', async () => {
  const bytes = bytesOf({ columnData: [{ name: 'a', data: Float64Array.from({ length: 200 }, (_, i) => i / 7) }] })
  const outcome = async (damaged: Uint8Array): Promise<unknown> => {
    const path = written(damaged)
    return readTable(path)
      .then(collect)
      .catch((thrown: unknown) => thrown)
  }
  for (let cut = 1; cut < bytes.length; cut += 97) ok((await outcome(bytes.slice(0, cut))) instanceof DataError)
  for (let at = 4; at < bytes.length; at += 11) {
    const flipped = Uint8Array.from(bytes)
    flipped[at]! ^= 0x55
    const result = await outcome(flipped)
    ok(result instanceof DataError || (typeof result === 'object' && result !== null && 'rows' in result), `byte ${at}: ${String(result)}`)
  }
})

s.run()
