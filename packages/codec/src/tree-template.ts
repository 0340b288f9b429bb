import * as E from 'fp-ts/lib/Either.js'
import type { Either } from 'fp-ts/lib/Either.js'
import { unflatten } from '@diffeo/core'
import type { Path, Tree } from '@diffeo/core'
import { capped, decodeError } from './decode-error.ts'
import type { DecodeError, DecodeErrors } from './decode-error.ts'
import { describeData } from './printable.ts'
import { describeTensor } from './tensor-data.ts'
import type { TensorData } from './tensor-data.ts'
import type { TreeData } from './tree-data.ts'

/** The dtype and shape that a leaf must have. A tensor is one too, so that a tree of parameters is a template for its like. */
export type TensorLike = { readonly dtype: string; readonly shape: ReadonlyArray<number> }
/** The structure of a tree with the dtype and shape of each leaf. */
export type Template = Tree<TensorLike>

/**
 * Checks that a tree has the structure of a template and its dtypes and shapes, with an error for every path at which it has not:
 * `bijector.bijectors[2].w1: expected f32[64,12], got f32[64,11]`. Keys may stand in any order; the result has the template's.
 */
export const fitTemplate =
  (template: Template) =>
  ({ structure, leaves }: TreeData): Either<DecodeErrors, TreeData> => {
    const fit: Fit = { leaves, order: [], errors: [] }
    const fitted = fitNode(template, unflatten(structure, [...leaves.keys()]), [], fit)
    return fit.errors.length > 0 ? E.left(capped(fit.errors)) : E.right({ structure: fitted, leaves: fit.order.map(i => leaves[i]!) })
  }

type Fit = { readonly leaves: ReadonlyArray<TensorData>; readonly order: number[]; readonly errors: DecodeError[] }

/** `tree` has in each leaf the index of its tensor; undefined is nothing at all. */
const fitNode = (template: Template, tree: Tree<number> | undefined, path: Path, fit: Fit): Tree<null> => {
  if (isTensorLike(template)) return fitLeaf(template, tree, path, fit)
  if (Array.isArray(template)) {
    if (!Array.isArray(tree) || tree.length !== template.length) return refuse(template, tree, path, fit)
    return template.map((child: Template, i) => fitNode(child, tree[i] as Tree<number>, [...path, i], fit))
  }
  if (typeof tree !== 'object' || Array.isArray(tree)) return refuse(template, tree, path, fit)
  const [wanted, found] = [template as { readonly [k: string]: Template }, tree as { readonly [k: string]: Tree<number> }]
  const fitted = Object.keys(wanted).map(
    k => [k, fitNode(wanted[k]!, Object.hasOwn(found, k) ? found[k] : undefined, [...path, k], fit)] as const,
  )
  Object.keys(found)
    .filter(k => !Object.hasOwn(wanted, k))
    .forEach(k => fit.errors.push(decodeError([...path, k], 'nothing', describeNode(found[k], fit))))
  return Object.fromEntries(fitted)
}

const fitLeaf = (template: TensorLike, tree: Tree<number> | undefined, path: Path, fit: Fit): null => {
  const leaf = typeof tree === 'number' ? fit.leaves[tree] : undefined
  if (leaf === undefined || describeExactly(leaf) !== describeExactly(template)) return refuse(template, tree, path, fit)
  fit.order.push(tree as number)
  return null
}

const refuse = (template: Template, tree: Tree<number> | undefined, path: Path, fit: Fit): null => {
  fit.errors.push(decodeError(path, describeTemplate(template), describeNode(tree, fit)))
  return null
}

/** tfjs' names of dtypes stand for ours. */
const ours: ReadonlyMap<string, string> = new Map([
  ['float32', 'f32'],
  ['int32', 'i32'],
])

const describeExactly = ({ dtype, shape }: TensorLike): string => `${ours.get(dtype) ?? dtype}[${shape.join(',')}]`

const describeTemplate = (template: Template): string =>
  isTensorLike(template)
    ? describeTensor({ dtype: ours.get(template.dtype) ?? template.dtype, shape: template.shape })
    : describeBranch(template)

const describeNode = (tree: Tree<number> | undefined, { leaves }: Fit): string =>
  typeof tree === 'number' ? describeTensor(leaves[tree]!) : tree === undefined ? 'nothing' : describeBranch(tree)

const describeBranch = (branch: unknown): string => (Array.isArray(branch) ? `a list of ${branch.length}` : describeData(branch))

const isTensorLike = (template: Template): template is TensorLike =>
  typeof template === 'object' && !Array.isArray(template) && typeof (template as Partial<TensorLike>).dtype === 'string'
