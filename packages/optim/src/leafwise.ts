import { entries, firstDifference, mapTree, showPath } from '@diffeo/core'
import type { Params, Path, Tree } from '@diffeo/core'
import { zeros } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'

/**
 * Applies `f` leaf by leaf to named trees of one structure and equal shapes; the result has the structure of the first.
 *
 * @throws TypeError when the trees differ in structure, or a leaf is not float32, naming the first path
 * @throws RangeError when leaves differ in shape, naming the path
 * @example leafwise('trace', { grads, trace }, ({ grads: g, trace: t }) => add(g, mul(decay, t)))
 */
export const leafwise = <T extends { readonly [name: string]: Params }>(
  who: string,
  trees: T,
  f: (leaf: { readonly [name in keyof T]: Tensor }, path: Path) => Tensor,
): Params => {
  const named = Object.entries(trees)
  expectSameTrees(who, named)
  return mapTree<Tensor, Tensor>((_, path) => {
    const leaf = Object.fromEntries(named.map(([name, tree]) => [name, leafAt(tree, path)]))
    // fromEntries widens the names, which are those of T
    return f(leaf as { readonly [name in keyof T]: Tensor }, path)
  }, named[0]![1])
}

/**
 * Zeros in the shapes of the parameters: a moment before the first step.
 *
 * @throws TypeError when a leaf is not a float32 tensor
 */
export const zerosLike = (who: string, params: Params): Params => leafwise(who, { params }, ({ params: p }) => zeros([...p.shape]))

/** The leaf at a path that is known to lead to one. */
export const leafAt = <A>(tree: Tree<A>, path: Path): A =>
  // a path of this tree: each step is there, and the last is a leaf
  path.reduce<Tree<A>>((node, step) => (node as { readonly [k: string | number]: Tree<A> })[step]!, tree) as A

const expectSameTrees = (who: string, [first, ...others]: ReadonlyArray<readonly [string, Params]>): void => {
  if (first === undefined) return
  expectFloats(who, ...first)
  others.forEach(([name, tree]) => {
    const difference = firstDifference(first[1], tree)
    if (difference)
      throw new TypeError(
        `${who}: expected in ${name} ${difference.a}, as in ${first[0]}, got ${difference.b} at ${showPath(difference.path)}; every tree must have the structure of the parameters`,
      )
    expectFloats(who, name, tree)
    expectSameShapes(who, name, first[1], tree)
  })
}

const expectFloats = (who: string, name: string, tree: Params): void =>
  entries(tree).forEach(([path, leaf]) => {
    if (leaf?.dtype !== 'float32')
      throw new TypeError(`${who}: expected float32 tensors in ${name}, got ${leaf?.dtype ?? typeof leaf} at ${showPath(path)}`)
  })

const expectSameShapes = (who: string, name: string, first: Params, tree: Params): void =>
  entries(first).forEach(([path, { shape }]) => {
    const got = leafAt(tree, path).shape
    if (got.length !== shape.length || got.some((size, i) => size !== shape[i]))
      throw new RangeError(`${who}: expected ${name} of shape [${shape}], got [${got}] at ${showPath(path)}`)
  })
