import { notNumber } from './not-number.ts'
import { allFields, chunkSize, type Chunk, type Field, type Source } from './source.ts'

/** A table of more cells than these (32 MiB) is not held. */
const mostCells = 2 ** 22

/** A whole table in memory, with the texts that stand in it. */
interface Held {
  readonly rows: number
  readonly values: Float64Array
  readonly lines: Float64Array | undefined
  /** By column: the texts, by the labels that stand for them. */
  readonly texts: ReadonlyArray<ReadonlyMap<number, string>>
}

/**
 * The same table, read from its file once: the first reading holds its cells, later ones take them from there. Tables of more than 2^22
 * cells are read anew each time.
 */
export const heldSource = (source: Source): Source => {
  const width = source.columns.length
  const readOnce = once(() => hold(source))
  const chunks: Source['chunks'] = async function* (size, fields = allFields(source.columns)) {
    const step = chunkSize(size, width)
    const held = await readOnce()
    if (held === undefined) {
      yield* source.chunks(step, fields)
      return
    }
    for (let first = 0; first < held.rows; first += step) yield chunkOf(source, held, first, Math.min(step, held.rows - first), fields)
  }
  return { ...source, chunks }
}

const once = <A>(f: () => Promise<A>): (() => Promise<A>) => {
  const state: { value?: Promise<A> } = {}
  return () => (state.value ??= f())
}

const hold = async (source: Source): Promise<Held | undefined> => {
  const width = source.columns.length
  const texts = source.columns.map(() => new Map<number, string>())
  const fields = source.columns.map((_, column): Field => ({
    column,
    as: 'label',
    onText: (text, label) => texts[column]!.set(label, text),
  }))
  const parts: Chunk[] = []
  let rows = 0
  for await (const chunk of source.chunks(undefined, fields)) {
    rows += chunk.rows
    if (rows * width > mostCells) return undefined
    parts.push(chunk)
  }
  const values = new Float64Array(rows * width)
  const lines = parts.every(part => part.lines !== undefined) ? new Float64Array(rows) : undefined
  let at = 0
  for (const part of parts) {
    values.set(part.values, at * width)
    lines?.set(part.lines!, at)
    at += part.rows
  }
  return { rows, values, lines, texts }
}

const chunkOf = (source: Source, { values, lines, texts }: Held, first: number, rows: number, fields: ReadonlyArray<Field>): Chunk => {
  const width = source.columns.length
  const out = new Float64Array(rows * fields.length)
  fields.forEach(({ column, as, onText }, j) => {
    const names = texts[column]!
    for (let i = 0; i < rows; i++) {
      const value = values[(first + i) * width + column]!
      out[i * fields.length + j] = value
      const text = names.size === 0 ? undefined : names.get(value)
      if (text === undefined) continue
      if (as === 'number') throw notNumber(source.name, text, first + i + 1, lines?.[first + i], source.columns[column]!)
      onText?.(text, value)
    }
  })
  return { firstRow: first + 1, rows, values: out, ...(lines !== undefined && { lines: lines.subarray(first, first + rows) }) }
}
