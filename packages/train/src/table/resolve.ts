import { nearest } from '@diffeo/codec'
import { DataError, quoted } from '../data/error.ts'
import { listed, type Source } from '../data/source.ts'
import { categoriesOf, inferSchema } from './infer.ts'
import { parseDeclaration } from './kind-text.ts'
import { kindCodec, mostCategories } from './kind.ts'
import type { ColumnDeclaration, ColumnKind, TableSchema } from './kind.ts'
import { profileOf } from './profile.ts'

/** Kinds of some columns, as text (`'degrees'`, `'bounded(0, 100)?'`) or as data. */
export type ColumnKinds = { readonly [column: string]: string | ColumnKind | ColumnDeclaration }

/** What a person says of a table's columns: `'infer'`, or the kinds of some of them. */
export type SchemaOption = 'infer' | ColumnKinds

/**
 * A schema for all `columns`: what was said of them, or else (with 'infer') what their values tell, or else real. Categories that were not
 * listed are those of the table.
 *
 * @param corrections kinds that go before what is inferred
 * @throws DataError naming a column that is not there, a declaration that is none, or a categorical column without two categories
 */
export const resolveSchema = async (
  source: Source,
  columns: ReadonlyArray<string>,
  option: SchemaOption,
  corrections: ColumnKinds = {},
): Promise<TableSchema> => {
  const said = { ...(option === 'infer' ? {} : option), ...corrections }
  const unknown = Object.keys(said).find(name => !columns.includes(name))
  if (unknown !== undefined) {
    const near = nearest(unknown, columns)
    throw new DataError({
      file: source.name,
      column: unknown,
      expected: `one of the columns ${listed(columns)}`,
      actual: source.columns.includes(unknown) ? 'one that is not used' : 'no such column',
      advice: near === undefined ? undefined : `did you mean ${quoted(near)}?`,
    })
  }
  const open = columns.filter(name => !Object.hasOwn(said, name))
  const inferred = option === 'infer' && open.length > 0 ? await inferSchema(source, open) : {}
  return withCategories(
    source,
    Object.fromEntries(
      columns.map(name => [name, Object.hasOwn(said, name) ? declared(source, name, said[name]!) : (inferred[name] ?? real)]),
    ),
  )
}

const real: ColumnDeclaration = { kind: { _tag: 'real' }, missing: false }

const declared = (source: Source, column: string, said: string | ColumnKind | ColumnDeclaration): ColumnDeclaration => {
  const problem = (expected: string, advice?: string): DataError =>
    new DataError({ file: source.name, column, expected, actual: quoted(typeof said === 'string' ? said : JSON.stringify(said)), advice })
  if (typeof said === 'string') {
    const parsed = parseDeclaration(said)
    if ('declaration' in parsed) return parsed.declaration
    throw problem(parsed.expected, parsed.advice)
  }
  if (kindCodec.is(said)) return { kind: said, missing: false }
  if (typeof said === 'object' && 'kind' in said && kindCodec.is(said.kind)) return { kind: said.kind, missing: said.missing === true }
  throw problem('a kind of column')
}

/** The schema with the categories of the table where none are listed. */
const withCategories = async (source: Source, schema: TableSchema): Promise<TableSchema> => {
  const open = Object.keys(schema).filter(name => {
    const { kind } = schema[name]!
    return kind._tag === 'categorical' && kind.categories === undefined
  })
  if (open.length === 0) return schema
  const profiles = await profileOf(source, open)
  const filled = profiles.map(profile => {
    const { name, counts } = profile
    if (counts.distinct < 2 || counts.distinct > mostCategories)
      throw new DataError({
        file: source.name,
        column: name,
        expected: `2 to ${mostCategories} categories`,
        actual: `${counts.distinct}`,
        advice: 'leave the column out',
      })
    return [name, { ...schema[name]!, kind: { _tag: 'categorical', categories: categoriesOf(profile) } }] as const
  })
  return { ...schema, ...Object.fromEntries(filled) }
}
