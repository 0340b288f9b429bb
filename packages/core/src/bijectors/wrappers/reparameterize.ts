import {
  add,
  clipByValue,
  div,
  greater,
  log,
  maximum,
  mean,
  mul,
  onesLike,
  sqrt,
  square,
  sub,
  sum,
  tanh,
  where,
  zerosLike,
} from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Bijector, Params } from '../../contracts.ts'
import { foldIn, key as keyOf, split } from '../../random/key.ts'
import type { Key } from '../../random/key.ts'
import { normal } from '../../random/sample.ts'
import type { BijectorEntry, BijectorSite } from '../../registry.ts'
import type { BijectorSpec } from '../../spec.ts'
import { tidy } from '../../tensor.ts'
import { adaptationOf } from '../adaptation.ts'
import { entries, isBranch, mapTree, showPath } from '../../tree.ts'
import type { Path, Tree } from '../../tree.ts'

/** How one tensor of parameters is made of others, by name. */
export type Reparameterization = 'weightNorm' | 'unitNorm' | 'zeroMean' | 'tanh'
/** What `reparameterize` returns. */
export type ReparameterizeSpec = BijectorSpec & {
  readonly _tag: 'reparameterize'
  readonly bijector: BijectorSpec
  readonly by: { readonly [leaf: string]: Reparameterization }
}

/**
 * A bijector some of whose parameters are functions of others, which are trained in their place.
 *
 *   weightNorm  w = scale direction / |direction|, column by column (Salimans and Kingma 2016)
 *   unitNorm    direction / |direction|, column by column
 *   zeroMean    less the mean of all its numbers
 *   tanh        within (-1, 1)
 *
 * @param by for each name of a tensor in the parameter tree, wherever it stands, what makes it; it starts as it would have, or as near as it can
 * @example reparameterize(plu(), { lower: 'tanh', upper: 'tanh' })
 * @see https://arxiv.org/abs/1602.07868
 */
export const reparameterize = (bijector: BijectorSpec, by: ReparameterizeSpec['by']): ReparameterizeSpec => ({
  _tag: 'reparameterize',
  bijector,
  by,
})

/**
 * Weight normalization of the networks within a bijector: length and direction of each unit's weights are trained apart.
 *
 * @example weightNorm(coupling(mlp(), affine()))
 */
export const weightNorm = (bijector: BijectorSpec): ReparameterizeSpec => reparameterize(bijector, { w: 'weightNorm' })

/** What stands in the place of a tensor, and how that tensor is made of it. */
export interface LeafFunction {
  /** The names of the tensors that stand in its place; none where one tensor does. */
  readonly parts: ReadonlyArray<string>
  /** What makes a tensor, or one as near to it as there is. */
  start(tensor: Tensor, key: Key): Params
  /** The tensor. */
  make(own: Params): Tensor
}

const leastSquare = 1e-30

/** |column| of a matrix, or of a vector, with its axis kept; 1 where there is none. */
const lengths = (w: Tensor): { readonly length: Tensor; readonly isSome: Tensor } => {
  const squares = sum(square(w), Math.max(0, w.rank - 2), true)
  const isSome = greater(squares, leastSquare)
  return { length: sqrt(where(isSome, squares, onesLike(squares))), isSome }
}

const unit = (w: Tensor): Tensor => div(w, lengths(w).length)

/** The columns that have a length, and random ones in the place of the others. */
const directed = (w: Tensor, key: Key): Tensor => {
  const { length, isSome } = lengths(w)
  return add(w, mul(normal(key, w.shape), where(isSome, zerosLike(length), onesLike(length))))
}

const one = (start: (tensor: Tensor, key: Key) => Tensor, make: (own: Tensor) => Tensor): LeafFunction => ({
  parts: [],
  start: (tensor, key) => tidy(() => start(tensor, key)),
  make: own => make(own as Tensor), // `parts` says that it is one tensor
})

type Normed = { readonly direction: Tensor; readonly scale: Tensor }

/** The functions that specs name. */
export const reparameterizations: { readonly [name in Reparameterization]: LeafFunction } = {
  weightNorm: {
    parts: ['direction', 'scale'],
    start: (w, key) =>
      tidy(() => {
        const { length, isSome } = lengths(w)
        return { direction: directed(w, key), scale: where(isSome, length, zerosLike(length)) }
      }),
    make: own => mul((own as Normed).scale, unit((own as Normed).direction)), // `start` made it
  },
  unitNorm: one(directed, unit),
  zeroMean: one(
    tensor => sub(tensor, mean(tensor)),
    own => sub(own, mean(own)),
  ),
  tanh: one(
    tensor => {
      const inside = clipByValue(tensor, -0.999, 0.999)
      return mul(0.5, log(div(add(1, inside), maximum(sub(1, inside), 1e-6))))
    },
    own => tanh(own),
  ),
}

const nameOf = (path: Path): string => String(path.findLast(step => typeof step === 'string'))

/** The tree with what `f` gives in the place of the leaves of `template`, which may be branches in `tree`. */
const alongside = <A, B>(template: Tree<unknown>, tree: Tree<A>, f: (own: Tree<A>, path: Path) => Tree<B>, path: Path = []): Tree<B> => {
  if (!isBranch(template)) return f(tree, path)
  const at = (step: string | number): Tree<A> => (tree as { readonly [step: string | number]: Tree<A> })[step]! // of the template's structure
  return Array.isArray(template)
    ? template.map((child: Tree<unknown>, i) => alongside(child, at(i), f, [...path, i]))
    : Object.fromEntries(Object.entries(template).map(([k, child]) => [k, alongside(child as Tree<unknown>, at(k), f, [...path, k])]))
}

/**
 * A bijector some of whose parameters are functions of others.
 *
 * @param by for each name of a tensor in the parameter tree what makes it
 * @throws RangeError when no tensor has one of the names
 */
export const reparameterizeBijector = (
  inner: Bijector,
  by: { readonly [leaf: string]: LeafFunction },
  spec: BijectorSpec = { _tag: 'reparameterize' },
): Bijector => {
  const functionAt = (path: Path): LeafFunction | undefined => (Object.hasOwn(by, nameOf(path)) ? by[nameOf(path)] : undefined)
  const names = entries(inner.trainable).map(([path]) => nameOf(path))
  const unknown = Object.keys(by).filter(name => !names.includes(name))
  if (unknown.length > 0)
    throw new RangeError(`reparameterize: expected names of parameters, among ${[...new Set(names)].join(', ')}, got ${unknown.join(', ')}`)
  const made = (params: Params): Params =>
    alongside<Tensor, Tensor>(inner.trainable, params, (own, path) => functionAt(path)?.make(own) ?? own)
  const started = (params: Params, key: Key): Params => {
    const order = entries(params).map(([path]) => showPath(path))
    return mapTree<Tensor, Params>(
      (leaf, path) => functionAt(path)?.start(leaf, foldIn(key, order.indexOf(showPath(path)))) ?? leaf,
      params,
    ) as Params
  }
  return {
    spec,
    contextShape: inner.contextShape,
    base: inner.base,
    data: inner.data,
    cost: inner.cost,
    trainable: mapTree<boolean, Tree<boolean>>((isTrained, path) => {
      const parts = functionAt(path)?.parts ?? []
      return parts.length === 0 ? isTrained : Object.fromEntries(parts.map(part => [part, isTrained]))
    }, inner.trainable) as Tree<boolean>,
    init: key =>
      tidy(() => {
        const [innerKey, ownKey] = split(key)
        return started(inner.init(innerKey!), ownKey!)
      }),
    forward: (params, x, context, key) => tidy(() => inner.forward(made(params), x, context, key)),
    inverse: (params, y, context, key) => tidy(() => inner.inverse(made(params), y, context, key)),
    ...adaptationOf(
      [inner],
      adapt => (params, side, batch, context) => tidy(() => started(adapt(inner, made(params), side, batch, context), keyOf(0))),
    ),
  }
}

export const reparameterizeEntry: BijectorEntry<ReparameterizeSpec> = {
  tag: 'reparameterize',
  build: (spec, site) => {
    const inner = site.builder.bijector(spec.bijector, { ...site, path: [...site.path, 'bijector'] })
    return reparameterizeBijector(inner, functionsOf(spec.by, site), spec)
  },
}

const functionsOf = (by: ReparameterizeSpec['by'], site: BijectorSite): { readonly [leaf: string]: LeafFunction } =>
  Object.fromEntries(
    Object.entries(by ?? {}).map(([leaf, name]) => {
      if (!Object.hasOwn(reparameterizations, name))
        throw new RangeError(
          `build: expected one of ${Object.keys(reparameterizations).join(', ')}, got ${String(name)} at ${showPath([...site.path, 'by', leaf])}`,
        )
      return [leaf, reparameterizations[name]]
    }),
  )
