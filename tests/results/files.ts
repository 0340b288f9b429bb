import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { matrix, readTable } from 'diffeo'
import type { Matrix } from 'diffeo'

/** The checksums of the files, as `sha256sum -c` reads them. */
export const sums: ReadonlyMap<string, string> = new Map(
  readFileSync(fileURLToPath(new URL('SHA256SUMS', import.meta.url)), 'utf8')
    .split('\n')
    .filter(line => line !== '')
    .map(line => [line.slice(66), line.slice(0, 64)]),
)

/**
 * Reads the data's files, each a table of numbers in NPY.
 *
 * @throws RangeError where a file is missing or is not the one that the results were made from
 */
export const readerOf =
  (folder: string, known: ReadonlyMap<string, string> = sums) =>
  async (file: string): Promise<Matrix> => {
    const path = join(folder, file)
    if (!existsSync(path))
      throw new RangeError(`results: expected ${file} in ${folder}, got no such file; docs/results.md says where each file comes from`)
    const sum = createHash('sha256').update(readFileSync(path)).digest('hex')
    if (sum !== known.get(file))
      throw new RangeError(
        `results: expected ${file} with the SHA-256 ${known.get(file) ?? 'of tests/results/SHA256SUMS'}, got ${sum}; these are other data, or they were written otherwise`,
      )
    const table = await readTable(path)
    const width = table.columns.length
    const chunks: Float64Array[] = []
    for await (const { values } of table.chunks()) chunks.push(values.slice())
    const values = new Float64Array(chunks.reduce((sum, { length }) => sum + length, 0))
    chunks.reduce((at, chunk) => (values.set(chunk, at), at + chunk.length), 0)
    return matrix(values.length / width, width, values)
  }
