import { columnIndex } from '../data/source.ts'
import type { Field, Source } from '../data/source.ts'
import { rowSample } from '../data/row-sample.ts'
import { valueCounter } from '../data/value-counts.ts'
import type { ValueCounts } from '../data/value-counts.ts'

/** What one reading tells of the cells of a column, whatever they are. */
export interface ColumnProfile {
  readonly name: string
  readonly rows: number
  readonly missing: number
  /** Cells that are text, and the texts by the labels that stand for them. */
  readonly texts: ReadonlyMap<number, string>
  readonly textCells: number
  /** Whether every number is a whole one. */
  readonly whole: boolean
  readonly min: number
  readonly max: number
  /** Of texts and numbers: exact up to 65,536 distinct values. */
  readonly counts: ValueCounts
  /** Up to 4,096 numbers. */
  readonly sample: Float64Array
}

const mostTexts = 4096

/**
 * Reads a table once and looks at its columns. No cell is refused: that is for later.
 *
 * @throws DataError when a column is unknown
 */
export const profileOf = async (source: Source, columns: ReadonlyArray<string>): Promise<ReadonlyArray<ColumnProfile>> => {
  const gathered = columns.map(() => columnGatherer())
  const fields = columns.map((name, j): Field => ({
    column: columnIndex(source, name),
    as: 'label',
    onText: (text, label) => gathered[j]!.text(text, label),
  }))
  for await (const { rows, values } of source.chunks(undefined, fields))
    for (let i = 0; i < rows; i++) for (let j = 0; j < columns.length; j++) gathered[j]!.add(values[i * columns.length + j]!)
  return gathered.map(({ result }, j) => result(columns[j]!))
}

interface Gatherer {
  text(text: string, label: number): void
  add(value: number): void
  result(name: string): ColumnProfile
}

const columnGatherer = (): Gatherer => {
  const texts = new Map<number, string>()
  const counter = valueCounter(2 ** 16)
  const sample = rowSample(1, 4096)
  let [rows, missing, textCells, whole, min, max] = [0, 0, 0, true, Infinity, -Infinity]
  return {
    text: (text, label) => {
      if (texts.size < mostTexts) texts.set(label, text)
    },
    add: value => {
      rows += 1
      if (!Number.isFinite(value)) {
        missing += 1
        return
      }
      counter.add(value)
      if (texts.has(value) || (texts.size === mostTexts && value > 2 ** 52)) {
        textCells += 1
        return
      }
      whole &&= Number.isSafeInteger(value)
      if (value < min) min = value
      if (value > max) max = value
      sample.add(Float64Array.of(value), 0)
    },
    result: name => ({ name, rows, missing, texts, textCells, whole, min, max, counts: counter.result(), sample: sample.result().values }),
  }
}
