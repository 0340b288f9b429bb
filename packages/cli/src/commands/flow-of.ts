import { decodeFlow, parseJson } from '@diffeo/codec'
import { readFileBounded } from '@diffeo/codec/node'
import { iaf, maf, nice, nsf, realNvp } from '@diffeo/core'
import type { FlowSpec } from '@diffeo/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { resolve } from 'node:path'
import { CliError, flagError } from '../failure.ts'

/** The recipes by name. */
export const recipes = ['nsf', 'maf', 'realNvp', 'nice', 'iaf'] as const

/** The flags that say what flow to fit. */
export interface FlowFlags {
  readonly flow?: (typeof recipes)[number]
  readonly layers?: number
  readonly bins?: number
  readonly autoregressive?: boolean
  readonly hidden?: ReadonlyArray<number>
  readonly spec?: string
}

/**
 * The flow of a recipe with its sizes, or undefined where a spec file says it all.
 *
 * @throws CliError when flags exclude each other
 * @throws RangeError when the recipe cannot have such sizes
 */
export const recipeOf = ({ flow, layers, bins, autoregressive, hidden, spec }: FlowFlags): FlowSpec | undefined => {
  if (spec !== undefined) {
    const other = Object.entries({ flow, layers, bins, autoregressive, hidden }).find(([, value]) => value !== undefined)
    if (other !== undefined) throw flagError('--spec', 'to say all of the flow', `--${other[0]} as well`)
    return undefined
  }
  const sizes = { ...(layers !== undefined && { layers }), ...(hidden !== undefined && { hidden }) }
  const ofSplines = Object.entries({ bins, autoregressive }).find(([, value]) => value !== undefined)
  if (ofSplines !== undefined && (flow ?? 'nsf') !== 'nsf')
    throw flagError(`--${ofSplines[0]}`, 'a flow of splines (--flow nsf)', `--flow ${flow}`)
  switch (flow) {
    case undefined:
    case 'nsf':
      return nsf({ ...sizes, ...(bins !== undefined && { bins }), ...(autoregressive && { autoregressive }) })
    case 'maf':
      return maf(sizes)
    case 'realNvp':
      return realNvp(sizes)
    case 'nice':
      return nice(sizes)
    case 'iaf':
      return iaf(sizes)
    default:
      return flow satisfies never
  }
}

/** Larger files are no specs. */
const mostBytes = 4 * 2 ** 20

/**
 * Reads a flow's spec from a JSON file.
 *
 * @throws CliError naming the file and the path in it of the first thing that is wrong
 */
export const readSpec = async (path: string, cwd: string): Promise<FlowSpec> => {
  const bytes = await readFileBounded(resolve(cwd, path), mostBytes)
  if (E.isLeft(bytes)) throw new CliError(`--spec: ${path}: expected ${bytes.left[0]?.expected}, got ${bytes.left[0]?.actual}`)
  const decoded = pipe(parseJson(new TextDecoder().decode(bytes.right)), E.chain(decodeFlow()))
  if (E.isRight(decoded)) return decoded.right
  const [first, ...others] = decoded.left
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`
  throw new CliError(`--spec: ${path}: ${first?.path}: expected ${first?.expected}, got ${first?.actual}${more}`)
}
