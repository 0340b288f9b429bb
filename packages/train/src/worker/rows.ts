import { collect } from '../data/source.ts'
import type { Source } from '../data/source.ts'
import { sourceFrom, tableFrom } from '../data/table-from.ts'
import type { Data } from '../model/contract.ts'

/** Rows as they cross threads: as they are where they can be cloned, else the numbers of a table. */
export type SentRows =
  { readonly plain: unknown } | { readonly name: string; readonly columns: ReadonlyArray<string>; readonly values: Float64Array }

/**
 * Rows for another thread. A table that is read in chunks, a tensor and an asynchronous iterable are collected as numbers; all else is
 * cloned as it stands.
 *
 * @throws DataError where a table that must be collected holds text
 */
export const sentRows = async (rows: Data): Promise<SentRows> => {
  if (ArrayBuffer.isView(rows)) return { plain: alone(rows) }
  if (Array.isArray(rows)) return { plain: rows }
  const { chunks, data } = rows as { readonly chunks?: unknown; readonly data?: unknown }
  if (typeof chunks === 'function' || typeof data === 'function' || Symbol.asyncIterator in rows) {
    const source = await sourceFrom(rows)
    const { columns, values } = await collect(source)
    return { name: source.name, columns, values }
  }
  if (Symbol.iterator in rows) return { plain: [...rows] }
  return { plain: Object.fromEntries(Object.entries(rows).map(([name, list]) => [name, alone(list)])) }
}

/** What `sentRows` made, on the other side. */
export const receivedRows = (sent: SentRows): Data => {
  if ('plain' in sent) return sent.plain as Data // what `sentRows` was given
  const table: Source = tableFrom(sent.values, { columns: sent.columns })
  return { ...table, name: sent.name }
}

/** A typed array over a buffer of its own: a clone takes the whole buffer along. */
const alone = (list: unknown): unknown => {
  if (!ArrayBuffer.isView(list) || list.byteLength === list.buffer.byteLength || !('slice' in list)) return list
  return (list as Float64Array).slice() // any typed array has it
}
