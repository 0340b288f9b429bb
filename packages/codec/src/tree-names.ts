import * as E from 'fp-ts/lib/Either.js'
import type { Either } from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { paths } from '@diffeo/core'
import type { Path, Tree } from '@diffeo/core'
import { decodeError, failure, halt, halting, under } from './decode-error.ts'
import type { DecodeErrors } from './decode-error.ts'
import { parseJson } from './json.ts'
import type { Json } from './json.ts'
import { describe, describeData } from './printable.ts'
import type { SafetensorsFile } from './safetensors.ts'
import type { TensorData } from './tensor-data.ts'
import { nameFault, treeLimits } from './tree-data.ts'
import type { TreeData } from './tree-data.ts'

/** The metadata key under which a file keeps the structure of the tree that its tensors make: JSON with null for each leaf. */
export const structureKey = 'tree'

/**
 * A tree as the tensors of a file. Their names are the paths, `bijector.bijectors.0.w`, in which a `.` or `~` of a key is written
 * `~1` or `~0`; a tree that is one leaf is named `$`. The structure stands in the metadata, so that lists and records, the order
 * of keys, and empty branches survive.
 */
export const nameLeaves = ({ structure, leaves }: TreeData): SafetensorsFile => ({
  tensors: new Map(leafNames(structure).map((name, i) => [name, leaves[i]!])),
  metadata: { [structureKey]: JSON.stringify(structure) },
})

/**
 * The tree that a file's tensors make. Without a structure in the metadata (a file from another program) it is read off the
 * names: the children of a branch are a list if their names are 0, 1, ..., n - 1.
 */
export const treeFromNames = ({ tensors, metadata }: SafetensorsFile): Either<DecodeErrors, TreeData> => {
  const text = metadata[structureKey]
  return pipe(
    text === undefined ? inferStructure([...tensors.keys()]) : readStructure(text),
    E.chain(structure => {
      const names = leafNames(structure)
      const known = new Set(names)
      const extra = [...tensors.keys()].filter(name => !known.has(name))
      const missing = names.filter(name => !tensors.has(name))
      const errors = [
        ...missing.map(name => decodeError([name], 'a tensor', 'nothing')),
        ...extra.map(name => decodeError([name], 'no tensor of this name', 'one')),
      ]
      return errors.length > 0 ? E.left(errors) : E.right({ structure, leaves: names.map((name): TensorData => tensors.get(name)!) })
    }),
  )
}

const leafNames = (structure: Tree<null>): ReadonlyArray<string> => paths(structure).map(leafName)

const leafName = (path: Path): string =>
  path.length === 0 ? '$' : path.map(step => String(step).replaceAll('~', '~0').replaceAll('.', '~1')).join('.')

const readStructure = (text: string): Either<DecodeErrors, Tree<null>> =>
  pipe(
    parseJson(text, { depth: treeLimits.depth, branches: treeLimits.nodes, scalars: treeLimits.nodes }),
    E.chain(json => halting(() => checkStructure(json, []))),
    E.mapLeft(errors => under(['__metadata__', structureKey], errors)),
  )

const checkStructure = (json: Json, path: Path): Tree<null> => {
  if (json === null) return null
  if (typeof json !== 'object') return halt(path, 'null, a list or a record', describe(json))
  if (Array.isArray(json)) return json.map((child: Json, i) => checkStructure(child, [...path, i]))
  return Object.fromEntries(
    Object.entries(json).map(([name, child]) => {
      const expected = nameFault(name)
      if (expected !== undefined) halt([...path, name], expected, describe(name))
      return [name, checkStructure(child, [...path, name])]
    }),
  )
}

/** A branch whose children are known by name only. */
type Named = Map<string, Named | null>

const inferStructure = (names: ReadonlyArray<string>): Either<DecodeErrors, Tree<null>> => {
  if (names.length === 1 && names[0] === '$') return E.right(null)
  if (names.length > treeLimits.nodes) return failure([], `at most ${treeLimits.nodes} tensors`, String(names.length))
  return halting(() => {
    const root: Named = new Map()
    names.forEach(name => insert(root, name.split('.'), name))
    return fromNamed(root, [])
  })
}

const insert = (root: Named, steps: ReadonlyArray<string>, name: string): void => {
  if (steps.length > treeLimits.depth) halt([name], `at most ${treeLimits.depth} levels`, String(steps.length))
  const parent = steps.slice(0, -1).reduce<Named>((branch, step) => {
    const child = branch.get(step) ?? new Map<string, Named | null>()
    if (branch.get(step) === null) return halt([name], 'a tensor or a branch at each name', `both at '${step}'`)
    branch.set(step, child)
    return child
  }, root)
  const last = steps[steps.length - 1]!
  if (parent.has(last)) halt([name], 'a tensor or a branch at each name', `both at '${last}'`)
  parent.set(last, null)
}

const fromNamed = (named: Named | null, path: Path): Tree<null> => {
  if (named === null) return null
  const steps = [...named.keys()]
  const positions = steps.filter(step => /^\d+$/.test(step))
  if (positions.length === 0)
    return Object.fromEntries(steps.map(step => [unescaped(step, path), fromNamed(named.get(step)!, [...path, unescaped(step, path)])]))
  const missing = steps.findIndex((_, i) => !named.has(String(i)))
  if (missing >= 0) halt(path, `list positions 0 to ${steps.length - 1}, or names and no positions`, describeData(steps))
  return steps.map((_, i) => fromNamed(named.get(String(i))!, [...path, i]))
}

const unescaped = (step: string, path: Path): string => {
  const name = step.replaceAll('~1', '.').replaceAll('~0', '~')
  const expected = nameFault(name)
  return expected === undefined ? name : halt([...path, name], expected, describe(name))
}
