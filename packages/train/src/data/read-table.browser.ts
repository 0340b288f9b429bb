import type { ReadOptions } from './read-table.ts'
import type { Source } from './source.ts'

/**
 * In a page there are no paths.
 *
 * @throws Error that says what takes its place
 */
export const readTable = async (path: string, _options: ReadOptions = {}): Promise<Source> => {
  throw new Error(
    `readTable: expected the file system of Node, got a page, and ${JSON.stringify(path)}; fetch or pick the file, and give its rows or columns to fit`,
  )
}
