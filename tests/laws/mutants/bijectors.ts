import { mutantsIn } from './mutant.ts'
import type { Mutant } from './mutant.ts'

const structure = 'tests/laws/structure.test.ts'
const structures = 'tests/parity/structures.test.ts'
const linalg = 'packages/core/src/linalg/linalg.test.ts'
const angles = 'autoregressive angles beside numbers'

/** Errors in structures. */
export const structureMutants: ReadonlyArray<Mutant> = mutantsIn('bijectors', [
  ['wrong direction', 'coupling', 'inverseOrder([...kept, ...moved])', 'inverseOrder([...moved, ...kept])', 'coupling with mask "even"'],
  ['off by one', 'coupling', '(_, i) => i % 2 === 0', '(_, i) => i % 2 === 1', structure],
  [
    'dropped log-det',
    'coupling',
    'return { y: parts.join(xa, y), logDet: sumEvent(logDeriv) }',
    'return { y: parts.join(xa, y), logDet: sumEvent(xa) }',
    'coupling(affine), D = 3',
  ],
  ['wrong direction', 'coupling', 'x: parts.join(ya, x)', 'x: parts.join(x, ya)', 'coupling(affine), D = 3'],
  ['off by one', 'autoregressive-ops', '<= Math.floor(at / levels.length)', '< Math.floor(at / levels.length)', angles],
  ['off by one', 'autoregressive-ops', 'level <= last', 'level < last', angles],
  ['off by one', 'dependencies', 'levels.map(other => other < level)', 'levels.map(other => other <= level)', 'autoregressive in 2 passes'],
  [
    'dropped log-det',
    'elementwise',
    'return { y, logDet: sumEvent(logDeriv) }',
    'return { y, logDet: sumEvent(y) }',
    'elementwise(affine), D = 3',
  ],
  [
    'dropped log-det',
    'chain',
    'return { y: step.y, logDet: add(logDet, step.logDet) }',
    'return { y: step.y, logDet: step.logDet }',
    'chain, D = 3',
  ],
  ['wrong direction', 'chain', 'bijectors.reduceRight(', 'bijectors.reduce(', 'chain, D = 3'],
  [
    'wrong direction',
    'scanned',
    "{ length: count, reverse: direction === 'inverse' }",
    '{ length: count, reverse: false }',
    'planarFlow that samples, in a loop',
  ],
  ['wrong direction', 'permute', 'columnsAt(y, back)', 'columnsAt(y, order)', 'permute, D = 3', 'permute in an order, D = 3'],
  [
    'swapped branch',
    'invert',
    'const step = inner.inverse(params, x, context, key)',
    'const step = inner.inverse(params, x, undefined, key)',
    'invert(coupling), D = 3, given a context',
  ],
  ['sign', 'act-norm', 'logDet: neg(logDet(logScale, y))', 'logDet: logDet(logScale, y)', 'actNorm, D = 3'],
  ['sign', 'act-norm', 'neg(div(center, deviation))', 'div(center, deviation)', structure],
  [
    'clipped NaN',
    'act-norm',
    'add(mul(sum(logScale), ones([x.shape[0]!])), sumEvent(zeroUnlessNaN(x)))',
    'mul(sum(logScale), ones([x.shape[0]!]))',
    'actNorm, D = 3',
  ],
  ['sign', 'batch-norm', 'sum(sub(logDeviation, logScale))', 'sum(add(logDeviation, logScale))', 'batchNorm'],
  [
    'dropped factor',
    'batch-norm',
    'log(sqrt(add(meanOfRows(square(sub(batch, center))), epsilon)))',
    'log(add(meanOfRows(square(sub(batch, center))), epsilon))',
    'packages/core/src/bijectors/batch-norm.test.ts',
  ],
  ['sign', 'planar', 'perRow(neg(logSlope(product, h)))', 'perRow(logSlope(product, h))', 'planar, D = 3'],
  ['dropped term', 'planar', 'div(sub(product, given), maximum', 'div(product, maximum', 'planar, D = 3'],
  ['off by one', 'radial', 'mul(dim - 1, across)', 'mul(dim, across)', 'radial, D = 3'],
  ['dropped factor', 'radial', 'log(add(1, mul(m, square(h))))', 'log(add(1, mul(m, h)))', 'radial, D = 3'],
  ['dropped factor', 'radial', 'add(square(p), mul(4, product))', 'add(square(p), mul(2, product))', 'radial, D = 3'],
  ['sign', 'tanh-root', 'sub(1, square(tanhS))', 'add(1, square(tanhS))', 'planar, D = 3'],
  ['wrong direction', 'sylvester', '{ reverse: true }', '{ reverse: false }', 'sylvester, D = 3'],
  ['dropped term', 'sylvester', 'sub(along(image, row.unit), along(h, row.left))', 'along(image, row.unit)', 'sylvester, D = 3'],
  ['wrong bound', 'above-minus-one', 'const least = 0.99', 'const least = 1.5', 'planar, D = 3', 'radial, D = 3'],
  ['dropped term', 'gin-coupling', 's: sub(s, mean(s, 1, true))', 's: sub(s, mul(0, mean(s, 1, true)))', 'ginCoupling, D = 4'],
  ['swapped branch', 'two-sided-coupling', 'passes.map(pass => !pass)', 'passes', structures, structure],
  [
    'dropped factor',
    'block-autoregressive',
    'div(mul(4, e), square(add(1, e)))',
    'div(mul(2, e), square(add(1, e)))',
    'blockAutoregressive, D = 3',
  ],
  ['off by one', 'block-autoregressive', '(i, j) => i < j)', '(i, j) => i <= j)', 'blockAutoregressive, D = 3'],
  [
    'dropped factor',
    'block-autoregressive',
    'mul(free, div(exp(logNorm), columnNorms(free)))',
    'mul(free, exp(logNorm))',
    'tests/parity/flowjax-bnaf.test.ts',
  ],
  [
    'wrong direction',
    'given-categories',
    'inFront ? y : columnsAt(y, inverseOrder(order))',
    'inFront ? y : columnsAt(y, order)',
    'givenCategories at places',
  ],
  [
    'sign',
    'from-function',
    'logDet: neg(batchInverse(jacobian(of, x, given)).logAbsDet)',
    'logDet: batchInverse(jacobian(of, x, given)).logAbsDet',
    'bijectorFromFunction',
  ],
])

/** Errors in bijectors around others. */
export const wrapperMutants: ReadonlyArray<Mutant> = mutantsIn('bijectors/wrappers', [
  ['dropped log-det', 'stack', 'logDets.reduce((sum, logDet) => add(sum, logDet))', 'logDets[0]!', 'stack'],
  ['dropped log-det', 'concatenate', '.reduce((sum, logDet) => add(sum, logDet))', '.reduce(sum => sum)', 'concatenate'],
  ['off by one', 'concatenate', 'sizes.slice(0, i)', 'sizes.slice(1, i + 1)', 'concatenate'],
  [
    'wrong direction',
    'conjugate',
    'chainBijector([invertBijector(outer), inner, outer])',
    'chainBijector([outer, inner, invertBijector(outer)])',
    structures,
    'conjugate',
  ],
  ['wrong direction', 'indexed', 'inverseOrder([...indices, ...others])', '[...indices, ...others]', 'indexed, D = 4'],
  ['off by one', 'pad', 'slice(y, [0, before], [-1, dim])', 'slice(y, [0, before - 1], [-1, dim])', 'tests/laws/pad.cpu.test.ts'],
  [
    'swapped branch',
    'pad',
    'where(isOn, zeros([rows]), fill([rows], -Infinity))',
    'where(isOn, zeros([rows]), zeros([rows]))',
    'tests/laws/pad.cpu.test.ts',
  ],
  [
    'dropped factor',
    'reparameterize',
    'make: own => mul((own as Normed).scale, unit((own as Normed).direction))',
    'make: own => unit((own as Normed).direction)',
    'weightNorm',
    structures,
  ],
  ['clipped NaN', 'indexed', 'others.length === 0 ? logDet : add(logDet, sumEvent(zeroUnlessNaN(other)))', 'logDet', 'indexed, D = 4'],
  [
    'swapped branch',
    'embed',
    'forward: (params, x, context, key) => tidy(() => inner.forward(params.bijector, x, embedded(params, context), key))',
    'forward: (params, x, context, key) => tidy(() => inner.forward(params.bijector, x, context, key))',
    'embed',
  ],
])

/** Errors in linear layers and the linear algebra under them. */
export const linearMutants: ReadonlyArray<Mutant> = [
  ...mutantsIn('bijectors/linear', [
    ['dropped term', 'triangular', 'sum(logDiagonal(params))', 'sum(params.logScale)', 'triangular, D = 3'],
    ['wrong direction', 'plu', 'permuted(y, back)', 'permuted(y, order)', 'plu in an order'],
    [
      'wrong direction',
      'qr',
      'matMul(y, reflectionsOf(params.vectors))',
      'matMul(y, reflectionsOf(params.vectors), false, true)',
      'qr, D = 3',
    ],
    ['sign', 'svd', 'exp(neg(logSingular(params)))', 'exp(logSingular(params))', 'svd, D = 3'],
    // the first solve alone cannot be wrong: the step of refinement would mend it
    ['wrong direction', 'dense', 'sub(y, matMul(x, a, false, true))', 'sub(y, matMul(x, a))', 'dense, D = 3'],
    ['sign', 'low-rank', 'return sub(z, mul(matMul(within', 'return add(z, mul(matMul(within', 'lowRank, D = 3'],
    ['dropped log-det', 'low-rank', 'add(sum(logDiagonal(params)), core(params).logDet)', 'sum(logDiagonal(params))', 'lowRank, D = 3'],
    [
      'wrong direction',
      'householder',
      'matMul(y, reflectionsOf(vectors))',
      'matMul(y, reflectionsOf(vectors), false, true)',
      'householder of 4 reflections',
      'householder, D = 3',
    ],
    [
      'sign',
      'linear',
      'solve: (params, y) => map.solve(params, sub(y, params.shift))',
      'solve: (params, y) => sub(map.solve(params, y), params.shift)',
      'triangular, D = 3',
    ],
    [
      'clipped NaN',
      'linear',
      'add(mul(log, ones([x.shape[0]!])), sumEvent(zeroUnlessNaN(x)))',
      'mul(log, ones([x.shape[0]!]))',
      'triangular, D = 3',
    ],
  ]),
  ...mutantsIn('linalg', [
    ['sign', 'orthogonal', 'return sub(lower, transpose(lower))', 'return add(lower, transpose(lower))', 'orthogonal, D = 3'],
    ['dropped factor', 'orthogonal', 'mul(0.5, identityMatrix(count))', 'mul(1, identityMatrix(count))', 'householder, D = 3'],
    ['sign', 'triangular', 'return sub(right, matMul(known', 'return add(right, matMul(known', 'triangular, upper, D = 18'],
    [
      'wrong gradient',
      'triangular',
      'const byMatrix = neg(matMul(byRows!, x!, true))',
      'const byMatrix = matMul(byRows!, x!, true)',
      'triangular, D = 3',
    ],
    ['off by one', 'triangular', '(upper ? i < j : i > j)', '(upper ? i <= j : i >= j)', 'triangular, D = 3'],
    [
      'wrong gradient',
      'inverse',
      'sub(mul(byLogDet!, transposed), matMul',
      'add(mul(byLogDet!, transposed), matMul',
      'dense, D = 3',
      linalg,
    ],
    ['sign', 'inverse', 'log(abs(pivot))', 'neg(log(abs(pivot)))', 'dense, D = 3'],
    ['sign', 'cholesky', 'rest = sub(rest, mul(', 'rest = add(rest, mul(', 'positiveDefinite'],
    [
      'wrong gradient',
      'batch-inverse',
      'add(neg(matMul(matMul(b, gInverse!), b))',
      'add(matMul(matMul(b, gInverse!), b)',
      'bijectorFromFunction',
      linalg,
    ],
  ]),
]
