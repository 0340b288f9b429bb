import { DataError } from './error.ts'
import type { DataFile } from './file.ts'

/** The formats that `readTable` reads. */
export type Format = 'csv' | 'tsv' | 'npy' | 'parquet'

interface Magic {
  readonly what: string
  readonly format?: Format
  readonly advice?: string
  matches(head: Buffer): boolean
}

const begins =
  (...bytes: ReadonlyArray<number | string>) =>
  (head: Buffer): boolean => {
    const expected = Buffer.concat(bytes.map(b => (typeof b === 'string' ? Buffer.from(b, 'latin1') : Buffer.of(b))))
    return head.length >= expected.length && head.subarray(0, expected.length).equals(expected)
  }

const text =
  (pattern: RegExp) =>
  (head: Buffer): boolean =>
    pattern.test(head.subarray(0, 256).toString('latin1'))

const unpack = 'decompress it first'

/** What files begin with. The first two are read; the others are named in the error. */
const magics: ReadonlyArray<Magic> = [
  { what: 'a Parquet file', format: 'parquet', matches: begins('PAR1') },
  { what: 'an NPY file', format: 'npy', matches: begins(0x93, 'NUMPY') },
  { what: 'an encrypted Parquet file', matches: begins('PARE') },
  { what: 'a gzip archive', advice: unpack, matches: begins(0x1f, 0x8b) },
  { what: 'a zip archive (xlsx, npz, ...)', advice: 'save the table in it as CSV, NPY or Parquet', matches: begins('PK', 3, 4) },
  { what: 'a zstd archive', advice: unpack, matches: begins(0x28, 0xb5, 0x2f, 0xfd) },
  { what: 'a bzip2 archive', advice: unpack, matches: head => begins('BZh')(head) && begins(0x31, 0x41, 0x59)(head.subarray(4)) },
  { what: 'an xz archive', advice: unpack, matches: begins(0xfd, '7zXZ') },
  { what: 'a PNG image', matches: begins(0x89, 'PNG') },
  { what: 'a JPEG image', matches: begins(0xff, 0xd8, 0xff) },
  { what: 'a PDF document', matches: begins('%PDF-') },
  { what: 'an HDF5 file', matches: begins(0x89, 'HDF') },
  { what: 'an SQLite database', matches: begins('SQLite format 3') },
  { what: 'an Arrow file', matches: begins('ARROW1') },
  { what: 'a Feather file', matches: begins('FEA1') },
  { what: 'an Excel 97 file', matches: begins(0xd0, 0xcf, 0x11, 0xe0) },
  { what: 'a program', matches: begins(0x7f, 'ELF') },
  { what: 'a Python pickle', advice: 'a pickle is never loaded', matches: head => begins(0x80)(head) && head[1]! >= 2 && head[1]! <= 5 },
  { what: 'UTF-16 text', advice: 'save it as UTF-8', matches: head => begins(0xff, 0xfe)(head) || begins(0xfe, 0xff)(head) },
  { what: 'an HTML or XML page', matches: text(/^\s*<(!doctype|html|\?xml|!--)/i) },
  { what: 'JSON', matches: text(/^\s*[[{]\s*["\d{[-]/) },
]

const endings: { readonly [ending: string]: Format } = {
  csv: 'csv',
  tsv: 'tsv',
  tab: 'tsv',
  npy: 'npy',
  parquet: 'parquet',
  pq: 'parquet',
}

const title: { readonly [F in Format]: string } = { csv: 'CSV text', tsv: 'TSV text', npy: 'an NPY file', parquet: 'a Parquet file' }

/**
 * The format of a file: what the caller says, else its ending, else what it begins with, else CSV.
 *
 * @throws DataError when the file's first bytes say otherwise
 */
export const formatOf = (file: DataFile, wanted?: Format): Format => {
  const found = magics.find(magic => magic.matches(file.head))
  const ending = /\.([^.]+)$/.exec(file.name)?.[1]?.toLowerCase() ?? ''
  const format = wanted ?? (Object.hasOwn(endings, ending) ? endings[ending]! : (found?.format ?? 'csv'))
  const fits = format === 'npy' || format === 'parquet' ? found?.format === format : found === undefined
  if (fits) return format
  throw new DataError({
    file: file.name,
    expected: title[format],
    actual: found?.what ?? 'something else',
    advice: found?.advice ?? (found?.format === undefined ? undefined : `rename it, or say format '${found.format}'`),
  })
}
