import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { collect, DataError, prepare, readTable, select, tableFrom, type PrepareOptions, type ReadOptions, type Rows } from '@diffeo/train'
import { equal, is, ok, rejects, suite } from '@diffeo/testing'
import { npyBytes } from './npy-bytes.ts'

const s = suite('bad input of data')
const folder = mkdtempSync(join(tmpdir(), 'diffeo-bad-'))
s.after(() => rmSync(folder, { recursive: true }))

/** The error that reading all of a file ends with. */
const failure = async (run: () => Promise<unknown>): Promise<DataError> => {
  const thrown = await run().then(
    () => undefined,
    (error: unknown) => error,
  )
  if (thrown instanceof DataError) return thrown
  throw thrown ?? new Error('expected a DataError, got none')
}

interface FileCase {
  readonly name: string
  readonly bytes: string | Buffer
  readonly error: RegExp
  readonly options?: ReadOptions
  readonly at?: { readonly row?: number; readonly line?: number; readonly column?: string }
}

const rows = (count: number, row: (i: number) => string): string => Array.from({ length: count }, (_, i) => row(i) + '\n').join('')
const utf16 = Buffer.concat([Buffer.of(0xff, 0xfe), Buffer.from('a,b\n1,2\n', 'utf16le')])
const float8 = npyBytes([1, 2, 3, 4], [2, 2])
const withHeader = (header: string): Buffer => npyBytes([1, 2, 3, 4], [2, 2], { header })

const files: ReadonlyArray<FileCase> = [
  // nothing there
  { name: 'empty.csv', bytes: '', error: /^\S*empty\.csv: expected a table of numbers, got an empty file$/ },
  { name: 'mark.csv', bytes: '\ufeff', error: /no text in the file/ },
  { name: 'newlines.csv', bytes: '\n\r\n\n', error: /no text in the file/ },
  { name: 'header.csv', bytes: 'a,b\n', error: /header\.csv: expected rows of numbers, got a header only/ },
  { name: 'said.csv', bytes: '1,2\n', options: { header: true }, error: /got a header only/ },
  // rows
  { name: 'ragged.csv', bytes: 'a,b,c\n1,2,3\n4,5\n', error: /row 2: expected 3 fields, got 2 \(line 3\)/, at: { row: 2, line: 3 } },
  { name: 'long.csv', bytes: 'a,b\n1,2\n\n3,4,5\n', error: /row 2: expected 2 fields, got 3 \(line 4\)/, at: { row: 2, line: 4 } },
  { name: 'unclosed.csv', bytes: 'a,b\n1,2\n3,"4\n5,6\n', error: /closing quote, got the end of the file \(line 3\)/, at: { line: 3 } },
  { name: 'after.csv', bytes: 'a,b\n1,"2"3\n', error: /delimiter after the closing quote, got other text \(line 2\)/ },
  { name: 'swallowed.csv', bytes: 'a,b\n1,"2\n3,4\n5,"6"\n', error: /after the closing quote, got other text \(line 2\)/, at: { line: 2 } },
  { name: 'inside.csv', bytes: 'a,b\n1,2"\n', error: /a quote inside one \(line 2\)/ },
  { name: 'wide.csv', bytes: Buffer.from('1,'.repeat(20_000) + '1\n'), error: /at most 10000 columns, got 20001/ },
  { name: 'line.csv', bytes: Buffer.alloc(17 * 2 ** 20, '1'), error: /lines of at most 16 MiB, got a longer one at offset 0/ },
  {
    name: 'quote.csv',
    bytes: 'a\n"' + '1\n'.repeat(9 * 2 ** 20),
    error: /records of at most 16 MiB, got a longer one \(line 2\)/,
    at: { line: 2 },
  },
  // cells
  ...[
    'abc',
    '0x10',
    '1_000',
    '1e',
    '--1',
    '1.2.3',
    '+',
    '12abc',
    '١٢',
    '=1+1',
    '1 000',
    '1e400',
    '0b1',
    '0o7',
    '.',
    '1,5',
    '$5',
    '5%',
    'true',
    '1d3',
  ].map((cell): FileCase => ({
    name: 'cell.csv',
    bytes: `voltage,current\n1,2\n"${cell}",4\n`,
    error: new RegExp(`cell\\.csv: row 2, column 'voltage': expected a number, got '${cell.replace(/[.+$]/g, '\\$&')}' \\(line 3\\)`),
    at: { row: 2, line: 3, column: 'voltage' },
  })),
  { name: 'comma.csv', bytes: 'a;b\n1,5;2,5\n', error: /column 'a': expected a number, got '1,5' \(line 2\); a decimal comma/ },
  { name: 'control.csv', bytes: 'a\n1\n"\u001b[31m"\n', error: /got '\\u001b\[31m'/ },
  { name: 'endless.csv', bytes: `a\n1\n${'x'.repeat(1000)}\n`, error: /got 'x{40}\.\.\.'/ },
  { name: 'delimiter.csv', bytes: 'a b\n1 2\n', error: /column 'a b': expected a number, got '1 2'/ },
  { name: 'crlf.csv', bytes: 'a,b\r\n"1\r\n",2\r\n3,x\r\n', error: /row 2, column 'b': .* \(line 4\)/, at: { row: 2, line: 4 } },
  // headers
  { name: 'twice.csv', bytes: 'a,b,a\n1,2,3\n', error: /distinct column names, got 'a' for the columns 1 and 3 \(line 1\)/ },
  { name: 'unnamed.csv', bytes: ',a\n1,2\n', error: /a name for column 1, got ''.*index/ },
  { name: 'proto.csv', bytes: '__proto__,a\n1,2\n', error: /'__proto__'/ },
  { name: 'broken.csv', bytes: '"a\nb",c\n1,2\n', error: /printable characters for column 1, got 'a\\u000ab'/ },
  { name: 'names.csv', bytes: '1,2\n3,4\n', options: { names: ['a'] }, error: /2 names, one for each column, got 1/ },
  // bytes
  { name: 'utf16.csv', bytes: utf16, error: /CSV text, got UTF-16 text; save it as UTF-8/ },
  { name: 'utf16-bare.csv', bytes: Buffer.from('a,b\n1,2\n', 'utf16le'), error: /expected text, got a NUL byte at offset 1/ },
  { name: 'latin1.csv', bytes: Buffer.from('temp\u00e9rature\n1\n', 'latin1'), error: /UTF-8 text, got the byte 0xe9 at offset 4/ },
  {
    name: 'latin1-late.csv',
    bytes: Buffer.concat([Buffer.from('a\n' + rows(50_000, i => `${i}`)), Buffer.of(0x31, 0xb0, 10)]),
    error: /got the byte 0xb0 at offset 288893/,
  },
  { name: 'cut.csv', bytes: Buffer.concat([Buffer.from('a\n1\n'), Buffer.of(0xe2, 0x82)]), error: /got the byte 0xe2 at offset 4/ },
  { name: 'zeros.csv', bytes: Buffer.alloc(4096), error: /expected text, got a NUL byte at offset 0/ },
  // something else
  {
    name: 'really.csv',
    bytes: Buffer.from('PAR1xxxxPAR1'),
    error: /expected CSV text, got a Parquet file; rename it, or say format 'parquet'/,
  },
  { name: 'array.csv', bytes: float8, error: /expected CSV text, got an NPY file/ },
  { name: 'packed.csv', bytes: Buffer.of(0x1f, 0x8b, 8, 0), error: /got a gzip archive; decompress it first/ },
  { name: 'book.csv', bytes: Buffer.from('PK\u0003\u0004rest'), error: /got a zip archive \(xlsx/ },
  { name: 'picture.csv', bytes: Buffer.from('\u0089PNG\r\n', 'latin1'), error: /got a PNG image/ },
  { name: 'page.csv', bytes: '<!DOCTYPE html><html></html>', error: /got an HTML or XML page/ },
  { name: 'list.csv', bytes: '[{"a": 1}]', error: /got JSON/ },
  { name: 'pickle.npy', bytes: Buffer.of(0x80, 4, 0x95), error: /an NPY file, got a Python pickle; a pickle is never loaded/ },
  { name: 'text.npy', bytes: '1,2\n', error: /expected an NPY file, got something else/ },
  { name: 'text.parquet', bytes: '1,2\n', error: /expected a Parquet file, got something else/ },
  { name: 'unknown', bytes: Buffer.from('SQLite format 3\u0000'), error: /got an SQLite database/ },
  {
    name: 'half.parquet',
    bytes: Buffer.from('PAR1' + 'x'.repeat(40)),
    error: /expected a whole Parquet file, got one that cannot be read/,
  },
  {
    name: 'footer.parquet',
    bytes: Buffer.concat([Buffer.from('PAR1'), Buffer.alloc(60, 7), Buffer.of(255, 255, 255, 127), Buffer.from('PAR1')]),
    error: /a whole Parquet file/,
  },
  // NPY
  { name: 'short.npy', bytes: float8.subarray(0, 9), error: /a whole NPY header, got a file of 9 bytes/ },
  { name: 'cut.npy', bytes: float8.subarray(0, float8.length - 3), error: /bytes for the shape \[2, 2\].*the file is truncated/ },
  { name: 'two.npy', bytes: Buffer.concat([float8, float8]), error: /holds more than one array/ },
  {
    name: 'version.npy',
    bytes: Buffer.concat([float8.subarray(0, 6), Buffer.of(9), float8.subarray(7)]),
    error: /NPY version 1, 2 or 3, got version 9/,
  },
  {
    name: 'huge.npy',
    bytes: withHeader("{'descr': '<f8', 'fortran_order': False, 'shape': (65536, 9999), }"),
    error: /the file is truncated/,
  },
  {
    name: 'columns.npy',
    bytes: withHeader("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 65536), }"),
    error: /at most 10000 columns, got 65536/,
  },
  {
    name: 'cube.npy',
    bytes: withHeader("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2, 1), }"),
    error: /a shape \[N\] or \[N, D\], got \[2, 2, 1\]/,
  },
  {
    name: 'scalar.npy',
    bytes: withHeader("{'descr': '<f8', 'fortran_order': False, 'shape': (), }"),
    error: /a shape \[N\] or \[N, D\], got \[\]/,
  },
  { name: 'none.npy', bytes: npyBytes([], [0, 3]), error: /rows of numbers, got an empty array of shape \[0, 3\]/ },
  {
    name: 'object.npy',
    bytes: withHeader("{'descr': '|O', 'fortran_order': False, 'shape': (2, 2), }"),
    error: /an object array is never loaded/,
  },
  {
    name: 'text2.npy',
    bytes: withHeader("{'descr': '<U8', 'fortran_order': False, 'shape': (2, 2), }"),
    error: /numbers of dtype .* got '<U8'/,
  },
  {
    name: 'half.npy',
    bytes: withHeader("{'descr': '<f2', 'fortran_order': False, 'shape': (2, 2), }"),
    error: /got '<f2'; convert it to float64/,
  },
  {
    name: 'fields.npy',
    bytes: withHeader("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (2,), }"),
    error: /a table with named fields/,
  },
  {
    name: 'code.npy',
    bytes: withHeader("{'descr': __import__('os').system('x'), 'fortran_order': False, 'shape': (2, 2), }"),
    error: /an NPY header of/,
  },
  { name: 'negative.npy', bytes: withHeader("{'descr': '<f8', 'fortran_order': False, 'shape': (-2, 2), }"), error: /an NPY header of/ },
  { name: 'same.npy', bytes: withHeader("{'descr': '<f8', 'descr': '<f8', 'shape': (2, 2), }"), error: /an NPY header of/ },
  {
    name: 'long.npy',
    bytes: npyBytes([2 ** 60], [1, 1], { descr: '<i8' }),
    error: /row 1, column 'x1': expected a whole number within 2\^53, got 1152921504606846976/,
  },
]

files.forEach(({ name, bytes, error, options, at }, k) =>
  s.test(`${name}: ${error.source}`, async () => {
    const path = join(folder, `${k}`)
    mkdirSync(path)
    writeFileSync(join(path, name), bytes)
    const thrown = await failure(async () => collect(await readTable(join(path, name), options)))
    ok(error.test(thrown.message), `${error} against ${thrown.message}`)
    ok(thrown.file.endsWith(name))
    for (const [field, value] of Object.entries(at ?? {})) is(thrown[field as 'row' | 'line' | 'column'], value)
  }),
)

const places: ReadonlyArray<readonly [string, () => string, RegExp]> = [
  ['missing', () => join(folder, 'nowhere.csv'), /nowhere\.csv: expected a file that can be read, got no such file/],
  ['a directory', () => folder, /expected a file, got a directory/],
  ['a device', () => '/dev/zero', /expected a file, got a device/],
  ['a path below a file', () => join(import.meta.filename, 'x.csv'), /expected a file that can be read/],
  ['an address', () => 'https://example.org/a.csv', /no such file/],
]
for (const [what, path, error] of places) s.test(`a path that is ${what}`, () => rejects(() => readTable(path()), error))

s.test('a pipe that nobody writes to is refused at once', async () => {
  const path = join(folder, 'pipe.csv')
  execFileSync('mkfifo', [path])
  await rejects(() => readTable(path), /expected a file, got a pipe/)
})

s.test('a file without permission', async () => {
  const path = join(folder, 'closed.csv')
  writeFileSync(path, 'a\n1\n')
  chmodSync(path, 0)
  if (process.getuid?.() === 0) return
  await rejects(() => readTable(path), /no permission to read it/)
})

s.test('a file that changes between two readings', async () => {
  const path = join(folder, 'grows.csv')
  writeFileSync(path, 'a\n1\n2\n')
  const source = await readTable(path)
  await collect(source)
  writeFileSync(path, 'a\n1\n2\n3\n')
  await rejects(() => collect(source), /grows\.csv: expected the file to stay as it is while it is read, got one that changed/)
})

s.test('a delimiter of several characters', () => {
  const path = join(folder, 'grows.csv')
  return rejects(() => readTable(path, { delimiter: ', ' }), /expected a delimiter of one character, got ", "/)
})

// tables in memory

const flat = Float64Array.of(1, 2, 3, 4, 5, 6)
const inMemory: ReadonlyArray<readonly [string, Rows, Parameters<typeof tableFrom>[1], RegExp]> = [
  ['no rows', [], {}, /rows: expected rows, got none/],
  ['numbers', [1, 2] as unknown as Rows, {}, /expected rows that are objects or lists, got numbers/],
  ['text', 'a,b' as unknown as Rows, {}, /expected rows, columns, .* got string/],
  ['an empty row', [{}], {}, /rows with columns, got an empty row/],
  ['a short list', [[1, 2], [3]], {}, /rows: row 2: expected 2 cells, got 1/],
  ['a list among objects', [{ a: 1 }, [2]], {}, /row 2: expected an object, as in row 1, got a list/],
  ['an object among lists', [[1], { a: 1 }], {}, /row 2: expected a list of cells, as in row 1, got an object/],
  ['null as a row', [{ a: 1 }, null as unknown as { a: number }], {}, /row 2: expected an object or a list of cells, got null/],
  ['text in a cell', [{ a: 1 }, { a: 'x' }], {}, /row 2, column 'a': expected a number, got 'x'/],
  ['a list in a cell', [{ a: [1] as unknown as number }], {}, /row 1, column 'a': expected a number, got a list/],
  ['a bigint', [{ a: 2n ** 60n }], {}, /got 1152921504606846976, beyond 2\^53/],
  ['unequal columns', { a: [1, 2], b: [1] }, {}, /column 'b': expected 2 values, as in 'a', got 1/],
  ['a column that is none', { a: [1, 2], b: 3 as unknown as number[] }, {}, /column 'b': expected a list of numbers, got a number/],
  ['no columns', {}, {}, /columns of numbers, got an empty record/],
  ['a flat array of unknown width', flat, {}, /the names of the columns, or the width, of a flat array, got neither/],
  ['a flat array of another width', flat, { width: 4 }, /a multiple of 4 values, got 6/],
  ['names for other columns', flat, { columns: ['a', 'b'], width: 3 }, /3 column names, got 2/],
  ['the same name twice', flat, { columns: ['a', 'a'] }, /distinct column names/],
  ['later rows without names', (async function* () {})(), {}, /the names of the columns of rows that come later/],
]
for (const [what, table, options, error] of inMemory)
  s.test(`rows in memory: ${what}`, () => rejects(async () => collect(tableFrom(table, options)), error))

// what cannot have a density

const wave = (i: number): number => Math.sin(i * 12.9898) * 43758.5453 - Math.floor(Math.sin(i * 12.9898) * 43758.5453)
const column = (count: number, value: (i: number) => number): ReadonlyArray<number> => Array.from({ length: count }, (_, i) => value(i))
const good = { a: column(100, i => wave(i)), b: column(100, i => wave(i + 1000)) }

const unfit: ReadonlyArray<readonly [string, Rows, PrepareOptions, RegExp]> = [
  ['one row', [{ a: 1, b: 2 }], {}, /rows: expected at least 20 usable rows, got 1$/],
  ['19 rows', { a: column(19, wave) }, {}, /at least 20 usable rows, got 19/],
  [
    '19 usable rows',
    { a: column(30, i => (i < 11 ? NaN : wave(i))) },
    { missing: 'drop' },
    /at least 20 usable rows, got 19 of 30 \(11 with missing values, 0 masked\)/,
  ],
  [
    'more columns than rows',
    column(30, i => i).map(i => column(40, j => wave(50 * i + j))),
    {},
    /more rows to train on than columns \(40\), got 24/,
  ],
  [
    'a constant column',
    { ...good, c: column(100, () => 7) },
    {},
    /column 'c': expected values that vary, got 7 in every row; leave the column out/,
  ],
  ['equal rows', { a: column(100, () => 1), b: column(100, () => 2) }, {}, /expected rows that differ, got 80 equal ones/],
  ['a column of last digits', { a: column(100, i => 1e9 + (i % 7) * 2 ** -23) }, {}, /vary in more than their last digits/],
  ['a column too small for float64', { a: column(100, i => wave(i) * 1e-200) }, {}, /vary in more than their last digits/],
  [
    'two equal columns',
    { ...good, c: good.a },
    {},
    /column 'c': expected values that 'a' does not determine, got the same values in every row/,
  ],
  [
    'two proportional columns',
    { ...good, c: good.a.map(x => 3 - 2 * x) },
    {},
    /column 'c': expected values that 'a' does not determine, got a correlation of -1/,
  ],
  ['a column and its condition', { ...good, c: good.a.map(x => 3 + 2 * x) }, { given: ['c'] }, /column 'c': .* got a correlation of 1/],
  [
    'a missing value',
    { a: [1, 2, NaN], b: [1, 2, 3] },
    {},
    /rows: row 3, column 'a': expected a finite number, got a missing value; drop such rows/,
  ],
  ['null', [{ a: 1 }, { a: null }], {}, /row 2, column 'a': expected a finite number, got a missing value/],
  ['an absent key', [{ a: 1, b: 1 }, { a: 1 }], {}, /row 2, column 'b': .* a missing value/],
  ['infinity', { a: [1, 2, -Infinity] }, {}, /row 3, column 'a': expected a finite number, got -Infinity/],
  ['1e31', { a: [1, 1e31] }, { missing: 'drop' }, /row 2, column 'a': expected a number within 1e30, got 1e\+31; rescale the column/],
  [
    'an unknown column',
    good,
    { columns: ['a', 'bb'] },
    /column 'bb': expected one of the columns 'a', 'b', got no such column; did you mean 'b'\?/,
  ],
  ['an unknown condition', good, { given: ['redshift'] }, /column 'redshift': expected one of the columns 'a', 'b', got no such column$/],
  ['an unknown group', good, { splitBy: 'A ' }, /column 'A ': .* did you mean 'a'\?/],
  ['a column twice', good, { columns: ['a', 'a'] }, /column 'a': expected each column to be selected once, got it twice/],
  [
    'a column on both sides',
    good,
    { columns: ['a', 'b'], given: ['b'] },
    /column 'b': expected a column to be modelled or conditioned on, got it in both/,
  ],
  ['only conditions', good, { given: ['a', 'b'] }, /at least one column to model, got none/],
  [
    'a cap',
    { a: column(1000, i => Math.min(0.9, wave(i))) },
    {},
    /column 'a': expected a column of continuous values, got 0.9 in 1\d?(\.\d)? % of the rows; .* mask/,
  ],
  ['rows written twice', { a: column(300, i => wave(i % 100)) }, {}, /column 'a': expected values that do not repeat.*are rows repeated\?/],
  ['one group', { ...good, g: column(100, () => 1) }, { splitBy: 'g' }, /rows for each part of the split, got none for \w+ from 1 groups/],
  ['a step of zero', good, { steps: { a: 0 } }, /column 'a': expected a positive step, got 0/],
  [
    'a step of a condition',
    good,
    { given: ['b'], steps: { b: 1 } },
    /column 'b': expected one of the modelled columns 'a', got none of them/,
  ],
  ['a fraction of one', good, { test: 1 }, /a test fraction in \[0, 0.5\], got 1/],
  ['a negative fraction', good, { validation: -0.1 }, /a validation fraction in \[0, 0.5\], got -0.1/],
  ['a fraction that is none', good, { validation: NaN }, /a validation fraction in \[0, 0.5\], got NaN/],
  ['no rows to train on', good, { validation: 0.5, test: 0.5 }, /some rows to train on/],
]
for (const [what, table, options, error] of unfit)
  s.test(`no density: ${what}`, () => rejects(() => prepare(tableFrom(table), options), error))

s.test('errors carry their parts, and the names that would have been right', async () => {
  const thrown = await failure(() => prepare(tableFrom(good), { columns: ['c'] }))
  equal(thrown.candidates, ['a', 'b'])
  is(thrown.name, 'DataError')
  is(thrown.column, 'c')
  is(thrown.actual, 'no such column')
})

s.test('text in a column that is not selected does not matter', async () => {
  const path = join(folder, 'text.csv')
  writeFileSync(path, 'name,a\n' + rows(30, i => `galaxy ${i},${wave(i)}`))
  const source = await readTable(path)
  is((await collect(select(source, ['a']))).rows, 30)
  await rejects(() => collect(source), /row 1, column 'name': expected a number, got 'galaxy 0' \(line 2\); select the columns of numbers/)
})

s.test('there are at least sixty cases', () => ok(files.length + inMemory.length + unfit.length >= 60))

s.run()
