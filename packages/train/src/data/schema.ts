import * as t from 'io-ts'

/** How one column is preprocessed, in float64: z = (x - shift) / scale. */
export interface ColumnSchema {
  readonly name: string
  readonly shift: number
  /** Positive. */
  readonly scale: number
  /** Values repeat on multiples of this; uniform noise on [0, step) was added before standardizing. Null where none was. */
  readonly step: number | null
  /** Values that many rows shared and that were masked: the density is that of rows without them. */
  readonly atoms: ReadonlyArray<number>
}

/** What a model knows of its table: the event's columns, the conditioning ones, and what to do with a missing value. */
export interface Schema {
  readonly columns: ReadonlyArray<ColumnSchema>
  readonly given: ReadonlyArray<ColumnSchema>
  readonly missing: 'refuse' | 'drop'
}

/** The names of a schema's columns in the order of a row: the event's, then the conditioning ones. */
export const schemaColumns = ({ columns, given }: Schema): ReadonlyArray<string> => [...columns, ...given].map(column => column.name)

const refined = <A>(name: string, base: t.Type<A>, holds: (a: A) => boolean): t.Type<A> =>
  new t.Type<A>(
    name,
    (u): u is A => base.is(u) && holds(u),
    (u, c) => {
      const decoded = base.validate(u, c)
      return decoded._tag === 'Left' || holds(decoded.right) ? decoded : t.failure(u, c)
    },
    a => a,
  )

const finite = refined('finite number', t.number, Number.isFinite)
const positive = refined('positive number', t.number, x => Number.isFinite(x) && x > 0)
// eslint-disable-next-line no-control-regex -- control characters are what it looks for
const columnName = refined('column name', t.string, name => name !== '' && name !== '__proto__' && !/[\u0000-\u001f\u007f]/.test(name))

const columnCodec: t.Type<ColumnSchema> = t.strict(
  { name: columnName, shift: finite, scale: positive, step: t.union([positive, t.null], 'step'), atoms: t.readonlyArray(finite, 'atoms') },
  'ColumnSchema',
)

const fieldsCodec: t.Type<Schema> = t.strict(
  {
    columns: t.readonlyArray(columnCodec, 'columns'),
    given: t.readonlyArray(columnCodec, 'given'),
    missing: t.union([t.literal('refuse'), t.literal('drop')], "'refuse' | 'drop'"),
  },
  'Schema',
)

const isTable = (schema: Schema): boolean =>
  schema.columns.length > 0 && new Set(schemaColumns(schema)).size === schemaColumns(schema).length

/** Reads a schema from a model file: finite shifts, positive scales, distinct column names, at least one event column. */
export const schemaCodec: t.Type<Schema> = refined('Schema of distinct columns', fieldsCodec, isTable)
