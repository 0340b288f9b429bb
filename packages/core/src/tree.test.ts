import { equal, ok, suite, throws } from '@diffeo/testing'
import fc from 'fast-check'
import { isDeepStrictEqual } from 'node:util'
import { entries, firstDifference, isBranch, leaves, mapTree, paths, sameStructure, showPath, unflatten, zipTree } from './tree.ts'
import type { Tree } from './tree.ts'

const s = suite('trees')

/** Also where a record's own key is `constructor`, which uvu's `equal` takes for the prototype's. */
const same = (a: unknown, b: unknown): void => ok(isDeepStrictEqual(a, b), `${JSON.stringify(a)} is not ${JSON.stringify(b)}`)

/** Random trees of numbers: lists and records, empty ones and odd keys among them. */
const trees: fc.Arbitrary<Tree<number>> = fc.letrec<{ readonly tree: Tree<number> }>(tie => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    fc.integer(),
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(
      fc.oneof(fc.string({ maxLength: 4 }), fc.constantFrom('__proto__', 'constructor', 'toString', '0', '10', '9')),
      tie('tree'),
      {
        maxKeys: 3,
        noNullPrototype: true,
      },
    ),
  ),
})).tree

const always = (name: string, property: (tree: Tree<number>) => void): void =>
  s.test(name, () => fc.assert(fc.property(trees, property), { seed: 20240501, numRuns: 1000 }))

const keysOf = (tree: Tree<unknown>): unknown =>
  isBranch(tree) ? (Array.isArray(tree) ? tree.map(keysOf) : Object.entries(tree).map(([k, v]) => [k, keysOf(v as Tree<unknown>)])) : 'leaf'

always('map of the identity is the identity', tree =>
  same(
    mapTree(x => x, tree),
    tree,
  ),
)
always('map of a composition is the composition of maps', tree =>
  same(
    mapTree(x => 2 * (x as number) + 1, tree),
    mapTree(
      x => x + 1,
      mapTree((x: number) => 2 * x, tree),
    ),
  ),
)
always('map keeps lists, records and the order of keys', tree => same(keysOf(mapTree(String, tree)), keysOf(tree)))
always('map builds plain branches: no prototype is touched, no key inherited', tree => {
  const walk = (node: Tree<number>): void => {
    if (!isBranch(node)) return
    ok(Array.isArray(node) || Object.getPrototypeOf(node) === Object.prototype, 'another prototype')
    Object.values(node).forEach(child => walk(child as Tree<number>))
  }
  walk(mapTree(x => x, tree))
  ok(!('polluted' in {}) && Object.keys(Object.prototype).length === 0, 'Object.prototype changed')
})
always('leaves, paths and entries agree', tree => {
  same(
    entries(tree).map(([, leaf]) => leaf),
    leaves(tree),
  )
  same(
    entries(tree).map(([path]) => path),
    paths(tree),
  )
  entries(tree).forEach(([path, leaf]) =>
    same(
      path.reduce<unknown>((node, step) => (node as Record<string, unknown>)[step], tree),
      leaf,
    ),
  )
})
always('unflatten undoes leaves', tree => same(unflatten(tree, leaves(tree)), tree))
always('zip of a tree with itself', tree =>
  same(
    zipTree((a: number, b: number) => a + b, tree, tree),
    mapTree((a: number) => 2 * a, tree),
  ),
)
always('a tree has its own structure', tree =>
  ok(
    sameStructure(
      tree,
      mapTree(() => 'another leaf', tree),
    ),
  ),
)
always('zip gives the path', tree => same(leaves(zipTree((_a, _b, path) => showPath(path), tree, tree)), paths(tree).map(showPath)))

const example = { base: {}, bijector: [{ w: 1, b: 2 }, { theta: 3 }] }

s.test('paths read as they are written', () => {
  equal(paths(example).map(showPath), ['bijector[0].w', 'bijector[0].b', 'bijector[1].theta'])
  equal(showPath([]), '$')
  equal(showPath([2, 'a']), '[2].a')
})

s.test('zip takes keys in any order, in the order of the first', () => {
  const zipped = zipTree((a: number, b: number) => a - b, { x: 5, y: 7 }, { y: 1, x: 2 })
  equal(zipped, { x: 3, y: 6 })
  equal(Object.keys(zipped), ['x', 'y'])
})

s.test('zip names the first path at which the structures differ', () => {
  const plus = (a: number, b: number): number => a + b
  throws(() => zipTree(plus, { a: [1, 2] }, { a: [1] }), /zipTree: expected a list of 2, got a list of 1 at a$/)
  throws(() => zipTree(plus, { a: { b: 1 } }, { a: 1 }), /zipTree: expected a record of 1 \(b\), got a leaf at a$/)
  throws(() => zipTree(plus, { a: 1 }, { a: [1] }), /zipTree: expected a leaf, got a list of 1 at a$/)
  throws(() => zipTree(plus, { a: 1, b: 2 }, { a: 1, c: 2 }), /zipTree: expected a leaf, got nothing at b$/)
  throws(() => zipTree(plus, [1], { 0: 1 }), /zipTree: expected a list of 1, got a record of 1 \(0\) at \$$/)
  throws(() => zipTree(plus, { a: 1 }, JSON.parse('{"__proto__": 1}') as Tree<number>), /got nothing at a$/)
})

s.test('the first difference between two trees', () => {
  equal(firstDifference(example, example), undefined)
  equal(firstDifference({ a: 1 }, { a: 1, b: 2 }), { path: ['b'], a: 'nothing', b: 'a leaf' })
  equal(firstDifference({ a: [1, { c: 2 }] }, { a: [1, 2] }), { path: ['a', 1], a: 'a record of 1 (c)', b: 'a leaf' })
  equal(firstDifference([], {}), { path: [], a: 'a list of 0', b: 'a record of 0 ()' })
  ok(!sameStructure({ toString: 1 }, { a: 1 }), 'an inherited key')
})

s.test('unflatten refuses another number of values', () => {
  throws(() => unflatten(example, [1, 2]), /unflatten: expected 3 values, got 2/)
  throws(() => unflatten(example, [1, 2, 3, 4]), /unflatten: expected 3 values, got 4/)
})

s.test('what is neither a plain list nor a plain record is a leaf', () => {
  const values = [null, undefined, 0, 'text', new Float32Array(2), new Date(0), new Map(), () => 0, Object.create({ a: 1 }) as object]
  values.forEach(value => ok(!isBranch(value as Tree<unknown>), String(value)))
  ;[[], {}, Object.create(null) as object, Object.freeze({ a: 1 })].forEach(value => ok(isBranch(value as Tree<unknown>), 'a branch'))
})

s.run()
