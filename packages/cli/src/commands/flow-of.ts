import { decodeFlow, parseJson } from '@diffeo/codec'
import { readFileBounded } from '@diffeo/codec/node'
import {
  bnaf,
  bpf,
  flowPlusPlus,
  gf,
  iaf,
  maf,
  mafMog,
  mlp,
  naf,
  nice,
  nsf,
  planarFlow,
  radialFlow,
  realNvp,
  sospf,
  sylvesterFlow,
  triangularSpline,
  unaf,
} from '@diffeo/core'
import type { FlowSpec, NetworkSpec } from '@diffeo/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { resolve } from 'node:path'
import { CliError, flagError } from '../failure.ts'

/** What of a flow the flags say. */
interface Sizes {
  readonly layers?: number
  readonly bins?: number
  readonly autoregressive?: boolean
  readonly hidden?: ReadonlyArray<number>
}

/** A recipe: the flags that it takes, whether it takes conditioning columns, and its flow. */
interface Recipe {
  readonly takes: ReadonlyArray<keyof Sizes>
  readonly refusesGiven?: boolean
  /** @param isConditional whether there are conditioning columns */
  readonly flow: (sizes: Sizes, isConditional: boolean) => FlowSpec
}

const networks = (flow: (sizes: Pick<Sizes, 'layers' | 'hidden'>) => FlowSpec): Recipe => ({ takes: ['layers', 'hidden'], flow })

/** Maps whose numbers are constants, unless a network moves them by the conditioning columns. */
const moved = (
  flow: (sizes: Pick<Sizes, 'layers' | 'bins'> & { readonly conditioner?: NetworkSpec }) => FlowSpec,
  ...takes: ReadonlyArray<keyof Sizes>
): Recipe => ({
  takes: ['layers', ...takes],
  flow: ({ hidden: _, ...sizes }, isConditional) => flow({ ...sizes, ...(isConditional && { conditioner: mlp({ hidden: [32] }) }) }),
})

/** Their names. */
type RecipeName =
  | 'nsf'
  | 'maf'
  | 'mafMog'
  | 'realNvp'
  | 'nice'
  | 'iaf'
  | 'naf'
  | 'unaf'
  | 'sospf'
  | 'bpf'
  | 'flowPlusPlus'
  | 'bnaf'
  | 'gf'
  | 'triangularSpline'
  | 'planarFlow'
  | 'radialFlow'
  | 'sylvesterFlow'

/** In the order of the help. */
const recipesByName: { readonly [name in RecipeName]: Recipe } = {
  nsf: { takes: ['layers', 'bins', 'autoregressive', 'hidden'], flow: nsf },
  maf: networks(maf),
  mafMog: networks(mafMog),
  realNvp: networks(realNvp),
  nice: networks(nice),
  iaf: networks(iaf),
  naf: networks(naf),
  unaf: networks(unaf),
  sospf: networks(sospf),
  bpf: networks(bpf),
  flowPlusPlus: networks(flowPlusPlus),
  bnaf: { takes: ['layers'], flow: bnaf },
  gf: { takes: ['layers'], refusesGiven: true, flow: gf },
  triangularSpline: moved(triangularSpline, 'bins'),
  planarFlow: moved(planarFlow),
  radialFlow: moved(radialFlow),
  sylvesterFlow: moved(sylvesterFlow),
}

/** The recipes by name. */
// TypeScript gives the keys of any object as texts
export const recipes: ReadonlyArray<RecipeName> = Object.keys(recipesByName) as ReadonlyArray<string> as ReadonlyArray<RecipeName>

/** The flags that say what flow to fit. */
export interface FlowFlags extends Sizes {
  readonly flow?: RecipeName
  readonly spec?: string
  readonly given?: ReadonlyArray<string>
}

/**
 * The flow of a recipe with its sizes, or undefined where a spec file says it all.
 *
 * @throws CliError when flags exclude each other
 * @throws RangeError when the recipe cannot have such sizes
 */
export const recipeOf = ({ flow: name, layers, bins, autoregressive, hidden, spec, given = [] }: FlowFlags): FlowSpec | undefined => {
  const said = Object.entries({ layers, bins, autoregressive, hidden }).filter(([, value]) => value !== undefined)
  if (spec !== undefined) {
    const other = name === undefined ? said[0]?.[0] : 'flow'
    if (other !== undefined) throw flagError('--spec', 'to say all of the flow', `--${other} as well`)
    return undefined
  }
  const flow = name ?? 'nsf'
  const recipe: Recipe = recipesByName[flow]
  const takes = (known: RecipeName, size: string): boolean => recipesByName[known].takes.some(taken => taken === size)
  const unfit = said.find(([size]) => !takes(flow, size))?.[0]
  if (unfit !== undefined)
    throw flagError(
      `--${unfit}`,
      `a flow that has them (--flow ${recipes.filter(known => takes(known, unfit)).join(', ')})`,
      `--flow ${flow}`,
    )
  if (recipe.refusesGiven === true && given.length > 0)
    throw flagError('--flow', 'a flow that takes conditioning columns', `${flow} with --given`)
  return recipe.flow(Object.fromEntries(said), given.length > 0)
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
