import type { Value } from '../../program.ts'
import type { RuleOf, Rules, Site } from './rules.ts'

/** The argument that is no constant of one number, with that number. */
const withFill = ([a, c]: ReadonlyArray<Value>, { fill }: Site): readonly [Value, number] | undefined => {
  const [left, right] = [fill(a!), fill(c!)]
  return right !== undefined ? [a!, right] : left !== undefined ? [c!, left] : undefined
}

/** Whether a number is neither so large nor so small that float32 would lose it. */
const isNormal = (x: number): boolean => Number.isFinite(Math.fround(x)) && (x === 0 || Math.abs(x) > 2 ** -126)

/** Whether 1 / c is exact. */
const isPowerOfTwo = (c: number): boolean => c !== 0 && isNormal(c) && isNormal(1 / c) && Number.isInteger(Math.log2(Math.abs(c)))

const addNeg: RuleOf<'add'> = (_, [a, c], { emit, made }) => {
  const [left, right] = [made(a!, 'neg'), made(c!, 'neg')]
  if (right) return emit.binary('sub', a!, right.inputs[0]!)
  return left ? emit.binary('sub', c!, left.inputs[0]!) : undefined
}

/** x c1 c2 = x (c1 c2), where the product is a number that float32 has. */
const mulConstants: RuleOf<'mul'> = (_, inputs, site) => {
  const [x, c] = withFill(inputs, site) ?? []
  const inner = x === undefined ? undefined : site.made(x, 'mul')
  const [y, d] = (inner && withFill(inner.inputs, site)) ?? []
  if (y === undefined || c === undefined || d === undefined || !isNormal(c) || !isNormal(d) || !isNormal(c * d)) return undefined
  return site.emit.binary('mul', y, site.emit.like(y, c * d))
}

const mulByConstant: RuleOf<'mul'> = (node, inputs, site) => {
  const [x, c] = withFill(inputs, site) ?? []
  if (x === undefined || c === undefined) return undefined
  const { emit, made } = site
  if (c === 1) return x
  if (c === -1) return emit.unary('neg', x)
  // 0 x is NaN where a float x is not finite
  if (c === 0 && node.outputs[0]!.dtype === 'int32') return emit.like(x, 0)
  const negated = made(x, 'neg')
  return negated ? emit.binary('mul', negated.inputs[0]!, emit.like(x, -c)) : undefined
}

const divByConstant: RuleOf<'div'> = (_, [x, divisor], { emit, fill }) => {
  const c = fill(divisor!)
  if (c === 1) return x
  if (c !== undefined && isPowerOfTwo(c)) return emit.binary('mul', x!, emit.like(x!, 1 / c))
  return fill(x!) === 1 ? emit.unary('reciprocal', divisor!) : undefined
}

const powByConstant: RuleOf<'pow'> = (_, [x, exponent], { emit, fill }) => {
  switch (fill(exponent!)) {
    case 0:
      return emit.like(x!, 1)
    case 1:
      return x
    case 2:
      return emit.unary('square', x!)
    case 3:
      return emit.binary('mul', emit.unary('square', x!), x!)
    case -1:
      return emit.unary('reciprocal', x!)
    default:
      return undefined
  }
}

const negOf: RuleOf<'neg'> = (_, [x], site) => {
  const { emit, made } = site
  const [neg, sub, mul] = [made(x!, 'neg'), made(x!, 'sub'), made(x!, 'mul')]
  if (neg) return neg.inputs[0]
  if (sub) return emit.binary('sub', sub.inputs[1]!, sub.inputs[0]!)
  const [y, c] = (mul && withFill(mul.inputs, site)) ?? []
  return y === undefined || c === undefined ? undefined : emit.binary('mul', y, emit.like(y, -c))
}

/** The argument of an absolute value, a square or a negation, whose sign does not matter. */
const signless = (x: Value, { made }: Site): Value | undefined => (made(x, 'neg') ?? made(x, 'abs'))?.inputs[0]

export const arithmetic: Rules = {
  add: [
    (_, inputs, site) => {
      const [x, c] = withFill(inputs, site) ?? []
      return c === 0 ? x : undefined
    },
    addNeg,
  ],
  sub: [
    (_, [x, c], { fill }) => (fill(c!) === 0 ? x : undefined),
    (_, [zero, x], { emit, fill }) => (fill(zero!) === 0 ? emit.unary('neg', x!) : undefined),
    (_, [x, y], { emit, made }) => {
      const negated = made(y!, 'neg')
      return negated && emit.binary('add', x!, negated.inputs[0]!)
    },
  ],
  mul: [
    mulByConstant,
    mulConstants,
    (_, [x, y], { emit, made }) => {
      const [left, right] = [made(x!, 'neg'), made(y!, 'neg')]
      return left && right ? emit.binary('mul', left.inputs[0]!, right.inputs[0]!) : undefined
    },
    (_, [x, y], { emit }) => (x === y ? emit.unary('square', x!) : undefined),
  ],
  div: [divByConstant],
  pow: [powByConstant],
  neg: [negOf],
  abs: [
    (_, [x], site) => {
      const y = signless(x!, site)
      return y === undefined ? undefined : site.emit.unary('abs', y)
    },
    // the square of an integer may have wrapped around
    (node, [x], { made }) => (node.outputs[0]!.dtype === 'float32' && made(x!, 'square') ? x : undefined),
  ],
  square: [
    (_, [x], site) => {
      const y = signless(x!, site)
      return y === undefined ? undefined : site.emit.unary('square', y)
    },
  ],
  log: [(_, [x], { made }) => made(x!, 'exp')?.inputs[0]],
  max: [
    (_, [x, y]) => (x === y ? x : undefined),
    (_, inputs, site) => {
      const [x, c] = withFill(inputs, site) ?? []
      return c === -Infinity ? x : undefined
    },
  ],
  min: [
    (_, [x, y]) => (x === y ? x : undefined),
    (_, inputs, site) => {
      const [x, c] = withFill(inputs, site) ?? []
      return c === Infinity ? x : undefined
    },
  ],
}
