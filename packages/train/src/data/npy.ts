import { DataError, quoted } from './error.ts'
import { reading, withReader, type DataFile, type Reader } from './file.ts'
import { checkedNames, positionalNames } from './names.ts'
import { labelReader, numberReader } from './number.ts'
import { allFields, chunkSize, maxColumns, type Chunk, type Field, type Source } from './source.ts'

/** What an NPY header says. */
interface Header {
  readonly kind: string
  readonly bytes: number
  readonly little: boolean
  readonly columnMajor: boolean
  readonly rows: number
  readonly width: number
  /** The offset of the first value. */
  readonly start: number
}

/**
 * An NPY file (versions 1 to 3) that holds [N] or [N, D] numbers: f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 b1, of either byte order, in C
 * or Fortran order. It is read by its positions, a chunk at a time.
 *
 * @throws DataError when the header is no such thing or the file has another length than it says
 */
export const readNpy = async (file: DataFile, { names }: { readonly names?: ReadonlyArray<string> } = {}): Promise<Source> => {
  const header = await headerOf(file)
  if (names !== undefined && names.length !== header.width)
    throw new DataError({ file: file.name, expected: `${header.width} names, one for each column`, actual: `${names.length}` })
  const columns = checkedNames(file.name, names ?? positionalNames(header.width))
  return {
    name: file.name,
    columns,
    count: header.rows,
    chunks: (size, fields = allFields(columns)) =>
      reading(file, reader => npyChunks(file.name, reader, header, columns, chunkSize(size, header.width), fields)),
  }
}

async function* npyChunks(
  name: string,
  reader: Reader,
  header: Header,
  columns: ReadonlyArray<string>,
  size: number,
  fields: ReadonlyArray<Field>,
): AsyncGenerator<Chunk, void, undefined> {
  const { bytes, rows, width, start, columnMajor } = header
  for (let first = 0; first < rows; first += size) {
    const taken = Math.min(size, rows - first)
    const values = new Float64Array(taken * fields.length)
    const block = columnMajor ? undefined : await reader.read(start + first * width * bytes, taken * width * bytes)
    for (const [j, { column, as }] of fields.entries()) {
      const data = block ?? (await reader.read(start + (column * rows + first) * bytes, taken * bytes))
      const read = as === 'label' ? labelReader([]) : numberReader([])
      const element = elementReader(header, data)
      for (let i = 0; i < taken; i++) {
        const cell = element(block === undefined ? i : i * width + column)
        const value = typeof cell === 'number' ? cell : read(cell)
        if (value === undefined)
          throw new DataError({
            file: name,
            row: first + i + 1,
            column: columns[column],
            expected: 'a whole number within 2^53',
            actual: String(cell),
          })
        values[i * fields.length + j] = value
      }
    }
    yield { firstRow: first + 1, rows: taken, values }
  }
}

/** The i-th element of `data`, as the number it is; a 64-bit integer as a bigint. */
const elementReader = ({ kind, bytes, little }: Header, data: Buffer): ((i: number) => number | bigint) => {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  switch (`${kind}${bytes}`) {
    case 'f4':
      return i => view.getFloat32(4 * i, little)
    case 'f8':
      return i => view.getFloat64(8 * i, little)
    case 'i1':
      return i => view.getInt8(i)
    case 'i2':
      return i => view.getInt16(2 * i, little)
    case 'i4':
      return i => view.getInt32(4 * i, little)
    case 'i8':
      return i => view.getBigInt64(8 * i, little)
    case 'u2':
      return i => view.getUint16(2 * i, little)
    case 'u4':
      return i => view.getUint32(4 * i, little)
    case 'u8':
      return i => view.getBigUint64(8 * i, little)
    case 'b1':
      return i => (view.getUint8(i) === 0 ? 0 : 1)
    default:
      return i => view.getUint8(i)
  }
}

const kinds = /^([<>|])(f4|f8|i1|i2|i4|i8|u1|u2|u4|u8|b1)$/

const headerOf = async (file: DataFile): Promise<Header> => {
  const problem = (expected: string, actual: string, advice?: string): DataError =>
    new DataError({ file: file.name, expected, actual, advice })
  const major = file.head[6] ?? 0
  const prefix = major === 1 ? 10 : 12
  if (file.head.length < prefix) throw problem('a whole NPY header', `a file of ${file.size} bytes`)
  if (major < 1 || major > 3) throw problem('NPY version 1, 2 or 3', `version ${major}`)
  const length = major === 1 ? file.head.readUInt16LE(8) : file.head.readUInt32LE(8)
  const start = prefix + length
  if (length > 65_535) throw problem('an NPY header of at most 65,535 bytes', `${length}`)
  if (start > file.size) throw problem(`an NPY header of ${length} bytes`, `a file of ${file.size} bytes`)
  const text = (await withReader(file, reader => reader.read(prefix, length))).toString('latin1')
  const said = dictionary(text)
  if (said === undefined)
    throw problem(
      "an NPY header of 'descr', 'fortran_order' and 'shape'",
      quoted(text.trim()),
      'a table with named fields? save its columns as CSV or Parquet',
    )
  const kind = kinds.exec(said.descr)
  if (kind === null)
    throw problem(
      'numbers of dtype f4, f8, i1 to i8, u1 to u8 or b1',
      quoted(said.descr),
      said.descr === '|O' ? 'an object array is never loaded' : 'convert it to float64',
    )
  const [rows, width] = [said.shape[0] ?? -1, said.shape[1] ?? 1]
  if (said.shape.length < 1 || said.shape.length > 2) throw problem('a shape [N] or [N, D]', `[${said.shape.join(', ')}]`)
  if (rows === 0 || width === 0) throw problem('rows of numbers', `an empty array of shape [${said.shape.join(', ')}]`)
  if (width > maxColumns) throw problem(`at most ${maxColumns} columns`, `${width}`)
  const bytes = Number(kind[2]!.slice(1))
  if (start + rows * width * bytes !== file.size)
    throw problem(
      `${start + rows * width * bytes} bytes for the shape [${said.shape.join(', ')}]`,
      `${file.size}`,
      file.size < start + rows * width * bytes ? 'the file is truncated' : 'it holds more than one array',
    )
  return { kind: kind[2]![0]!, bytes, little: kind[1] !== '>', columnMajor: said.fortran && width > 1, rows, width, start }
}

interface Dictionary {
  readonly descr: string
  readonly fortran: boolean
  readonly shape: ReadonlyArray<number>
}

/** The three entries of the Python literal in an NPY header, in any order, each once; undefined where it is anything else. */
const dictionary = (text: string): Dictionary | undefined => {
  const entry = `'(?:descr|fortran_order|shape)'\\s*:\\s*(?:'[^'\\\\]{1,16}'|True|False|\\(\\s*(?:\\d{1,15}\\s*(?:,\\s*\\d{1,15}\\s*)*,?)?\\s*\\))`
  if (!new RegExp(`^\\s*\\{\\s*${entry}(?:\\s*,\\s*${entry}){2}\\s*,?\\s*\\}\\s*$`).test(text)) return undefined
  const descr = /'descr'\s*:\s*'([^']*)'/.exec(text)?.[1]
  const fortran = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1]
  const shape = /'shape'\s*:\s*\(([^)]*)\)/.exec(text)?.[1]
  if (descr === undefined || fortran === undefined || shape === undefined) return undefined
  const sizes = shape.split(',').filter(part => part.trim() !== '')
  return { descr, fortran: fortran === 'True', shape: sizes.map(Number) }
}
