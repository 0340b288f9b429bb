import { handle, isBranch, mapTree, showPath, zipTree } from '@diffeo/core'
import type { Params, Path, Tree } from '@diffeo/core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Mask } from './contracts.ts'
import { leafAt } from './leafwise.ts'

/**
 * The mask as a boolean for every leaf of the parameters.
 *
 * @throws TypeError naming the first path at which the mask does not fit the parameters
 */
export const maskOf = (who: string, mask: Mask, params: Params): Tree<boolean> =>
  spread(who, typeof mask === 'function' ? mask(params) : mask, params, [])

/** The tree with an empty list in the place of every leaf whose mask is false. */
export const prune = (mask: Tree<boolean>, tree: Params): Params =>
  zipTree<Tensor, boolean, Tensor | readonly []>((leaf, kept) => (kept ? leaf : []), tree, mask)

/** The leaves of `chosen` where the mask is true, and `otherwise(leaf of rest)` elsewhere: undoes `prune`. */
export const merge = (mask: Tree<boolean>, chosen: Params, rest: Params, otherwise: (leaf: Tensor) => Tensor = handle): Params =>
  mapTree<boolean, Tensor>((kept, path) => (kept ? leafAt(chosen, path) : otherwise(leafAt(rest, path))), mask)

const spread = (who: string, mask: Tree<boolean>, params: Params, path: Path): Tree<boolean> => {
  if (typeof mask === 'boolean') return mapTree<Tensor, boolean>(() => mask, params)
  if (!isBranch(mask) || !isBranch(params) || Array.isArray(mask) !== Array.isArray(params)) throw misfit(who, path, mask)
  const unknown = Object.keys(mask).find(step => !Object.hasOwn(params, step))
  if (unknown !== undefined) throw misfit(who, [...path, unknown], 'an entry that the parameters lack')
  const child = (step: string | number, subtree: Params): Tree<boolean> => {
    if (!Object.hasOwn(mask, step)) throw misfit(who, [...path, step], undefined)
    return spread(who, (mask as { readonly [k: string | number]: Tree<boolean> })[step]!, subtree, [...path, step])
  }
  if (Array.isArray(params)) return params.map((subtree: Params, i) => child(i, subtree))
  return Object.fromEntries(Object.entries(params).map(([k, subtree]) => [k, child(k, subtree)]))
}

const misfit = (who: string, path: Path, got: unknown): TypeError =>
  new TypeError(
    `${who}: expected a mask in the structure of the parameters, got ${describe(got)} at ${showPath(path)}; a boolean may stand for a whole branch`,
  )

const describe = (got: unknown): string => {
  if (got === undefined) return 'nothing'
  if (typeof got === 'string') return got
  return Array.isArray(got) ? `a list of ${got.length}` : typeof got === 'object' ? 'a record' : String(got)
}
