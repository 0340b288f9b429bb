import { parseJson } from '@diffeo/codec'
import { readFileBounded } from '@diffeo/codec/node'
import type { ColumnKinds } from '@diffeo/train'
import * as E from 'fp-ts/lib/Either.js'
import { resolve } from 'node:path'
import { CliError } from '../failure.ts'

/** Larger files are no schemas. */
const mostBytes = 4 * 2 ** 20

/**
 * Reads kinds by column from a JSON file: `{ "wind": "degrees", "city": "categorical" }`. What they say is checked with the table.
 *
 * @throws CliError naming the file and what is wrong with it
 */
export const readKinds = async (path: string, cwd: string): Promise<ColumnKinds> => {
  const bytes = await readFileBounded(resolve(cwd, path), mostBytes)
  if (E.isLeft(bytes)) throw new CliError(`--schema: ${path}: expected ${bytes.left[0]?.expected}, got ${bytes.left[0]?.actual}`)
  const json = parseJson(new TextDecoder().decode(bytes.right))
  if (E.isLeft(json)) throw new CliError(`--schema: ${path}: expected ${json.left[0]?.expected}, got ${json.left[0]?.actual}`)
  const kinds: unknown = json.right
  if (typeof kinds !== 'object' || kinds === null || Array.isArray(kinds))
    throw new CliError(`--schema: ${path}: expected a record of kinds by column, such as { "wind": "degrees" }, got another value`)
  const odd = Object.entries(kinds).find(([, kind]) => typeof kind !== 'string' && (typeof kind !== 'object' || kind === null))
  if (odd !== undefined)
    throw new CliError(`--schema: ${path}: expected a kind for '${odd[0]}', such as "positive", got ${JSON.stringify(odd[1])}`)
  return kinds as ColumnKinds // each is a text or a record, which the library checks
}
