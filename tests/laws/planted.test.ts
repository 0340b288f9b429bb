import {
  affine,
  autoregressive,
  bijectors,
  build,
  coupling,
  diagonalNormal,
  flow,
  key,
  knotsOf,
  made,
  mapTree,
  mlp,
  permute,
  splineForward,
  standardNormal,
  stopGradient,
  tidy,
  uniform,
} from '@diffeo/core'
import type { Bijector, BijectorSpec, Context, Distribution, Network, Params } from '@diffeo/core'
import { ok, suite, useTestBackend } from '@diffeo/testing'
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { apply, bijectorLaws } from './bijector-laws.ts'
import type { Step } from './bijector-laws.ts'
import { distributionLaws } from './distribution-laws.ts'
import { flowLaws, largeLaws } from './flow-laws.ts'
import { checkLaw, lawNamed } from './law.ts'
import type { Law } from './law.ts'
import { bijectorMember, distributionMembersOf, flowMember } from './members.ts'
import type { BijectorMember, DistributionMember, FlowMember } from './members.ts'
import { networkLaws } from './network-laws.ts'
import type { NetworkMember } from './network-laws.ts'
import { networkOf, transformerOf } from './parts.ts'
import { elementwiseMembers, transformerLaws } from './transformer-laws.ts'
import type { ElementwiseMember } from './transformer-laws.ts'

/** Errors planted on purpose: a law that does not fail on them proves nothing. */
const s = suite('planted errors')
s.before(() => useTestBackend('cpu'))

/** What a law says of a member: nothing, or why it does not hold. */
const verdict = <M>(law: Law<M>, member: M): string | undefined => {
  try {
    checkLaw(law, member)
    return undefined
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown)
  }
}

const against = new Set<unknown>()

/** The law holds for the sound member and fails for the one with the error. */
const caught = <M>(error: string, laws: ReadonlyArray<Law<M>>, names: ReadonlyArray<string>, sound: M, broken: M): void =>
  names.forEach(name => {
    const law = lawNamed(laws, name)
    against.add(law)
    s.test(`${error} breaks '${name}'`, () => {
      const before = verdict(law, sound)
      ok(before === undefined, `the law fails without the error: ${before}`)
      ok(verdict(law, broken) !== undefined, 'the law holds in spite of the error')
    })
  })

// Bijectors

const net = mlp({ hidden: [7], activation: 'tanh' })
const sizes = { event: [3], context: [2] }
const built = (spec: BijectorSpec): Bijector => build(flow({ base: standardNormal(), bijector: spec }), sizes).bijector
const spec = coupling(net, affine())
const sound = built(spec)

type Directions = ReadonlyArray<'forward' | 'inverse'>
const both: Directions = ['forward', 'inverse']

/** The bijector with what one direction or both give changed. */
const altered = (
  b: Bijector,
  change: (step: Step, at: { readonly params: Params; readonly x: Tensor; readonly context: Context | undefined }) => Step,
  directions: Directions = both,
): Bijector => {
  const run = (direction: 'forward' | 'inverse', params: Params, x: Tensor, context?: Context): Step =>
    tidy(() => {
      const step = apply(b, direction, params, x, context)
      return directions.includes(direction) ? change(step, { params, x, context }) : step
    })
  return {
    ...b,
    forward: (params, x, context) => {
      const { out, logDet } = run('forward', params, x, context)
      return { y: out, logDet }
    },
    inverse: (params, y, context) => {
      const { out, logDet } = run('inverse', params, y, context)
      return { x: out, logDet }
    },
  }
}

const memberOf = (b: Bijector): BijectorMember => bijectorMember('planted', b, sizes, { startsAtIdentity: true })
const plant = (error: string, names: ReadonlyArray<string>, broken: Bijector, whole: Bijector = sound): void =>
  caught(error, bijectorLaws, names, memberOf(whole), memberOf(broken))

plant(
  'a doubled log-determinant',
  ['log-determinant'],
  altered(sound, ({ out, logDet }) => ({ out, logDet: tf.mul(logDet, 2) })),
)
plant(
  'a log-determinant of the wrong sign in the inverse',
  ['antisymmetry', 'log-determinant'],
  altered(sound, ({ out, logDet }) => ({ out, logDet: tf.neg(logDet) }), ['inverse']),
)
const turned = built(permute([1, 2, 0]))
plant(
  'a forgotten inverse permutation',
  ['round trip', 'inverse Jacobian'],
  {
    ...turned,
    inverse: (p, y) => {
      const { y: x, logDet } = turned.forward(p, y)
      return { x, logDet }
    },
  },
  turned,
)
plant(
  'a leaked tensor',
  ['allocates its outputs'],
  altered(sound, step => {
    tf.keep(tf.add(step.out, 1))
    return step
  }),
)
plant(
  'a tensor leaked while a gradient is taken',
  ['leaks nothing when it throws'],
  altered(sound, step => {
    tf.keep(tf.zeros([1]))
    return step
  }),
)
plant(
  'an output that is the argument',
  ['allocates its outputs'],
  {
    ...built({ _tag: 'chain', bijectors: [] } as BijectorSpec),
    forward: (_, x) => ({ y: x, logDet: tf.zeros([x.shape[0]!]) }),
  },
  built({ _tag: 'chain', bijectors: [] } as BijectorSpec),
)
plant(
  'a mutated input',
  ['purity'],
  altered(sound, (step, { x }) => {
    x.dataSync()[0] = 7 // the cpu backend gives its own array
    return step
  }),
)
plant(
  'a count kept between calls',
  ['purity', 'composition'],
  (() => {
    let calls = 0
    return altered(sound, ({ out, logDet }) => ({ out: tf.add(out, 1e-3 * (calls += 1)), logDet }))
  })(),
)
plant(
  'a NaN swallowed',
  ['NaN stays in its row and shows there'],
  altered(sound, ({ out, logDet }) => ({ out: tf.where(tf.isNaN(out), tf.zerosLike(out), out), logDet })),
)
plant(
  'a NaN swallowed by the log-determinant',
  ['NaN stays in its row and shows there'],
  altered(sound, ({ out, logDet }) => ({ out, logDet: tf.where(tf.isNaN(logDet), tf.zerosLike(logDet), logDet) })),
)
plant(
  'a NaN that spreads over the batch',
  ['NaN stays in its row and shows there'],
  altered(sound, ({ out, logDet }) => ({ out: tf.add(out, tf.mul(tf.sum(out), 0)), logDet })),
)
plant(
  'an infinity clipped away',
  ['an infinity stays in its row and shows there'],
  altered(sound, ({ out, logDet }) => ({
    out: tf.clipByValue(out, -50, 50),
    logDet: tf.where(tf.isNaN(logDet), tf.zerosLike(logDet), logDet),
  })),
)
plant(
  'rows that see each other',
  ['a row of a batch is the row alone'],
  altered(sound, ({ out, logDet }) => ({ out: tf.sub(out, tf.mul(tf.mean(out, 0, true), 0.01)), logDet })),
)
plant(
  'rows that see their place',
  ['row order'],
  altered(sound, ({ out, logDet }) => ({ out: tf.add(out, tf.reshape(tf.range(0, out.shape[0]!, 1), [out.shape[0]!, 1])), logDet })),
)
plant(
  'an empty batch that gives a row',
  ['empty batch'],
  altered(sound, step => (step.out.size > 0 ? step : { out: tf.zeros([1, 3]), logDet: tf.zeros([1]) })),
)
plant(
  'an overflow in the tails',
  ['finite in the tails'],
  altered(sound, ({ out, logDet }, { x }) => ({ out, logDet: tf.add(logDet, tf.sum(tf.sub(tf.log(tf.exp(x)), x), 1)) })),
)
plant(
  'an infinite gradient at 0',
  ['finite in the tails'],
  altered(sound, ({ out, logDet }, { x }) => ({ out: tf.add(out, tf.mul(tf.sqrt(tf.abs(x)), 1e-9)), logDet })),
)
const dead: Bijector = {
  ...sound,
  trainable: { live: sound.trainable, unused: true },
  init: k => ({ live: sound.init(k), unused: tf.zeros([2]) }),
  forward: (p, x, c) => sound.forward((p as { readonly live: Params }).live, x, c),
  inverse: (p, y, c) => sound.inverse((p as { readonly live: Params }).live, y, c),
}
plant('a parameter that nothing reads', ['a gradient in every leaf'], dead)
/** The same values, with half the parameters' gradient cut off. */
const halfStopped: Bijector = {
  ...sound,
  forward: (p, x, c) =>
    tidy(() =>
      sound.forward(
        mapTree(leaf => tf.mul(0.5, tf.add(leaf, stopGradient(leaf))), p),
        x,
        c,
      ),
    ),
}
plant('half a gradient', ['gradient against differences'], halfStopped)
plant('a start away from the identity', ['starts at the identity'], {
  ...sound,
  init: k => tidy(() => mapTree(leaf => tf.add(leaf, 0.01), sound.init(k))),
})
const unconditional = built(coupling(net, affine()))
plant('a network that ignores its context', ['depends on its context'], {
  ...unconditional,
  forward: (p, x, c) =>
    tidy(() =>
      unconditional.forward(
        p,
        x,
        mapTree(leaf => tf.zerosLike(leaf), c!),
      ),
    ),
  inverse: (p, y, c) =>
    tidy(() =>
      unconditional.inverse(
        p,
        y,
        mapTree(leaf => tf.zerosLike(leaf), c!),
      ),
    ),
})
plant(
  'a single context row read as one of many',
  ['a context of one row is that row repeated'],
  altered(sound, ({ out, logDet }, { context }) => ({ out: tf.add(out, (context as Tensor).shape[0]! / 100), logDet })),
)
plant(
  'a log-determinant of another shape',
  ['is what it says'],
  altered(sound, ({ out, logDet }) => ({ out, logDet: tf.expandDims(logDet, 1) })),
)

/** A conditioner that lets every output see every input stands where a masked one should. */
const masked = transformerOf(affine())
const seesAll: Network = {
  ...networkOf(net, { input: [3], output: [3, 2], context: [2], autoregressive: false }),
}
const strict = networkOf(made({ hidden: [7], activation: 'tanh' }), { input: [3], output: [3, 2], context: [2], autoregressive: true })
plant(
  'a mask that lets too much through',
  ['round trip', 'log-determinant'],
  bijectors.autoregressive(seesAll, masked, 3, [2]),
  bijectors.autoregressive(strict, masked, 3, [2]),
)

// Transformers

const spline = elementwiseMembers.find(m => m.name === 'rationalQuadratic softclip of 8 bins on 5, theta 1 N(0, 1)')!
const shifted = (t: Tensor): Tensor => {
  const last = t.shape.at(-1)!
  return tf.concat([tf.slice(t, [0, 0, 1], [-1, -1, last - 1]), tf.slice(t, [0, 0, last - 1], [-1, -1, 1])], -1)
}
type Table = 'x' | 'y' | 'slopes'
/** The forward map with one table read one place too far. */
const offByOne =
  (table: Table): ElementwiseMember['forward'] =>
  (theta, x) => {
    const knots = knotsOf('softclip', tf.expandDims(theta, 1), 8, 5)
    const { y, logDeriv } = splineForward({ ...knots, [table]: shifted(knots[table]) }, x, 5)
    return { out: y, logDeriv }
  }
const plantSpline = (error: string, names: ReadonlyArray<string>, change: Partial<ElementwiseMember>): void =>
  caught(error, transformerLaws, names, spline, { ...spline, ...change })

plantSpline('an off-by-one bin', ['values against float64', 'round trip from x'], { forward: offByOne('y') })
plantSpline('slopes of the next knot', ['values against float64', 'log-derivative against float64', 'antisymmetry'], {
  forward: offByOne('slopes'),
})
plantSpline('an inverse off by ten roundings', ['residual of the inverse'], {
  inverse: (theta, y) => {
    const { out, logDeriv } = spline.inverse(theta, y)
    return { out: tf.add(out, 3e-5), logDeriv }
  },
})
plantSpline('a gradient cut at the ends', ['gradients at every edge'], {
  inverse: (theta, y) => spline.inverse(theta, tf.clipByValue(y, -4.999999, 4.999999)),
})
plantSpline('a flat step', ['strictly increasing'], {
  forward: (theta, x) => {
    const { out, logDeriv } = spline.forward(theta, x)
    return { out: tf.div(tf.floor(tf.mul(out, 64)), 64), logDeriv }
  },
})
plantSpline('a shift', ['theta = 0 is the identity'], {
  forward: (theta, x) => {
    const { out, logDeriv } = spline.forward(theta, x)
    return { out: tf.add(out, 1e-5), logDeriv }
  },
})
plantSpline('an overflowing theta', ['finite for every theta'], {
  forward: (theta, x) => {
    const { out, logDeriv } = spline.forward(theta, x)
    return { out: tf.mul(out, tf.exp(tf.slice(theta, [0, 0], [-1, 1]))), logDeriv }
  },
})
plantSpline('a log-derivative of 0 for NaN', ['special numbers'], {
  forward: (theta, x) => {
    const { out, logDeriv } = spline.forward(theta, x)
    return { out, logDeriv: tf.where(tf.isNaN(logDeriv), tf.zerosLike(logDeriv), logDeriv) }
  },
})

// Networks

const networkMember = (network: Network, contextWidth = 2): NetworkMember => ({
  name: 'planted',
  network,
  input: 3,
  size: 2,
  groups: 3,
  contextWidth,
  autoregressive: true,
})
caught(
  'a network that ignores its context',
  networkLaws,
  ['connectivity'],
  networkMember(strict),
  networkMember({
    ...strict,
    apply: (p, x, c) => tidy(() => strict.apply(p, x, tf.zerosLike(c as Tensor))),
  }),
)
caught('a mask that lets too much through', networkLaws, ['connectivity'], networkMember(strict), networkMember(seesAll))
caught(
  'a mask that cuts too much',
  networkLaws,
  ['connectivity'],
  networkMember(strict),
  networkMember({
    ...strict,
    apply: (p, x, c) => tidy(() => strict.apply(p, tf.mul(x, tf.tensor1d([1, 0, 1])), c)),
  }),
)
caught(
  'a network that does not start at 0',
  networkLaws,
  ['is what it says'],
  networkMember(strict),
  networkMember({
    ...strict,
    apply: (p, x, c) => tidy(() => tf.add(strict.apply(p, x, c), 0.1)),
  }),
)

// Distributions and flows

const mafLike = (layer: BijectorSpec, times: number): BijectorSpec =>
  ({ _tag: 'invert', bijector: { _tag: 'repeat', times, bijector: layer } }) as BijectorSpec
const layer = autoregressive(made({ hidden: [7], activation: 'tanh' }), affine())
const mixed = mafLike({ _tag: 'chain', bijectors: [layer, { _tag: 'reverse' }] } as BijectorSpec, 2)
const specOf = (bijector: BijectorSpec): ReturnType<typeof flow> => flow({ base: standardNormal(), bijector })
const flowOf = (bijector: BijectorSpec, dim = 3, context: number | undefined = 2): FlowMember =>
  flowMember('planted', specOf(bijector), { event: [dim], ...(context !== undefined && { context: [context] }) })
const whole = flowOf(mixed)

caught('a forgotten permutation', flowLaws, ['mixing'], whole, flowOf(mafLike(layer, 2)))
caught('couplings that keep the same half', flowLaws, ['mixing'], whole, flowOf(mafLike(spec, 3)))
caught("a dimension out of the context's reach", flowLaws, ['every dimension depends on the context'], whole, flowOf(spec))
const withLogProb = (m: FlowMember, change: (logProb: Tensor) => Tensor): FlowMember => {
  const logProb: Distribution['logProb'] = (p, x, c) => tidy(() => change(m.flow.logProb(p as never, x, c)))
  return { ...m, distribution: { ...m.distribution, logProb }, flow: { ...m.flow, logProb } }
}
const line = flowOf(mixed, 1)
caught(
  'a density that is 1 % too large',
  flowLaws,
  ['the density integrates to 1', 'starts at the base'],
  line,
  withLogProb(line, v => tf.add(v, 0.01)),
)
const plane = flowOf(mixed, 2)
caught(
  'a density that is 5 % too large',
  largeLaws,
  ['the density integrates to 1 over a grid'],
  plane,
  withLogProb(plane, v => tf.add(v, 0.05)),
)
caught('samples too wide', largeLaws, ['samples come from the density'], plane, {
  ...plane,
  flow: { ...plane.flow, sample: (p, k, n, c) => tidy(() => tf.mul(plane.flow.sample(p, k, n, c), 1.15)) },
})
caught('latents of another flow', flowLaws, ['latents and back'], whole, {
  ...whole,
  flow: { ...whole.flow, toBase: (p, x, c) => tidy(() => tf.mul(whole.flow.toBase(p, x, c), 1.001)) },
})
caught('a spec of another flow', flowLaws, ['the spec is JSON'], whole, { ...whole, spec: specOf(mafLike(layer, 2)) })

const plantDistribution = (error: string, names: ReadonlyArray<string>, change: Partial<Distribution>): void =>
  caught<DistributionMember>(error, distributionLaws, names, whole, { ...whole, distribution: { ...whole.distribution, ...change } })
const d = whole.distribution
plantDistribution('a score of the wrong sign', ['logProb of a sample is that of sampleAndLogProb'], {
  sampleAndLogProb: (p, k, n, c) => {
    const { x, logProb } = d.sampleAndLogProb(p, k, n, c)
    return { x, logProb: tf.neg(logProb) }
  },
})
plantDistribution('a sample that ignores its key', ['a key decides the sample'], { sample: (p, _, n, c) => d.sample(p, key(0), n, c) })
const [box] = distributionMembersOf([{ name: 'uniform', spec: uniform({ low: -5, high: 6 }), dims: [[3]], contexts: [undefined] }])
caught<DistributionMember>('a density off the support', distributionLaws, ['no density off its support'], box!, {
  ...box!,
  distribution: { ...box!.distribution, logProb: (_, x) => tidy(() => tf.sum(tf.add(tf.mul(x, 0), -Math.log(11)), 1)) },
})
plantDistribution('a sample off the support', ['samples lie on the support'], {
  sampleAndLogProb: (p, k, n, c) => {
    const { x, logProb } = d.sampleAndLogProb(p, k, n, c)
    return { x, logProb: tf.where(tf.less(tf.reshape(tf.slice(x, [0, 0], [n, 1]), [n]), -1), tf.fill([n], -Infinity), logProb) }
  },
})
plantDistribution('a row repeated', ['a key decides the sample'], {
  sample: (p, k, n, c) => tidy(() => tf.tile(tf.slice(d.sample(p, k, n, c), [0, 0], [1, -1]), [n, 1])),
})
plantDistribution('a leaked tensor', ['purity'], {
  logProb: (p, x, c) => {
    tf.keep(tf.zeros([1]))
    return d.logProb(p, x, c)
  },
})
plantDistribution('rows that see each other', ['rows stand alone'], {
  logProb: (p, x, c) => tidy(() => tf.add(d.logProb(p, x, c), tf.mul(tf.mean(x), 0.1))),
})
plantDistribution('a score that overflows', ['finite in the tails'], {
  logProb: (p, x, c) => tidy(() => tf.sub(d.logProb(p, x, c), tf.sum(tf.exp(x), 1))),
})
plantDistribution('scores cut off from the parameters', ['a gradient in every leaf'], {
  logProb: (p, x, c) => d.logProb(stopGradient(p), x, c),
})
plantDistribution('gradients of twice their size', ['gradient against differences'], {
  logProb: (p, x, c) =>
    tidy(() => {
      const logProb = d.logProb(p, x, c)
      return tf.sub(tf.mul(2, logProb), stopGradient(logProb))
    }),
})
const [single] = distributionMembersOf([{ name: 'diagonalNormal', spec: diagonalNormal(), dims: [[1]], contexts: [undefined] }])
caught<DistributionMember>(
  'a density that is 1 % too large',
  distributionLaws,
  ['the density of a single value integrates to 1'],
  single!,
  {
    ...single!,
    distribution: { ...single!.distribution, logProb: (p, x) => tidy(() => tf.add(single!.distribution.logProb(p, x), 0.01)) },
  },
)
plantDistribution('no checks', ['refuses what does not fit'], {
  logProb: (p, x, c) => (x.rank === 2 && x.shape[1] === 3 ? d.logProb(p, x, c) : tf.zeros([x.shape[0]!])),
})
plantDistribution('a sample of one row for none', ['no rows and one'], { sample: (p, k, n, c) => d.sample(p, k, Math.max(1, n), c) })

s.test('every law of bijectors, transformers and distributions has an error planted against it', () => {
  const spared = new Set(['the oracle against differences', 'a context of one row is that row repeated'])
  const laws: ReadonlyArray<Law<never>> = [...bijectorLaws, ...transformerLaws, ...distributionLaws]
  laws.forEach(law => ok(against.has(law) || spared.has(law.name), `nothing is planted against '${law.name}'`))
})
s.run()
