import type { CsvOptions } from './csv.ts'
import type { Format } from './magic.ts'
import type { Source } from './source.ts'

/** How a file is to be read. */
export interface ReadOptions extends CsvOptions {
  /** Unless said, by the file's ending, else by its first bytes, else CSV. */
  readonly format?: Format
}

/**
 * Opens a table of numbers: CSV, TSV, NPY or Parquet. Only its beginning is read now; its rows are read, in a stream, each
 * time they are asked for, and only the columns asked for are converted.
 *
 * @throws DataError naming file, row, line and column when it is no table of numbers
 * @example const galaxies = await readTable('galaxies.csv')
 */
export const readTable = async (path: string, options: ReadOptions = {}): Promise<Source> => {
  // loaded when first needed, so that a page that has its rows in memory bundles no file system
  const { inspectFile } = await import('./file.ts')
  const { formatOf } = await import('./magic.ts')
  const file = await inspectFile(path)
  const format = formatOf(file, options.format)
  switch (format) {
    case 'csv':
    case 'tsv':
      return (await import('./csv.ts')).readCsv(file, { ...options, tab: format === 'tsv' })
    case 'npy':
      return (await import('./npy.ts')).readNpy(file, options)
    case 'parquet':
      return (await import('./parquet.ts')).readParquet(file, options)
    default:
      return format satisfies never
  }
}
