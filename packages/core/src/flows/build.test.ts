import { allocates, equal, ok, suite, throws, useTestBackend } from '@diffeo/testing'
import { memory } from '@tensorflow/tfjs-core'
import { actNorm } from '../bijectors/act-norm.ts'
import { autoregressive } from '../bijectors/autoregressive.ts'
import { chain } from '../bijectors/chain.ts'
import { coupling } from '../bijectors/coupling.ts'
import { conditional, elementwise } from '../bijectors/elementwise.ts'
import { elementwiseBijector } from '../bijectors/elementwise.ts'
import { invert } from '../bijectors/invert.ts'
import { permute, permuteBijector, reverse } from '../bijectors/permute.ts'
import { repeat } from '../bijectors/repeat.ts'
import type { Shape, Support, Transformer } from '../contracts.ts'
import { standardNormal, standardNormalDistribution } from '../distributions/normal.ts'
import { uniform, uniformDistribution } from '../distributions/uniform.ts'
import { made } from '../networks/made.ts'
import { mlp } from '../networks/mlp.ts'
import { residualMlp } from '../networks/residual-mlp.ts'
import { key } from '../random/key.ts'
import type { Registry } from '../registry.ts'
import type { BijectorSpec, DistributionSpec } from '../spec.ts'
import { additive, additiveTransformer } from '../transformers/additive.ts'
import { affine } from '../transformers/affine.ts'
import { rationalQuadratic } from '../transformers/rational-quadratic.ts'
import { scale } from '../transformers/scale.ts'
import { leaves } from '../tree.ts'
import type { Tree } from '../tree.ts'
import { build, buildDistribution } from './build.ts'
import { builtins } from './builtins.ts'
import { flow, transformed } from './flow.ts'
import { iaf, maf, nice, nsf, realNvp } from './recipes.ts'

const s = suite('build')
s.before(() => useTestBackend('cpu'))

/** A value that no type admits, as it comes from a file or from JavaScript. */
const wrong = (value: unknown): never => value as never

const net = mlp({ hidden: [8] })
interface Bad {
  readonly bijector?: BijectorSpec
  readonly base?: DistributionSpec
  readonly event?: Shape
  readonly context?: Tree<Shape>
}
const bad = (name: string, { bijector = reverse(), base = standardNormal(), event = [3], context }: Bad, message: RegExp): void =>
  s.test(name, () =>
    allocates(0, () => throws(() => build(flow({ base, bijector }), { event, ...(context !== undefined && { context }) }), message)),
  )

const known = (kind: keyof Registry): string => Object.keys(builtins[kind]).toSorted().join(', ')
const knownBijectors = known('bijector')
const unknown = (tag: string, path = 'bijector'): RegExp =>
  new RegExp(`^build: expected a bijector, one of ${knownBijectors}, got ${tag} at ${path.replaceAll(/[[\]]/g, '\\$&')}\\._tag$`)

bad('an unknown tag lists the known ones', { bijector: { _tag: 'couplng' } }, unknown('"couplng"'))
bad('no tag', { bijector: wrong({}) }, unknown('undefined'))
bad('no spec', { bijector: wrong(null) }, unknown('undefined'))
bad('a tag that every object inherits', { bijector: { _tag: 'toString' } }, unknown('"toString"'))
bad('the prototype as a tag', { bijector: { _tag: '__proto__' } }, unknown('"__proto__"'))
bad('a number as a tag', { bijector: wrong({ _tag: 3 }) }, unknown('3'))
bad('a transformer in the place of a bijector', { bijector: wrong(affine()) }, unknown('"affine"'))
bad(
  'an unknown tag deep down',
  { bijector: invert(chain(reverse(), repeat(2, { _tag: 'x' }))) },
  unknown('"x"', 'bijector.bijector.bijectors[1].bijector'),
)
bad(
  'a bijector in the place of a transformer',
  { bijector: elementwise(wrong(reverse())) },
  new RegExp(`^build: expected a transformer, one of ${known('transformer')}, got "reverse" at bijector\\.transformer\\._tag$`),
)
bad(
  'a transformer in the place of a network',
  { bijector: coupling(wrong(affine()), affine()) },
  new RegExp(`^build: expected a network, one of ${known('network')}, got "affine" at bijector\\.conditioner\\._tag$`),
)
bad(
  'a bijector in the place of a base',
  { base: wrong(reverse()) },
  new RegExp(`^build: expected a distribution, one of ${known('distribution')}, got "reverse" at base\\._tag$`),
)

const width = (path: string, got: string): RegExp =>
  new RegExp(`^build: expected a width from 1 to 65536, got ${got} at bijector\\.conditioner\\.${path}$`)
bad('a negative width', { bijector: coupling(mlp({ hidden: [8, -3] }), affine()) }, width('hidden\\[1\\]', '-3'))
bad('a width of 0', { bijector: coupling(mlp({ hidden: [0] }), affine()) }, width('hidden\\[0\\]', '0'))
bad('a fractional width', { bijector: coupling(mlp({ hidden: [1.5] }), affine()) }, width('hidden\\[0\\]', '1\\.5'))
bad('a width of 10^9', { bijector: coupling(mlp({ hidden: [1e9] }), affine()) }, width('hidden\\[0\\]', '1000000000'))
bad('a residual width of 0', { bijector: coupling(residualMlp({ width: 0 }), affine()) }, width('width', '0'))
bad(
  'no hidden layer',
  { bijector: coupling(mlp({ hidden: [] }), affine()) },
  /expected at least one hidden layer, got \[\] at bijector\.conditioner\.hidden$/,
)
bad(
  'widths that are no list',
  { bijector: coupling(mlp({ hidden: wrong('64') }), affine()) },
  /expected at least one hidden layer, got "64"/,
)
bad(
  'blocks below 0',
  { bijector: coupling(residualMlp({ blocks: -1 }), affine()) },
  /expected 0 to 1000 blocks, got -1 at bijector\.conditioner\.blocks$/,
)
bad(
  'an unknown activation',
  { bijector: coupling(mlp({ activation: wrong('gelu') }), affine()) },
  /expected one of relu, elu, tanh, silu, softplus, leakyRelu, got gelu at bijector\.conditioner\.activation$/,
)

bad('a million repetitions', { bijector: repeat(1e6, reverse()) }, /expected 1 to 10000 repetitions, got 1000000 at bijector\.times$/)
bad('no repetition', { bijector: repeat(0, reverse()) }, /expected 1 to 10000 repetitions, got 0 at bijector\.times$/)
bad('half a repetition', { bijector: repeat(1.5, reverse()) }, /expected 1 to 10000 repetitions, got 1\.5/)
bad(
  'a million layers in two repeats',
  { bijector: repeat(1000, repeat(1000, reverse())) },
  /expected at most 10000 layers, got more at bijector\.bijector\.bijector$/,
)
bad(
  'a chain of 20,000',
  { bijector: chain(...Array.from({ length: 20_000 }, reverse)) },
  /expected at most 10000 layers, got more at bijector\.bijectors\[10001\]$/,
)
const nested = (depth: number): BijectorSpec => Array.from({ length: depth }).reduce<BijectorSpec>(inner => invert(inner), reverse())
bad('200 inverses deep', { bijector: nested(200) }, /expected specs at most 100 deep, got deeper at bijector\.bijector/)
bad('100,000 inverses deep', { bijector: nested(100_000) }, /expected specs at most 100 deep/)
bad('a chain without a list', { bijector: wrong({ _tag: 'chain' }) }, /expected a list of bijectors, got undefined at bijector\.bijectors$/)

const order = (got: string): RegExp => new RegExp(`^build: expected a permutation of 0\\.\\.2, got \\[${got}\\] at bijector\\.order$`)
bad('an order that repeats', { bijector: permute([0, 0, 1]) }, order('0, 0, 1'))
bad('an order of fractions', { bijector: permute([0.5, 1, 2]) }, order('0\\.5, 1, 2'))
bad('an order from 1', { bijector: permute([1, 2, 3]) }, order('1, 2, 3'))
bad('an order below 0', { bijector: permute([-1, 0, 1]) }, order('-1, 0, 1'))
bad('an order of another length', { bijector: permute([1, 0]) }, /expected an order of 3 dimensions, got \[1, 0\] at bijector\.order$/)
bad('neither order nor seed', { bijector: wrong({ _tag: 'permute' }) }, /expected an order or a seed, got neither at bijector$/)
bad('a negative seed', { bijector: permute({ seed: -1 }) }, /expected an integer seed in \[0, 2\^53\), got -1 at bijector\.seed$/)
bad('a fractional seed, at two dimensions', { bijector: permute({ seed: 0.5 }), event: [2] }, /expected an integer seed .* got 0\.5/)

const masks: ReadonlyArray<readonly [unknown, string]> = [
  ['third', '"third"'],
  [{}, '\\{\\}'],
  [{ split: 1.5 }, '\\{"split":1\\.5\\}'],
  [{ split: NaN }, '\\{"split":null\\}'],
  [[1, 0, 1], '\\[1,0,1\\]'],
  [null, 'null'],
  [7, '7'],
]
masks.forEach(([mask, got]) =>
  bad(
    `the mask ${JSON.stringify(mask)}`,
    { bijector: coupling(net, affine(), { mask: wrong(mask) }) },
    new RegExp(`^build: expected 'half', 'even', 'odd', a whole split or a list of booleans, got ${got} at bijector\\.mask$`),
  ),
)
bad('no mask', { bijector: wrong({ _tag: 'coupling', conditioner: net, transformer: affine() }) }, /got nothing at bijector\.mask$/)
const keeps = (got: number): RegExp => new RegExp(`expected a mask that keeps 1 to 2 of 3 dimensions, got ${got} at bijector\\.mask$`)
bad('a mask that keeps all', { bijector: coupling(net, affine(), { mask: [true, true, true] }) }, keeps(3))
bad('a mask that keeps none', { bijector: coupling(net, affine(), { mask: [false, false, false] }) }, keeps(0))
bad('a split at 0', { bijector: coupling(net, affine(), { mask: { split: 0 } }) }, keeps(0))
bad('a split past the end', { bijector: coupling(net, affine(), { mask: { split: 4 } }) }, keeps(3))
bad(
  'a mask of another length',
  { bijector: coupling(net, affine(), { mask: [true, false] }) },
  /expected a mask of 3 dimensions, got 2 at bijector\.mask$/,
)

const bins = (got: string): RegExp =>
  new RegExp(`expected a whole number of bins from 1 to 999, got ${got} at bijector\\.transformer\\.bins$`)
bad('no bins', { bijector: elementwise(rationalQuadratic({ bins: 0 })) }, bins('0'))
bad('half a bin', { bijector: elementwise(rationalQuadratic({ bins: 2.5 })) }, bins('2\\.5'))
bad('a thousand bins', { bijector: elementwise(rationalQuadratic({ bins: 1000 })) }, bins('1000'))
;[0, -5, Infinity, NaN, 1e-40].forEach(bound =>
  bad(
    `a bound of ${bound}`,
    { bijector: elementwise(rationalQuadratic({ bound })) },
    new RegExp(`expected a bound from 1e-30 to 1e30, got ${bound} at bijector\\.transformer\\.bound$`),
  ),
)
bad(
  'an unknown knot map',
  { bijector: elementwise(rationalQuadratic({ knots: wrong('cubic') })) },
  /expected one of softclip, softmax, distrax, got cubic at bijector\.transformer\.knots$/,
)
;[affine, scale].forEach(t =>
  bad(
    `an unknown scale of ${t.name}`,
    { bijector: elementwise(t({ scale: wrong('log') })) },
    /expected one of softclip, exp, softplus, sigmoid, tanh, got log at bijector\.transformer\.scale$/,
  ),
)

const narrow = (needed: number, got: number, layer: number): RegExp =>
  new RegExp(`expected at least ${needed} hidden units for 6 dimensions, got ${got} at bijector\\.conditioner\\.hidden\\[${layer}\\]$`)
const masked = (options: Parameters<typeof made>[0]): BijectorSpec => autoregressive(made(options), affine())
bad('a masked network too narrow', { bijector: masked({ hidden: [4] }), event: [6] }, narrow(5, 4, 0))
bad('a masked network too narrow further on', { bijector: masked({ hidden: [8, 4] }), event: [6] }, narrow(5, 4, 1))
bad('a masked network too narrow for a context', { bijector: masked({ hidden: [5] }), event: [6], context: [1] }, narrow(6, 5, 0))
bad(
  'a residual masked network of unequal widths',
  { bijector: masked({ hidden: [8, 9], residual: true }) },
  /expected equal widths in a residual made, got \[8, 9\] at bijector\.conditioner\.hidden$/,
)
bad(
  'an unknown order of degrees',
  { bijector: masked({ degrees: wrong('random') }) },
  /expected one of sorted, cyclic, got random at bijector\.conditioner\.degrees$/,
)
;[mlp(), residualMlp()].forEach(network =>
  bad(
    `${network._tag} in an autoregressive layer`,
    { bijector: autoregressive(network, affine()) },
    new RegExp(`expected an autoregressive network such as 'made', got '${network._tag}' at bijector\\.conditioner$`),
  ),
)
bad(
  'made in a coupling',
  { bijector: coupling(made(), affine()) },
  /expected a plain network such as 'mlp', got the autoregressive 'made' at bijector\.conditioner$/,
)
bad(
  'made in a conditional map',
  { bijector: conditional(made(), affine()), context: [2] },
  /expected a plain network such as 'mlp', got the autoregressive 'made'/,
)
bad(
  'a conditional map without a context',
  { bijector: conditional(net, affine()) },
  /expected a context for 'conditional', got none at bijector; give build its shape$/,
)
;[coupling(net, affine()), masked({}), permute([1, 0]), reverse()].forEach(bijector =>
  bad(
    `${bijector._tag} of matrices`,
    { bijector, event: [2, 2] },
    new RegExp(`expected '${bijector._tag}' to get a vector event \\[D\\], got \\[2, 2\\] at bijector$`),
  ),
)

const sizes: ReadonlyArray<unknown> = [[], [0], [-2], [1.5], [NaN], 3, undefined, 'x']
sizes.forEach(event =>
  bad(
    `an event of shape ${JSON.stringify(event) ?? 'undefined'}`,
    { event: wrong(event ?? null) },
    /^build: expected an event shape of positive integers, got /,
  ),
)
const contexts: ReadonlyArray<readonly [unknown, RegExp]> = [
  [[0], /expected context to be a shape of positive integers, got \[0\]/],
  [{ a: [1], b: [-1] }, /expected context\.b to be a shape of positive integers, got \[-1\]/],
  [3, /expected a context shape or a tree of shapes, got 3/],
  [{}, /expected a context shape or a tree of shapes, got \{\}/],
  [{ a: 3 }, /expected a context shape or a tree of shapes, got \{"a":3\}/],
  [{ a: [[2], 'x'] }, /expected a context shape or a tree of shapes/],
]
contexts.forEach(([context, message]) => bad(`a context of shape ${JSON.stringify(context)}`, { context: wrong(context) }, message))

const ends = (low: string, high: string): RegExp => new RegExp(`expected finite low < high, got ${low} and ${high} at base$`)
bad('a uniform base of no width', { base: uniform({ low: 1, high: 1 }) }, ends('1', '1'))
bad('a uniform base from NaN', { base: uniform({ low: NaN }) }, ends('NaN', '1'))
bad('a uniform base without an end', { base: uniform({ high: Infinity }) }, ends('0', 'Infinity'))

s.test('a distribution that is no flow', () => {
  throws(() => build(wrong(standardNormal()), { event: [2] }), /expected a flow, got the distribution 'standardNormal'; wrap it with flow/)
  throws(
    () => buildDistribution({ _tag: 'none' }, { event: [2] }),
    new RegExp(`expected a distribution, one of ${known('distribution')}, got "none" at _tag$`),
  )
})

const within = (domain: Support): Transformer => ({ ...additiveTransformer(additive()), domain, range: domain })

s.test('a base that does not fit is refused', () => {
  const positive = elementwiseBijector(within({ _tag: 'positive' }), [2])
  const unit = elementwiseBijector(within({ _tag: 'interval', low: 0, high: 1 }), [2])
  throws(
    () => transformed(standardNormalDistribution([3]), permuteBijector([1, 0])),
    /transformed: expected a base of shape \[2\], got \[3\]/,
  )
  throws(() => transformed(standardNormalDistribution([2]), positive), /transformed: expected a base of positive values, got one of real/)
  throws(
    () => transformed(uniformDistribution(uniform({ low: -1, high: 1 }), [2]), unit),
    /expected a base of interval \(0, 1\) values, got one of interval \(-1, 1\)/,
  )
  ok(
    transformed(uniformDistribution(uniform({ low: 1, high: 2 }), [2]), positive).space.support._tag === 'positive',
    'a narrower base fits',
  )
})

s.test('recipes refuse depths that do not mix, or that no one means', () => {
  ;([nice, realNvp, nsf] as const).forEach(recipe =>
    [2, 0, -1, 3.5, 1e9, NaN].forEach(layers =>
      throws(() => recipe({ layers }), new RegExp(`^${recipe.name}: expected 3 to 1000 layers, got ${layers}$`)),
    ),
  )
  ;([maf, iaf] as const).forEach(recipe =>
    [0, -1, 1.5, 1e9, Infinity].forEach(layers =>
      throws(() => recipe({ layers }), new RegExp(`^${recipe.name}: expected 1 to 1000 layers, got ${layers}$`)),
    ),
  )
  throws(() => nsf({ layers: 0, autoregressive: true }), /^nsf: expected 1 to 1000 layers, got 0$/)
})

s.test('building draws nothing and allocates nothing; init allocates its leaves', () => {
  const built = allocates(0, () => build(nsf({ layers: 3, hidden: [8] }), { event: [4], context: [2] }))
  const before = memory().numTensors
  const params = built.init(key(0))
  equal(memory().numTensors - before, leaves(params).length)
  leaves(params).forEach(leaf => leaf.dispose())
})

s.test('sizes are inferred: what a conditioner gives is what its transformer takes', () => {
  const built = build(
    flow({ base: standardNormal(), bijector: chain(actNorm(), coupling(net, rationalQuadratic({ bins: 5 }), { mask: { split: 3 } })) }),
    {
      event: [7],
      context: { a: [2], b: [3, 2] },
    },
  )
  const [norm, layer] = built.init(key(0)).bijector as unknown as readonly [
    { readonly shift: { readonly shape: Shape } },
    { readonly conditioner: Record<'first' | 'last', Record<'w' | 'v', { readonly shape: Shape }>> },
  ]
  equal(norm.shift.shape, [7])
  equal(layer.conditioner.first.w.shape, [3, 8])
  equal(layer.conditioner.first.v.shape, [8, 8])
  equal(layer.conditioner.last.w.shape, [8, 4 * 14])
})

s.test('a spec says what it was built from', () => {
  const spec = maf({ layers: 2, hidden: [4] })
  equal(build(spec, { event: [3] }).spec, spec)
})

s.test('errors inside a repeat name its one bijector', () =>
  throws(
    () => build(flow({ base: standardNormal(), bijector: repeat(3, coupling(mlp({ hidden: [0] }), affine())) }), { event: [2] }),
    /at bijector\.bijector\.conditioner\.hidden\[0\]$/,
  ),
)

s.run()
