import * as t from 'io-ts'
import { kindCodec } from '../table/kind.ts'
import type { ColumnKind } from '../table/kind.ts'

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
  /** What its values are; real numbers where it is not said. */
  readonly kind?: ColumnKind
  /** Cells of it may be missing: rows are then scored by their other columns. */
  readonly missing?: true
  /** A circle that is cut open, at `shift`. */
  readonly cut?: true
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

const requiredCodec: t.Type<ColumnSchema> = t.strict(
  { name: columnName, shift: finite, scale: positive, step: t.union([positive, t.null], 'step'), atoms: t.readonlyArray(finite, 'atoms') },
  'ColumnSchema',
)

const wholeKind = refined('a kind of column', kindCodec, kind => kind._tag !== 'categorical' || kind.categories !== undefined)
const optional: { readonly [field: string]: t.Mixed } = { kind: wholeKind, missing: t.literal(true), cut: t.literal(true) }

/** The fields that a column need not have stand beside those that it must. */
const columnCodec: t.Type<ColumnSchema> = new t.Type<ColumnSchema>(
  'ColumnSchema',
  (u): u is ColumnSchema =>
    requiredCodec.is(u) && Object.entries(optional).every(([name, codec]) => !Object.hasOwn(u, name) || codec.is(u[name as 'kind'])),
  (u, context) => {
    const required = requiredCodec.validate(u, context)
    if (required._tag === 'Left') return required
    const record = u as { readonly [field: string]: unknown }
    const read = Object.entries(optional)
      .filter(([name]) => Object.hasOwn(record, name))
      .map(([name, codec]) => [name, codec.validate(record[name], t.appendContext(context, name, codec, record[name]))] as const)
    const errors = read.flatMap(([, result]) => (result._tag === 'Left' ? result.left : []))
    if (errors.length > 0) return t.failures(errors)
    const fields = read.flatMap(([name, result]) => (result._tag === 'Right' ? [[name, result.right] as const] : []))
    return t.success({ ...required.right, ...Object.fromEntries(fields) })
  },
  t.identity,
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
