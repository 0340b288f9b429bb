import { mutantsIn } from './mutant.ts'
import type { Mutant } from './mutant.ts'

const roots = 'packages/core/src/control/monotone-root.test.ts'
const parity = 'tests/parity/univariate.test.ts'
const start = 'packages/core/src/transformers/start.test.ts'

/** Errors in transformers other than splines, and in their numerical inverses. */
export const transformerMutants: ReadonlyArray<Mutant> = mutantsIn('transformers', [
  ['sign', 'affine', 'sub(zeroUnlessNaN(y), s)', 'add(zeroUnlessNaN(y), s)', 'elementwise(affine)'],
  ['clipped NaN', 'affine', 'logDeriv: add(s, zeroUnlessNaN(x))', 'logDeriv: add(s, mul(s, 0))', 'coupling(affine)'],
  ['sign', 'additive', 'sub(y, column(theta, 0))', 'add(y, column(theta, 0))', 'elementwise(additive)'],
  [
    'clipped NaN',
    'additive',
    'return { y, logDeriv: zeroUnlessNaN(y) }',
    'return { y, logDeriv: sub(column(theta, 0), column(theta, 0)) }',
    'coupling(additive)',
  ],
  ['dropped log-det', 'scale', 'logDeriv: sub(zeroUnlessNaN(y), s)', 'logDeriv: zeroUnlessNaN(y)', 'elementwise(scale)'],
  ['wrong bound', 'scale-map', 'mul(bound, tanh(div(x, bound)))', 'mul(bound, tanh(x))', 'scale tanh'],
  ['wrong bound', 'scale-map', 'Math.expm1(1 - smallest)', 'Math.expm1(1 + smallest)', 'scale softplus'],
  ['dropped factor', 'scale-map', 'mul(2 - 2 * smallest, sigmoid(x))', 'mul(2 - smallest, sigmoid(x))', 'scale sigmoid'],
  ['swapped branch', 'scale-map', 'div(abs(x), limit)', 'div(x, limit)', 'elementwise(affine)', 'affine softclip'],
  [
    'clipped NaN',
    'scale-map',
    'add(clipByValue(x, -bound, bound), zeroUnlessNaN(x))',
    'clipByValue(x, -bound, bound)',
    'tests/laws/transformers.wasm.test.ts',
  ],
  ['sign', 'moebius', 'mapped([neg(u), neg(v)]', 'mapped([u, v]', 'elementwise(moebius)'],
  ['sign', 'moebius', 'div(sub(1, add(square(w[0]), square(w[1])))', 'div(add(1, add(square(w[0]), square(w[1])))', 'elementwise(moebius)'],
  [
    'dropped log-det',
    'moebius',
    'angle: atan2(sub(mul(slope, dy), w[1]), sub(mul(slope, dx), w[0])), logDeriv: log(slope)',
    'angle: atan2(sub(mul(slope, dy), w[1]), sub(mul(slope, dx), w[0])), logDeriv: mul(0, slope)',
    'elementwise(moebius)',
  ],
  ['wrong bound', 'angles', 'div(add(x, Math.PI), 2 * Math.PI)', 'div(x, 2 * Math.PI)', 'elementwise(circularShift)'],
  ['wrong direction', 'each', 'order[a]! - order[b]!', 'order[b]! - order[a]!', 'elementwise(each), D = 3'],
  ['swapped branch', 'inverse-of', 'domain: inner.range', 'domain: inner.domain', 'elementwise(logit)', 'logit'],
  [
    'dropped factor',
    'bernstein',
    'add(y, mul(exp(logDeriv), beyond))',
    'add(y, beyond)',
    'elementwise(bernstein with linear tails), D = 3',
  ],
  ['dropped factor', 'sum-of-squares', 'mean(square(add(1, sum)), -2)', 'mean(add(1, sum), -2)', 'elementwise(sumOfSquares), D = 3'],
  ['off by one', 'sum-of-squares', 'columns(a, degree - 1 - k, 1)', 'columns(a, degree - k, 1)', parity],
  ['dropped factor', 'integral', 'add(area, mul(slope, beyond))', 'add(area, beyond)', 'elementwise(sumOfSquares), D = 3'],
  ['dropped factor', 'integral', 'const area = mul(at, sum(mul(g', 'const area = mul(1, sum(mul(g', 'elementwise(sumOfSquares), D = 3'],
  [
    'dropped factor',
    'gauss-legendre',
    '((1 - x * x) * slope * slope)',
    '((1 - x * x) * slope)',
    'elementwise(unconstrainedMonotone), D = 3',
  ],
  ['off by one', 'gauss-legendre', '(2 * k + 1) * x * value', '(2 * k - 1) * x * value', 'elementwise(unconstrainedMonotone), D = 3'],
  [
    'dropped log-det',
    'deep-sigmoid',
    'logDeriv: add(logDeriv, next.logDeriv)',
    'logDeriv: next.logDeriv',
    'elementwise(deepSigmoid of 2 layers)',
  ],
  ['dropped log-det', 'logistic-mixture', 'logDeriv: add(a, logDeriv)', 'logDeriv', 'elementwise(logisticMixture)'],
  ['sign', 'mixture', 'const y = sub(logF, logRest)', 'const y = add(logF, logRest)', 'elementwise(logisticMixture)'],
  [
    'dropped term',
    'mixture',
    'const right = sub(sub(logSumExp(add(add(logSlopes, sumRest.relative), below)), sumRest.more), logF)',
    'const right = sub(logSumExp(add(add(logSlopes, sumRest.relative), below)), sumRest.more)',
    'elementwise(logisticMixture)',
  ],
  ['dropped factor', 'mixture', '(0.5 * deviation * q) / size', '(deviation * q) / size', start, parity],
  ['dropped factor', 'gaussianization', 'const p = mul(1 / count, exp(', 'const p = mul(1, exp(', 'elementwise(gaussianization), D = 3'],
  [
    'swapped branch',
    'gaussianization',
    'const s = where(isRight, ones, neg(ones))',
    'const s = where(isRight, neg(ones), ones)',
    'elementwise(gaussianization), D = 3',
  ],
  ['sign', 'normal-tail', '0.09678418, 0.37409196', '0.09678418, -0.37409196', 'elementwise(gaussianization), D = 3'],
  ['sign', 'monotone-mlp', 'const positive = abs(w)', 'const positive = w', 'elementwise(monotoneMlp), D = 3'],
  ['sign', 'monotone-mlp', 'neg(half(units, 1))', 'half(units, 1)', 'elementwise(monotoneMlp), D = 3'],
  ['wrong bound', 'unconstrained-monotone', 'const most = 7', 'const most = 70', 'elementwise(unconstrainedMonotone), D = 3', parity],
  ['dropped factor', 'heavy-tails', 'div(mul(2, e), add(1, over))', 'div(e, add(1, over))', 'elementwise(heavyTails), D = 3'],
  [
    'swapped branch',
    'heavy-tails',
    'add(where(isOver, fill(e.shape, most), e), log(add(1, over)))',
    'add(e, log(add(1, over)))',
    'elementwise(heavyTails), D = 3',
  ],
  [
    'sign',
    'numerical-inverse',
    'logDeriv: neg(value(params, theta, x).logDeriv)',
    'logDeriv: value(params, theta, x).logDeriv',
    'elementwise(heavyTails), D = 3',
  ],
  [
    'dropped log-det',
    'from-function',
    'return { y: f(x), logDeriv: log(grads) }',
    'return { y: f(x), logDeriv: grads }',
    'elementwiseFrom',
  ],
])

/** Errors in numerical inverses. */
export const rootMutants: ReadonlyArray<Mutant> = mutantsIn('control', [
  [
    'wrong gradient',
    'monotone-root',
    '[neg(u)], leaves<Tensor>(own)',
    '[u], leaves<Tensor>(own)',
    'elementwiseFrom',
    'elementwise(heavyTails), D = 3',
  ],
  ['wrong gradient', 'monotone-root', 'exp(neg(f(x, given).logDeriv))', 'exp(f(x, given).logDeriv)', 'elementwiseFrom'],
  [
    'wrong bound',
    'monotone-root',
    'mul(8 * epsilon, abs(target))',
    'mul(8e4 * epsilon, abs(target))',
    'elementwise(heavyTails), D = 3',
    'elementwise(bernstein), D = 3',
  ],
  ['clipped NaN', 'monotone-root', 'where(isNaN(y), y, moved)', 'where(isNaN(y), fill(y.shape, 0), moved)', 'elementwiseFrom', roots],
  [
    'swapped branch',
    'monotone-root',
    '[where(isBelow, x, low), where(isBelow, high, x)]',
    '[where(isBelow, low, x), where(isBelow, x, high)]',
    'elementwise(logisticMixture)',
  ],
])
