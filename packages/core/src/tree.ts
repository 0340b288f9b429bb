/** A leaf, a list of trees or a record of trees. Whatever is neither a plain array nor a plain object is a leaf. */
export type Tree<A> = A | ReadonlyArray<Tree<A>> | { readonly [k: string]: Tree<A> }

/** The steps from the root of a tree to one of its leaves: record keys and list indices. */
export type Path = ReadonlyArray<string | number>

type Branch<A> = ReadonlyArray<Tree<A>> | { readonly [k: string]: Tree<A> }

/** Whether a node of a tree is a list or a record, that is, not a leaf. */
export const isBranch = <A>(tree: Tree<A>): tree is Branch<A> => {
  if (Array.isArray(tree)) return true
  if (typeof tree !== 'object' || tree === null) return false
  const prototype: unknown = Object.getPrototypeOf(tree)
  return prototype === Object.prototype || prototype === null
}

/** The children of a branch, in order: list order, or the record's own key order. */
const children = <A>(branch: Branch<A>): ReadonlyArray<readonly [string | number, Tree<A>]> =>
  Array.isArray(branch) ? branch.map((child: Tree<A>, i) => [i, child] as const) : Object.entries(branch)

const rebuild = <A, B>(branch: Branch<A>, f: (child: Tree<A>, step: string | number) => Tree<B>): Tree<B> => {
  if (Array.isArray(branch)) return branch.map((child: Tree<A>, i) => f(child, i))
  return Object.fromEntries(Object.entries(branch).map(([k, child]) => [k, f(child, k)]))
}

/** `a.b[2].c`; the empty path is `$`. */
export const showPath = (path: Path): string =>
  path.length === 0
    ? '$'
    : path.reduce<string>((text, step) => (typeof step === 'number' ? `${text}[${step}]` : text === '' ? step : `${text}.${step}`), '')

/** Applies `f` to every leaf; the structure and the order of keys stay. */
export const mapTree = <A, B>(f: (leaf: A, path: Path) => B, tree: Tree<A>, path: Path = []): Tree<B> =>
  isBranch(tree) ? rebuild(tree, (child, step) => mapTree(f, child, [...path, step])) : f(tree, path)

/** The leaves with their paths, in order. */
export const entries = <A>(tree: Tree<A>, path: Path = []): ReadonlyArray<readonly [Path, A]> => {
  const all: Array<readonly [Path, A]> = []
  const walk = (node: Tree<A>, at: Path): void => {
    if (isBranch(node)) for (const [step, child] of children(node)) walk(child, [...at, step])
    else all.push([at, node])
  }
  walk(tree, path)
  return all
}

/** The leaves, in order. */
export const leaves = <A>(tree: Tree<A>): ReadonlyArray<A> => {
  const all: A[] = []
  const walk = (node: Tree<A>): void => {
    if (isBranch(node)) for (const [, child] of children(node)) walk(child)
    else all.push(node)
  }
  walk(tree)
  return all
}

/** The paths of the leaves, in order. */
export const paths = <A>(tree: Tree<A>): ReadonlyArray<Path> => entries(tree).map(([path]) => path)

/** Whether two trees have the same lists and records; leaves are not compared. */
export const sameStructure = (a: Tree<unknown>, b: Tree<unknown>): boolean => firstDifference(a, b) === undefined

/**
 * Combines two trees of one structure leaf by leaf. Keys may stand in any order in `b`.
 *
 * @throws TypeError naming the first path at which the structures differ
 */
export const zipTree = <A, B, C>(f: (a: A, b: B, path: Path) => C, a: Tree<A>, b: Tree<B>, path: Path = []): Tree<C> => {
  if (!isBranch(a)) {
    if (isBranch(b)) throw mismatch(path, a, b)
    return f(a, b, path)
  }
  if (!isBranch(b) || Array.isArray(a) !== Array.isArray(b) || children(a).length !== children(b).length) throw mismatch(path, a, b)
  return rebuild(a, (child, step) => {
    if (!Object.hasOwn(b, step)) throw mismatch([...path, step], child, undefined)
    return zipTree(f, child, (b as { readonly [k: string | number]: Tree<B> })[step]!, [...path, step])
  })
}

/**
 * Puts `values` in the place of the leaves of `tree`, in order: the inverse of `leaves`.
 *
 * @throws RangeError when the counts differ
 */
export const unflatten = <A, B>(tree: Tree<A>, values: ReadonlyArray<B>): Tree<B> => {
  const count = leaves(tree).length
  if (count !== values.length) throw new RangeError(`unflatten: expected ${count} values, got ${values.length}`)
  let next = 0
  return mapTree<A, B>(() => values[next++]!, tree)
}

/** The first path at which two trees differ in structure, with what stands there in each; undefined when they agree. */
export const firstDifference = (
  a: Tree<unknown>,
  b: Tree<unknown>,
  path: Path = [],
): { readonly path: Path; readonly a: string; readonly b: string } | undefined => {
  const differs = { path, a: describe(a), b: describe(b) }
  if (!isBranch(a) || !isBranch(b)) return isBranch(a) === isBranch(b) ? undefined : differs
  if (Array.isArray(a) !== Array.isArray(b)) return differs
  if (Array.isArray(a) && Array.isArray(b) && a.length !== b.length) return differs
  const steps = [...new Set([...children(a), ...children(b)].map(([step]) => step))]
  for (const step of steps) {
    const [p, q] = [childAt(a, step), childAt(b, step)]
    if (p === undefined || q === undefined) return { path: [...path, step], a: describe(p), b: describe(q) }
    const found = firstDifference(p, q, [...path, step])
    if (found) return found
  }
  return undefined
}

const childAt = (branch: Branch<unknown>, step: string | number): Tree<unknown> | undefined =>
  Object.hasOwn(branch, step) ? (branch as { readonly [k: string | number]: Tree<unknown> })[step] : undefined

const describe = (tree: unknown): string => {
  if (tree === undefined) return 'nothing'
  if (Array.isArray(tree)) return `a list of ${tree.length}`
  if (isBranch(tree)) return `a record of ${Object.keys(tree).length} (${Object.keys(tree).slice(0, 8).join(', ')})`
  return 'a leaf'
}

const mismatch = (path: Path, a: unknown, b: unknown): TypeError =>
  new TypeError(`zipTree: expected ${describe(a)}, got ${describe(b)} at ${showPath(path)}`)
