import { allocates, equal, near, ok, suite, throws, useTestBackend } from '@diffeo/testing'
import { mul, onesLike, tensor2d, tensor3d } from '@tensorflow/tfjs-core'
import { chain } from './bijectors/chain.ts'
import { coupling } from './bijectors/coupling.ts'
import { elementwise } from './bijectors/elementwise.ts'
import { invert } from './bijectors/invert.ts'
import { permuteBijector, reverse } from './bijectors/permute.ts'
import { standardNormal, standardNormalDistribution } from './distributions/normal.ts'
import { build, buildDistribution } from './flows/build.ts'
import { builtins } from './flows/builtins.ts'
import { flow } from './flows/flow.ts'
import { mlp, mlpNetwork } from './networks/mlp.ts'
import { key } from './random/key.ts'
import { register } from './registry.ts'
import type { BijectorEntry, DistributionEntry, NetworkEntry, Site, TransformerEntry } from './registry.ts'
import type { BijectorSpec, TransformerSpec } from './spec.ts'
import { real } from './support.ts'
import { tidy } from './tensor.ts'
import { affine } from './transformers/affine.ts'

const s = suite('registry')
s.before(() => useTestBackend('cpu'))

/** y = 2^power x: a user's own transformer, with a field of its own. */
type PowerOfTwoSpec = TransformerSpec & { readonly _tag: 'powerOfTwo'; readonly power: number }
const powerOfTwo: TransformerEntry<PowerOfTwoSpec> = {
  tag: 'powerOfTwo',
  build: spec => ({
    spec,
    size: 0,
    domain: real,
    range: real,
    trainable: {},
    init: () => ({}),
    forward: (_, __, x) => tidy(() => ({ y: mul(x, 2 ** spec.power), logDeriv: mul(onesLike(x), spec.power * Math.LN2) })),
    inverse: (_, __, y) => tidy(() => ({ x: mul(y, 2 ** -spec.power), logDeriv: mul(onesLike(y), -spec.power * Math.LN2) })),
  }),
}

/** A user's own bijector that holds another: that one, then its dimensions turned by one place. */
type TurnedSpec = BijectorSpec & { readonly _tag: 'turned'; readonly of: BijectorSpec }
const sites: Site[] = []
const turned: BijectorEntry<TurnedSpec> = {
  tag: 'turned',
  build: (spec, site) => {
    sites.push(site)
    const inner = site.builder.bijector(spec.of, { ...site, path: [...site.path, 'of'] })
    const turn = permuteBijector(Array.from({ length: site.shape[0]! }, (_, i) => (i + 1) % site.shape[0]!))
    return {
      ...inner,
      spec,
      forward: (params, x, context) =>
        tidy(() => {
          const { y, logDet } = inner.forward(params, x, context)
          return { y: turn.forward({}, y).y, logDet }
        }),
      inverse: (params, y, context) => tidy(() => inner.inverse(params, turn.inverse({}, y).x, context)),
    }
  },
}
const network: NetworkEntry = { tag: 'smallMlp', build: (_, site) => mlpNetwork(mlp({ hidden: [3] }), site) }
const base: DistributionEntry = { tag: 'myNormal', build: (spec, site) => ({ ...standardNormalDistribution(site.shape), spec }) }

const registry = register(builtins, { bijector: [turned], transformer: [powerOfTwo], network: [network], distribution: [base] })

s.test("a user's tags of every kind stand beside the built-in ones", () => {
  const spec = flow({
    base: { _tag: 'myNormal' },
    bijector: invert(
      chain(
        { _tag: 'turned', of: elementwise({ _tag: 'powerOfTwo', power: 3 } as PowerOfTwoSpec) } as TurnedSpec,
        coupling({ _tag: 'smallMlp' }, affine()),
        reverse(),
      ),
    ),
  })
  const built = build(JSON.parse(JSON.stringify(spec)) as typeof spec, { event: [3] }, registry)
  equal(JSON.stringify(built.spec), JSON.stringify(spec))
  const params = built.init(key(0))
  const x = tensor2d([[1, 2, 4]])
  // toBase runs the chain forward: times 8, turned, identity, reversed
  near(built.toBase(params, x).dataSync(), [8, 32, 16])
  near(built.toData(params, built.toBase(params, x)).dataSync(), [1, 2, 4])
  const expected = built.base.logProb({}, tensor2d([[8, 32, 16]])).dataSync()[0]! + 9 * Math.LN2
  near(built.logProb(params, x).dataSync(), [expected], { rtol: 1e-6 })
})

s.test('an entry learns its shape, side, path and context', () => {
  sites.length = 0
  const spec = { _tag: 'turned', of: reverse() } as TurnedSpec
  build(flow({ base: standardNormal(), bijector: invert(chain(reverse(), spec)) }), { event: [4], context: [2] }, registry)
  const [site] = sites as unknown as ReadonlyArray<{
    readonly shape: number[]
    readonly side: string
    readonly path: unknown[]
    readonly context: unknown
  }>
  equal([site!.shape, site!.side, site!.path, site!.context], [[4], 'base', ['bijector', 'bijector', 'bijectors', 1], [2]])
})

s.test('a registry is a value: the built-in one does not know the tag', () => {
  const spec = flow({ base: standardNormal(), bijector: { _tag: 'turned', of: reverse() } as TurnedSpec })
  throws(() => build(spec, { event: [2] }), /expected a bijector, one of actNorm.* got "turned" at bijector\._tag/)
  ok(Object.hasOwn(registry.bijector, 'turned') && !Object.hasOwn(builtins.bijector, 'turned'), 'builtins changed')
  equal(Object.keys(register(builtins, {}).bijector), Object.keys(builtins.bijector))
})

s.test('errors inside list the new tags and give the path through them', () =>
  throws(
    () =>
      build(flow({ base: standardNormal(), bijector: { _tag: 'turned', of: { _tag: 'none' } } as TurnedSpec }), { event: [2] }, registry),
    /one of actNorm, .*, turned, .*, got "none" at bijector\.of\._tag$/,
  ),
)

s.test('a tag that is taken is refused, in every kind', () => {
  throws(
    () => register(builtins, { bijector: [{ ...turned, tag: 'chain' }] }),
    /register: expected a new bijector tag, got 'chain', which is already registered/,
  )
  throws(() => register(registry, { transformer: [powerOfTwo] }), /expected a new transformer tag, got 'powerOfTwo'/)
  throws(() => register(builtins, { network: [network, network] }), /expected a new network tag, got 'smallMlp'/)
  throws(() => register(builtins, { distribution: [{ ...base, tag: 'flow' }] }), /expected a new distribution tag, got 'flow'/)
  ok(register(builtins, { bijector: [{ ...turned, tag: 'affine' }] }).bijector['affine'] !== undefined, 'kinds have tags of their own')
})

s.test("a transformer of size 0 needs no theta; a user's base is a distribution by itself", () => {
  const b = build(
    flow({ base: standardNormal(), bijector: elementwise({ _tag: 'powerOfTwo', power: 1 } as PowerOfTwoSpec) }),
    { event: [2, 2] },
    registry,
  )
  near(b.toData(b.init(key(0)), tensor3d([1, 2, 3, 4], [1, 2, 2])).dataSync(), [2, 4, 6, 8])
  const d = buildDistribution({ _tag: 'myNormal' }, { event: [2] }, registry)
  const x = tensor2d([[0, 0]])
  near(allocates(1, () => d.logProb({}, x)).dataSync(), [-Math.log(2 * Math.PI)], { atol: 1e-6 })
})

s.run()
