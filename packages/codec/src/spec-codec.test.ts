import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import type { Either } from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import {
  beta,
  box,
  cauchy,
  conditionalDistribution,
  conditionalNormal,
  exponential,
  gamma,
  gumbel,
  laplace,
  logNormal,
  logistic,
  lowRankNormal,
  mixture,
  mixtureMade,
  embedding,
  gatedResidual,
  lipschitzMlp,
  multivariateNormal,
  studentT,
  truncated,
  uniformSphere,
  vonMises,
  vonMisesFisher,
  categorical,
  fixedAffine,
  givenCategories,
  product,
  standardNormal,
  actNorm,
  additive,
  affine,
  autoregressive,
  batchNorm,
  blockwise,
  build,
  builtins,
  chain,
  concatenate,
  conditional,
  conjugate,
  coupling,
  dense,
  diagonalNormal,
  elementwise,
  embed,
  flow,
  freeze,
  ginCoupling,
  householder,
  iaf,
  indexed,
  invert,
  lowRank,
  made,
  maf,
  mlp,
  nice,
  nsf,
  orthogonal,
  pad,
  permute,
  planar,
  plu,
  qr,
  radial,
  rationalQuadratic,
  realNvp,
  register,
  repeat,
  reparameterize,
  reshape,
  residualMlp,
  reverse,
  scale,
  stack,
  svd,
  sylvester,
  triangular,
  transpose,
  twoSidedCoupling,
  uniform,
  weightNorm,
} from '@diffeo/core'
import {
  cauchyCdf,
  circle,
  each,
  exp,
  expm1,
  gumbelCdf,
  identity,
  inverseOf,
  leakyRelu,
  leakyTanh,
  log1p,
  logit,
  logTanh,
  normalCdf,
  power,
  sigmoid,
  signedPower,
  sinh,
  sinhArcsinh,
  softplus,
  tanh,
} from '@diffeo/core'
import {
  ascending,
  centeredSoftmax,
  circularShift,
  circularSpline,
  correlationCholesky,
  cylinder,
  exponentialMap,
  intervalSpline,
  sphereMoebius,
  cumulativeSum,
  moebius,
  periodic,
  positiveDefinite,
  stickBreaking,
  uniformCircle,
} from '@diffeo/core'
import type { BijectorSpec, FlowSpec } from '@diffeo/core'
import { equal, is, ok, suite } from '@diffeo/testing'
import { builtinCodecs } from './builtin-codecs.ts'
import { report } from './decode-error.ts'
import type { DecodeErrors } from './decode-error.ts'
import { decode } from './decode.ts'
import { fields, word } from './fields.ts'
import type { Json } from './json.ts'
import { parseJson } from './json.ts'
import { nearest } from './nearest.ts'
import { decodeSpec, specCodec } from './spec-codec.ts'
import { bijectorSpec, networkSpec, transformerSpec } from './spec-kind.ts'
import { univariateExamples } from './univariate-examples.ts'

const right = <A>(result: Either<DecodeErrors, A>): A => {
  if (E.isLeft(result)) throw new Error(report(result.left))
  return result.right
}
const wrong = (result: Either<DecodeErrors, unknown>): string => {
  if (E.isRight(result)) throw new Error('expected errors, got a value')
  return report(result.left)
}
const json = (u: unknown): Json => JSON.parse(JSON.stringify(u)) as Json
const of = (...bijectors: ReadonlyArray<unknown>): unknown => ({
  _tag: 'flow',
  base: { _tag: 'standardNormal' },
  bijector: { _tag: 'chain', bijectors },
})

/** Every tag, every option. */
const everything: ReadonlyArray<BijectorSpec> = [
  ...univariateExamples,
  chain(),
  invert(permute([2, 0, 1])),
  repeat(3, permute({ seed: 0 })),
  repeat(3, permute({ seed: 0 }), { scan: true }),
  { ...chain(reverse(), reverse()), scan: true },
  reverse(),
  actNorm(),
  elementwise(scale({ scale: 'tanh' })),
  conditional(residualMlp({ width: 8, blocks: 2 }), additive()),
  coupling(mlp({ hidden: [8, 4], activation: 'leakyRelu' }), rationalQuadratic({ bins: 8, bound: 2.5, knots: 'distrax' })),
  coupling(mlp(), affine({ scale: 'exp' }), { mask: 'even' }),
  coupling(mlp(), affine({ minScale: 0.02 })),
  coupling(mlp(), affine(), { mask: { split: 2 } }),
  coupling(mlp(), affine(), { mask: [true, false, true] }),
  autoregressive(made({ hidden: [16, 16], residual: true, degrees: 'cyclic' }), affine()),
  elementwise(
    each([exp(), inverseOf(expm1()), softplus(), sigmoid({ low: -1, high: 2 }), logit(), tanh(), leakyTanh(), logTanh({ cut: 2 })]),
  ),
  elementwise(each([leakyRelu(), power({ exponent: 0.5 }), signedPower(), sinh(), sinhArcsinh(), normalCdf(), cauchyCdf(), gumbelCdf()])),
  elementwise(each([identity(), identity({ support: { _tag: 'interval', low: 0, high: 2 } }), identity({ support: circle }), log1p()])),
  elementwise(identity({ support: { _tag: 'categories', count: 3 } })),
  elementwise(fixedAffine({ shift: -1.5, scale: 0.25 })),
  coupling(periodic(mlp()), circularSpline({ bins: 4 })),
  chain(stickBreaking(), invert(centeredSoftmax()), ascending(), cumulativeSum(), positiveDefinite(), correlationCholesky()),
  chain(cylinder(), sphereMoebius(), exponentialMap({ components: 3 })),
  cylinder({ heights: 'real' }),
  chain(sphereMoebius({ conditioner: mlp() }), exponentialMap({ conditioner: mlp({ hidden: [4] }) })),
  elementwise(intervalSpline({ low: 0, high: 3, bins: 4 })),
  conditional(periodic(mlp(), { at: [1, 0] }), each([moebius(), circularShift()])),
  givenCategories([3, 2], reverse()),
  coupling(embedding([3, 0], gatedResidual({ width: 8, blocks: 1, activation: 'tanh' })), affine()),
  coupling(lipschitzMlp({ hidden: [8], constant: 0.5 }), affine()),
  givenCategories([3, 2], reverse(), { places: [1, 4] }),
  triangular(),
  triangular({ upper: true }),
  plu(),
  plu({ order: [2, 0, 1] }),
  plu({ seed: 3 }),
  dense(),
  qr(),
  qr({ reflections: 4 }),
  svd({ reflections: 2 }),
  householder({ reflections: 3 }),
  orthogonal({ map: 'cayley' }),
  lowRank({ rank: 2 }),
  autoregressive(made(), affine(), { passes: 2 }),
  autoregressive(made(), affine(), {
    adjacency: [
      [false, false],
      [true, false],
    ],
  }),
  twoSidedCoupling(mlp(), affine(), { mask: 'odd' }),
  batchNorm({ momentum: 0.2 }),
  blockwise(2, plu()),
  concatenate({ size: 1, bijector: plu() }, { size: 2, bijector: reverse() }),
  conjugate(plu(), reverse()),
  embed(mlp(), 3, reverse()),
  freeze(plu()),
  indexed([2, 0], plu()),
  pad({ before: 1, after: 2, value: -0.5 }),
  reparameterize(plu(), { lower: 'tanh', upper: 'zeroMean' }),
  weightNorm(coupling(mlp(), affine())),
  reshape([6], [2, 3]),
  stack(plu(), reverse()),
  transpose([1, 0]),
  ginCoupling(mlp(), { mask: { split: 1 } }),
  planar(),
  planar({ conditioner: mlp() }),
  radial({ conditioner: residualMlp() }),
  sylvester(),
  sylvester({ basis: 'householder', units: 2, reflections: 4, conditioner: mlp() }),
]

const deep = (levels: number): BijectorSpec => Array.from({ length: levels }).reduce<BijectorSpec>(inner => invert(inner), reverse())
const c = (fieldsOf: object): unknown => of({ ...coupling(mlp(), rationalQuadratic({ bins: 4 })), ...fieldsOf })
const spline = (fieldsOf: object): unknown => c({ transformer: { ...rationalQuadratic({ bins: 4 }), ...fieldsOf } })
const net = (fieldsOf: object): unknown => c({ conditioner: { ...mlp(), ...fieldsOf } })

const bad: ReadonlyArray<readonly [string, unknown, RegExp]> = [
  [
    'a periodic network of no angle',
    of(coupling(periodic(mlp(), { at: [] }), circularSpline())),
    /conditioner\.at: expected at least one index, each once, got \[\]$/,
  ],
  ['null', null, /^\$: expected a distribution: a record with a _tag, got null$/],
  ['a text', 'nsf', /^\$: expected a distribution: a record with a _tag, got 'nsf'$/],
  ['a list', [], /^\$: expected a distribution: a record with a _tag, got \[\]$/],
  ['no tag', {}, /^_tag: expected a distribution, one of (\w+, )+flow, (\w+, )*uniform(, \w+)*, got nothing$/],
  ['tag null', { _tag: null }, /^_tag: expected a distribution, .* got null$/],
  [
    'unknown tag',
    { _tag: 'polynomial' },
    /^_tag: expected a distribution, one of (\w+, )+flow, (\w+, )*uniform(, \w+)*, got 'polynomial'$/,
  ],
  [
    'misspelt tag',
    { ...(of() as object), base: { _tag: 'standardnormal' } },
    /^base\._tag: .* \(did you mean 'standardNormal'\?\), got 'standardnormal'$/,
  ],
  [
    'misspelt bijector',
    of({ _tag: 'cuopling' }),
    /^bijector\.bijectors\[0\]\._tag: expected a bijector, one of actNorm, .* \(did you mean 'coupling'\?\), got 'cuopling'$/,
  ],
  ['trailing space in a tag', of({ _tag: 'reverse ' }), /\(did you mean 'reverse'\?\), got 'reverse '$/],
  ['tag of a prototype', of({ _tag: 'toString' }), /^bijector\.bijectors\[0\]\._tag: .* got 'toString'$/],
  ['escape sequence as a tag', of({ _tag: '\u001b[2J' }), /got '\\u\{1b\}\[2J'$/],
  [
    'a distribution as a bijector',
    of({ _tag: 'standardNormal' }),
    /bijectors\[0\]\._tag: expected a bijector, .* \('standardNormal' is a distribution\), got 'standardNormal'$/,
  ],
  ['a transformer as a bijector', of(affine()), /\('affine' is a transformer\), got 'affine'$/],
  [
    'a bijector as a transformer',
    of({ ...elementwise(affine()), transformer: reverse() }),
    /transformer\._tag: expected a transformer, .* \('reverse' is a bijector\)/,
  ],
  ['a network as a transformer', c({ transformer: mlp() }), /\('mlp' is a network\), got 'mlp'$/],
  [
    'a missing field',
    { _tag: 'flow', base: { _tag: 'standardNormal' } },
    /^bijector: expected a bijector: a record with a _tag, got nothing$/,
  ],
  [
    'an unknown field',
    { ...(of() as object), seed: 1 },
    /^seed: expected no field of this name; the known ones are _tag, base, bijector, got 1$/,
  ],
  [
    'a misspelt field',
    spline({ bin: 3 }),
    /^bijector\.bijectors\[0\]\.transformer\.bin: expected no field of this name \(did you mean 'bins'\?\), got 3$/,
  ],
  ['a field of a spec without any', of({ _tag: 'reverse', order: [1, 0] }), /^bijector\.bijectors\[0\]\.order: expected no field/],
  [
    'bijectors that are no list',
    { ...(of() as object), bijector: { _tag: 'chain', bijectors: {} } },
    /^bijector\.bijectors: expected a list of bijectors, got a record \(\)$/,
  ],
  ['null among the bijectors', of(reverse(), null), /^bijector\.bijectors\[1\]: expected a bijector: a record with a _tag, got null$/],
  [
    'bins -3',
    of(reverse(), reverse(), coupling(mlp(), { ...rationalQuadratic({ bins: 1 }), bins: -3 } as never)),
    /^bijector\.bijectors\[2\]\.transformer\.bins: expected an integer >= 1, got -3$/,
  ],
  ['bins 0', spline({ bins: 0 }), /transformer\.bins: expected an integer >= 1, got 0$/],
  ['bins 1.5', spline({ bins: 1.5 }), /transformer\.bins: expected an integer >= 1, got 1\.5$/],
  ['bins 10^9', spline({ bins: 1e9 }), /transformer\.bins: expected an integer <= 999, got 1000000000$/],
  ['bins as a text', spline({ bins: '8' }), /transformer\.bins: expected an integer >= 1, got '8'$/],
  ['bins missing', spline({ bins: undefined }), /transformer\.bins: expected an integer >= 1, got nothing$/],
  ['bound 0', spline({ bound: 0 }), /transformer\.bound: expected a number > 0 in the range of float32, got 0$/],
  ['bound -1', spline({ bound: -1 }), /transformer\.bound: expected a number > 0/],
  ['bound 1e300', spline({ bound: 1e300 }), /transformer\.bound: .* got 1e\+300$/],
  ['bound NaN', spline({ bound: NaN }), /transformer\.bound: expected a finite number, got NaN$/],
  [
    'knots in another case',
    spline({ knots: 'Softmax' }),
    /transformer\.knots: expected one of 'softclip', 'softmax', 'distrax' \(did you mean 'softmax'\?\), got 'Softmax'$/,
  ],
  ['sigmoid without a width', of(elementwise(sigmoid({ low: 1, high: 1 }))), /transformer: expected low < high, a finite distance apart/],
  [
    'a bound of tanh that float32 cannot tell from 1',
    of(elementwise(leakyTanh({ bound: 9 }))),
    /transformer\.bound: expected a number > 0 and <= 8, got 9$/,
  ],
  ['an exponent of 0', of(elementwise(power({ exponent: 0 }))), /transformer\.exponent: expected a number from 0\.01 to 100, got 0$/],
  ['a slope of 0', of(elementwise(leakyRelu({ slope: 0 }))), /transformer\.slope: expected a number from 0\.001 to 1000, got 0$/],
  [
    'an unknown support',
    of(elementwise(identity({ support: { _tag: 'sphere' } as never }))),
    /support\._tag: expected one of 'real', 'positive', 'circle'/,
  ],
  [
    'scale of another kind',
    of(elementwise({ ...affine(), scale: 'relu' } as never)),
    /transformer\.scale: expected one of 'softclip', .* got 'relu'$/,
  ],
  [
    'a smallest scale of 1',
    of(elementwise(affine({ minScale: 1 }))),
    /transformer\.minScale: expected a number from 0\.001 to 0\.9, got 1$/,
  ],
  ['a negative width', net({ hidden: [64, -64] }), /conditioner\.hidden\[1\]: expected an integer >= 1, got -64$/],
  ['a width of 10^9', net({ hidden: [1e9] }), /conditioner\.hidden\[0\]: expected an integer <= 65536, got 1000000000$/],
  ['no hidden layer', net({ hidden: [] }), /conditioner\.hidden: expected 1 to 1000 hidden layers, got \[\]$/],
  ['1,001 hidden layers', net({ hidden: Array.from({ length: 1001 }, () => 1) }), /1 to 1000 hidden layers, got a list of 1001$/],
  [
    'weights of 16 GiB',
    net({ hidden: [65536, 65536] }),
    /conditioner\.hidden: expected widths whose weights take at most 2147483648 bytes, got \[65536, 65536\]$/,
  ],
  ['hidden as a number', net({ hidden: 64 }), /conditioner\.hidden: expected a list of widths, got 64$/],
  [
    'unknown activation',
    net({ activation: 'gelu' }),
    /conditioner\.activation: expected one of 'relu', .* \(did you mean 'relu'\?\), got 'gelu'$/,
  ],
  ['1,001 blocks', c({ conditioner: { ...residualMlp(), blocks: 1001 } }), /conditioner\.blocks: expected an integer <= 1000, got 1001$/],
  [
    'unequal widths in a residual made',
    of(autoregressive(made({ hidden: [8, 9], residual: true }), affine())),
    /conditioner: expected equal widths in a residual made, got a record/,
  ],
  [
    'residual as a number',
    of({ ...autoregressive(made(), affine()), conditioner: { ...made(), residual: 1 } }),
    /conditioner\.residual: expected boolean, got 1$/,
  ],
  ['scan of another type', of({ ...repeat(4, reverse()), scan: 1 }), /bijectors\[0\]\.scan: expected true or false, got 1$/],
  ['repeat 0', of({ ...repeat(1, reverse()), times: 0 }), /bijectors\[0\]\.times: expected an integer >= 1, got 0$/],
  [
    'a million layers by repeat',
    of({ ...repeat(1, reverse()), times: 1e6 }),
    /bijectors\[0\]: expected at most 10000 layers, got 1000001$/,
  ],
  [
    'a million layers by nested repeats',
    of(repeat(1000, repeat(1000, reverse()))),
    /bijectors\[0\]: expected at most 10000 layers, got 1001001$/,
  ],
  [
    'a million layers in a list',
    { ...(of() as object), bijector: { _tag: 'chain', bijectors: Array.from({ length: 1e6 }, reverse) } },
    /at most 100000 values, got 1000000$/,
  ],
  ['20,000 layers in a list', of(...Array.from({ length: 20_000 }, reverse)), /at most 10000 lists and records, got more$/],
  ['65 levels', of(deep(65)), /at most 64 levels, got more$/],
  ['a seed of -1', of(permute({ seed: -1 })), /bijectors\[0\]\.seed: expected an integer >= 0, got -1$/],
  ['a seed of 2^53', of(permute({ seed: 2 ** 53 })), /bijectors\[0\]\.seed: expected an integer >= 0, got 9007199254740992$/],
  ['seed and order', of({ _tag: 'permute', seed: 0, order: [1, 0] }), /bijectors\[0\]\.order: expected no field/],
  ['neither seed nor order', of({ _tag: 'permute' }), /bijectors\[0\]\.order: expected a list of indices, got nothing$/],
  ['an index twice', of(permute([0, 0])), /bijectors\[0\]\.order: expected each of 0 to 1 once, got \[0, 0\]$/],
  ['an index out of range', of(permute([0, 2])), /bijectors\[0\]\.order: expected each of 0 to 1 once/],
  ['a fractional index', of(permute([0, 0.5])), /bijectors\[0\]\.order\[1\]: expected an integer >= 0, got 0\.5$/],
  ['an empty order', of(permute([])), /bijectors\[0\]\.order: expected each of/],
  [
    'an unknown mask',
    c({ mask: 'evne' }),
    /bijectors\[0\]\.mask: expected one of 'half', 'even', 'odd' \(did you mean 'even'\?\), got 'evne'$/,
  ],
  ['a mask of numbers', c({ mask: [0, 1] }), /bijectors\[0\]\.mask\[0\]: expected boolean, got 0\n/],
  [
    'a mask that keeps all',
    c({ mask: [true, true] }),
    /bijectors\[0\]\.mask: expected at least one true and one false, got \[true, true\]$/,
  ],
  ['a split of 0', c({ mask: { split: 0 } }), /bijectors\[0\]\.mask\.split: expected an integer >= 1, got 0$/],
  ['low = high', flow({ base: uniform({ low: 1, high: 1 }), bijector: reverse() }), /^base: expected low < high, got a record/],
  [
    'low infinite',
    JSON.stringify(of()).replace('{"_tag":"standardNormal"}', '{"_tag":"uniform","low":-1e999,"high":1}'),
    /^base\.low: expected a finite number, got -1e999$/,
  ],
  ['a key twice', '{"_tag":"flow","_tag":"flow"}', /^_tag: expected each key once, got a second one$/],
  ['own __proto__', '{"_tag":"flow","__proto__":{"bijector":{}}}', /^__proto__: expected a key other than __proto__/],
  ['inherited fields', Object.create(of() as object), /^\$: expected a plain record, got an object of a class, or one that inherits$/],
  ['100,000 levels as text', '['.repeat(100_000), /at most 64 levels/],
  ['text cut short', '{"_tag":"flow"', /^\$: expected ',' or '}', got the end \(line 1, column 15\)$/],
  ['an empty text', ' \n', /^\$: expected a JSON value, got the end \(line 2, column 1\)$/],
]

const s = suite('spec codecs')

for (const [name, u, expected] of bad)
  s.test(`refused: ${name}`, () => {
    const started = Date.now()
    const isText = typeof u === 'string' && u !== 'nsf'
    const message = wrong(isText ? pipe(parseJson(u), E.chain(decodeSpec())) : decodeSpec()(u))
    ok(expected.test(message), `expected ${expected}, got: ${message.slice(0, 500)}`)
    ok(message.length < 2000)
    ok(Date.now() - started < 1000)
  })

s.test('every tag of the registry is read', () => {
  const read = right(decodeSpec()(json(flow({ base: diagonalNormal(), bijector: chain(...everything) }))))
  equal(read, json(flow({ base: diagonalNormal(), bijector: chain(...everything) })))
  const tags = (registry: object): unknown =>
    Object.entries(registry).map(([kind, entries]) => [kind, Object.keys(entries as object).sort()])
  equal(tags(builtinCodecs), tags(builtins))
})

s.test('distributions are read', () => {
  for (const base of [
    beta({ a: 2, b: 0.5, trained: false }),
    box({ low: [0, -1], high: [1, 1] }),
    cauchy({ location: 1 }),
    conditionalDistribution(mlp(), gamma({ concentration: 3 })),
    conditionalNormal(),
    exponential({ rate: 2 }),
    gumbel({ scale: 3 }),
    laplace({ trained: false }),
    logistic(),
    logNormal({ location: -1 }),
    lowRankNormal({ rank: 2 }),
    multivariateNormal(),
    mixture([laplace(), studentT()]),
    mixtureMade({ components: 3 }),
    studentT({ degrees: 5 }),
    truncated(diagonalNormal(), { low: 0, high: 1 }),
    uniformSphere(),
    uniformCircle(),
    vonMises({ concentration: 4 }),
    vonMisesFisher({ concentration: 10 }),
    categorical([2, 7]),
    product([
      { size: 1, distribution: categorical([3]) },
      { size: 4, distribution: standardNormal() },
    ]),
  ]) {
    const spec = flow({ base, bijector: reverse() })
    equal(right(decodeSpec()(json(spec))), json(spec))
  }
})

s.test('recipes are read, and what is read builds', () => {
  for (const spec of [nice(), realNvp(), maf(), iaf(), nsf({ layers: 4, bins: 8 })]) {
    const read = right(decodeSpec()(json(spec)))
    equal(read, json(spec))
    build(read as FlowSpec, { event: [4], context: [1] })
  }
})

s.test('decode(encode(spec)) is the spec, for random compositions', () => {
  const anyBijector = fc.letrec<{ bijector: BijectorSpec }>(tie => ({
    bijector: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom(...everything),
      fc.array(tie('bijector'), { maxLength: 4 }).map(list => chain(...list)),
      tie('bijector').map(invert),
      fc.tuple(fc.integer({ min: 1, max: 3 }), tie('bijector')).map(([times, inner]) => repeat(times, inner)),
    ),
  })).bijector
  const codec = specCodec()
  fc.assert(
    fc.property(anyBijector, bijector => {
      const spec = flow({ base: flow({ base: uniform({ low: -1, high: 2 }), bijector: reverse() }), bijector })
      equal(right(decode(codec, json(codec.encode(spec)))), json(spec))
    }),
    { numRuns: 300, seed: 1 },
  )
})

s.test('random JSON never throws', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 8 }), text => void pipe(parseJson(text), E.chain(decodeSpec()))),
    { numRuns: 1000, seed: 2 },
  )
  fc.assert(
    fc.property(
      fc.anything({ withBigInt: true, withDate: true, withMap: true, withTypedArray: true, withNullPrototype: true }),
      u => void decodeSpec()(u),
    ),
    { numRuns: 1000, seed: 3 },
  )
})

s.test('parseJson is JSON.parse on what both take', () => {
  fc.assert(
    fc.property(
      fc.json({ maxDepth: 5 }).filter(text => !text.includes('__proto__')),
      text => equal(right(parseJson(text)), JSON.parse(text) as unknown),
    ),
    { numRuns: 1000, seed: 4 },
  )
  for (const text of [
    '',
    '{',
    '[1,]',
    '{"a":1,}',
    '01',
    '1.',
    '.5',
    '+1',
    '- 1',
    '1e',
    'NaN',
    'Infinity',
    "'a'",
    '"\t"',
    '"\\x"',
    '"\\u12"',
    '"a',
    'nul',
    'truee',
    '1 2',
    '[1 2]',
    '{"a" 1}',
    '{a:1}',
    '/**/1',
  ])
    ok(E.isLeft(parseJson(text)), text)
  is(right(parseJson('\uFEFF 1')), 1)
  ok(Object.is(right(parseJson('-0')), -0))
})

s.test("a user's own tag is read by its own codec, nested specs included", () => {
  const sandwich = fields<{ readonly _tag: 'sandwich'; readonly bread: BijectorSpec; readonly filling: BijectorSpec }>('sandwich', {
    _tag: word('sandwich'),
    bread: bijectorSpec,
    filling: bijectorSpec,
  })
  const plain = t.type({ _tag: t.literal('plain'), networks: t.array(networkSpec), transformer: transformerSpec }, 'plain')
  const entry = (tag: string, codec?: t.Mixed): object => ({ tag, ...(codec ? { codec } : {}), build: () => reverse() })
  const forgetful = t.strict({ a: t.number }, 'forgetful')
  const registry = register(builtins, {
    bijector: [entry('sandwich', sandwich), entry('plain', plain), entry('bare'), entry('forgetful', forgetful)] as never,
  })
  const read = decodeSpec(registry)
  const nested = { _tag: 'sandwich', bread: reverse(), filling: { _tag: 'plain', networks: [mlp()], transformer: affine() } }
  equal(right(read(of(nested))), of(nested))
  is(
    wrong(read(of({ ...nested, filling: { ...nested.filling, networks: [mlp(), { ...mlp(), hidden: [0] }] } }))),
    'bijector.bijectors[0].filling.networks[1].hidden[0]: expected an integer >= 1, got 0',
  )
  ok(/\(did you mean 'sandwich'\?\), got 'sandwhich'$/.test(wrong(read(of({ _tag: 'sandwhich' })))))
  is(wrong(read(of({ _tag: 'bare' }))), "bijector.bijectors[0]: expected a codec in the registry's entry for 'bare', got nothing")
  is(
    wrong(read(of({ _tag: 'forgetful', a: 1 }))),
    "bijector.bijectors[0]: expected a codec for 'forgetful' that keeps its _tag, got nothing",
  )
  ok(/\._tag: expected a bijector, one of/.test(wrong(decodeSpec()(of(nested)))))
})

s.test('a codec with decode alone will do', () => {
  const decodeOnly = {
    name: 'mine',
    decode: (u: unknown): unknown => ((u as { n?: unknown }).n === 1 ? { _tag: 'Right', right: u } : { _tag: 'Left' }),
  }
  const registry = register(builtins, { bijector: [{ tag: 'mine', codec: decodeOnly, build: () => reverse() as never }] })
  equal(right(decodeSpec(registry)(of({ _tag: 'mine', n: 1 }))), of({ _tag: 'mine', n: 1 }))
  is(wrong(decodeSpec(registry)(of({ _tag: 'mine', n: 2 }))), 'bijector.bijectors[0]: expected mine, got a record (_tag, n)')
})

s.test('the codec stands in larger codecs', () => {
  const config = t.type({ flows: t.array(specCodec()) }, 'config')
  is(wrong(decode(config, { flows: [of(), of({ _tag: 'x' })] })).split(':')[0], 'flows[1].bijector.bijectors[0]._tag')
  is(wrong(decode(bijectorSpec, reverse())), '$: expected a bijector below specCodec(registry), got a record (_tag)')
})

s.test('ten errors are listed and the rest counted', () => {
  const message = wrong(decodeSpec()(of(...Array.from({ length: 50 }, () => ({ _tag: 'x' })))))
  is(message.split('\n').length, 11)
  ok(message.endsWith('\nand 40 more errors'))
})

s.test('nearest', () => {
  is(nearest('Copuling', ['chain', 'coupling']), 'coupling')
  is(nearest('zzz', ['chain', 'coupling']), undefined)
  is(nearest('', ['a']), undefined)
  is(nearest('x'.repeat(1e6), ['a']), undefined)
})

s.run()
