import { open, realpath, rename, rm } from 'node:fs/promises'
import { dirname, extname } from 'node:path'
import { flagError } from '../failure.ts'
import { write, type Io } from '../io.ts'
import type { Matrix } from '@diffeo/train'
import { csvHeader, csvLines, type Texts } from './csv.ts'
import { npyBytes, npyHeader } from './npy.ts'
import { temporaryIn } from './place.ts'

/** A table that is written as its rows come. Until `finish` nothing of it stands at its place. */
export interface TableWriter {
  write(rows: Matrix): Promise<void>
  finish(): Promise<void>
  /** Takes back what was written. */
  abandon(): Promise<void>
}

export type TableFormat = 'csv' | 'tsv' | 'npy'

/**
 * The format that a file's ending says.
 *
 * @throws CliError when it is none of .csv, .tsv and .npy
 */
export const formatOf = (flag: string, path: string): TableFormat => {
  const ending = extname(path).toLowerCase()
  if (ending === '.csv' || ending === '.tsv' || ending === '.npy') return ending === '.csv' ? 'csv' : ending === '.tsv' ? 'tsv' : 'npy'
  throw flagError(flag, 'a name that ends in .csv, .tsv or .npy', `'${path}'`)
}

/** Rows as CSV on stdout. The header comes with the first of them, so that an error before it leaves nothing. */
export const stdoutTable = (io: Io, columns: ReadonlyArray<string>, texts: Texts = []): TableWriter => {
  const state = { begun: false }
  const header = (): string => {
    const text = state.begun ? '' : csvHeader(columns, ',')
    state.begun = true
    return text
  }
  return {
    write: rows => write(io.stdout, header() + csvLines(rows, ',', texts)),
    finish: () => write(io.stdout, header()),
    abandon: () => Promise.resolve(),
  }
}

/** Rows into a temporary file beside `path`, which takes its place when all are there. NPY files have no names of columns, and numbers only. */
export const fileTable = async (
  path: string,
  format: TableFormat,
  columns: ReadonlyArray<string>,
  texts: Texts = [],
): Promise<TableWriter> => {
  const target = await realpath(path).catch(() => path)
  const temporary = temporaryIn(dirname(target))
  const file = await open(temporary, 'wx')
  const delimiter = format === 'tsv' ? '\t' : ','
  let count = 0
  const abandon = async (): Promise<void> => {
    await file.close().catch(() => undefined)
    await rm(temporary, { force: true })
  }
  const guarded = async (body: () => Promise<unknown>): Promise<void> => {
    try {
      await body()
    } catch (thrown) {
      await abandon()
      throw thrown
    }
  }
  await guarded(() => (format === 'npy' ? file.write(npyHeader(0, columns.length)) : file.appendFile(csvHeader(columns, delimiter))))
  return {
    write: rows =>
      guarded(async () => {
        count += rows.rows
        await file.appendFile(format === 'npy' ? npyBytes(rows.values) : csvLines(rows, delimiter, texts))
      }),
    finish: () =>
      guarded(async () => {
        if (format === 'npy') await file.write(npyHeader(count, columns.length), 0, undefined, 0)
        await file.sync()
        await file.close()
        await rename(temporary, target)
      }),
    abandon,
  }
}
