import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'

/** What a long run has found so far, by name, in a file that the next run reads. */
export interface Kept<A> {
  readonly of: (id: string) => A | undefined
  /** Writes the file, and gives back what is kept. */
  readonly as: (id: string, found: A) => A
}

const root = fileURLToPath(new URL('../..', import.meta.url))

/** A hash of the sources of what is tested: what was found on others says nothing of these. */
const sources = (): string => {
  const hash = createHash('sha256')
  const files = ['core', 'program', 'wasm'].flatMap(name =>
    readdirSync(join(root, 'packages', name, 'src'), { recursive: true, encoding: 'utf8' }).map(file =>
      join('packages', name, 'src', file),
    ),
  )
  files
    .filter(file => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .sort()
    .forEach(file => hash.update(file).update(readFileSync(join(root, file))))
  return hash.digest('hex').slice(0, 12)
}

/** @param isFresh whether to forget what the file holds */
export const keptIn = <A>(file: string, isFresh: boolean): Kept<A> => {
  const path = join(root, '.cache', file)
  const all: { [id: string]: A } = !isFresh && existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as { [id: string]: A }) : {}
  const version = sources()
  const named = (id: string): string => `${version}: ${id}`
  return {
    of: id => (Object.hasOwn(all, named(id)) ? all[named(id)] : undefined),
    as: (id, found) => {
      all[named(id)] = found
      mkdirSync(join(root, '.cache'), { recursive: true })
      writeFileSync(path, JSON.stringify(all, null, 1))
      return found
    },
  }
}
