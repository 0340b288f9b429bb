import { key, leaves, mapTree } from '@diffeo/core'
import type { Context, Params, ScalarSupport, Space, Support } from '@diffeo/core'
import { allocates, near, throws } from '@diffeo/testing'
import { add, cast, concat, mul, sum, tensor, tile, zeros } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { assert, bitsOf, drawn, edited, rowAt, rowsOf, sizeOf, values } from './draws.ts'
import { grad } from './execution.ts'
import type { Law } from './law.ts'
import type { DistributionMember } from './members.ts'

type DistributionLaw = Law<DistributionMember>

const sameBits = (a: Tensor, b: Tensor, what: string): void =>
  assert(bitsOf(a).join() === bitsOf(b).join(), () => `${what}: expected the same bits`)

const isDiscrete = ({ distribution: { space } }: DistributionMember): boolean =>
  space.support._tag === 'each' ? space.support.dimensions.some(({ _tag }) => _tag === 'categories') : space.support._tag === 'categories'

const bounded = (member: DistributionMember): boolean => member.name.includes('uniform') || isDiscrete(member)

/** L22: log p of a sample is what is said with it. */
const samplesAndScores: DistributionLaw = {
  name: 'logProb of a sample is that of sampleAndLogProb',
  check: ({ distribution, params, context }) => {
    const [p, c] = [params(), context(12)]
    const { x, logProb } = distribution.sampleAndLogProb(p, key(71), 12, c)
    near(values(distribution.logProb(p, x, c)), values(logProb), { atol: 1e-4, rtol: 1e-4 })
    sameBits(distribution.sample(p, key(71), 12, c), x, 'sample')
  },
}

const keys: DistributionLaw = {
  name: 'a key decides the sample',
  check: member => {
    const { distribution, params, context } = member
    const [p, c] = [params(), context(6)]
    const first = distribution.sample(p, key(72), 6, c)
    sameBits(distribution.sample(p, key(72), 6, c), first, 'one key')
    // of a few categories two samples have many in common
    if (isDiscrete(member)) return
    // the zeros and the 1 of a Cholesky factor of correlations
    if (distribution.space.support._tag === 'correlationCholesky') return
    const second = values(distribution.sample(p, key(73), 6, c))
    assert(
      values(first).every((v, i) => v !== second[i]),
      () => 'two keys gave a number in common',
    )
    const rows = new Set(rowsOf(first).map(row => row.join()))
    assert(rows.size === 6, () => 'rows of a sample repeat')
  },
}

const counts: DistributionLaw = {
  name: 'no rows and one',
  check: ({ distribution, params, context, points }) => {
    const p = params()
    const shape = distribution.space.shape
    ;[0, 1].forEach(n => {
      const c = context(n)
      const { x, logProb } = distribution.sampleAndLogProb(p, key(1), n, c)
      assert(x.shape.join() === [n, ...shape].join() && logProb.shape.join() === String(n), () => `n = ${n}: [${x.shape.join()}]`)
      assert(distribution.sample(p, key(1), n, c).shape.join() === [n, ...shape].join(), () => `n = ${n}: shape of the sample`)
      assert(distribution.logProb(p, points(n), c).shape.join() === String(n), () => `n = ${n}: shape of logProb`)
    })
    const n = points(0)
    if (context(1) !== undefined) assert(distribution.logProb(p, n, context(1)).shape.join() === '0', () => 'no rows, a context of one')
  },
}

const purity: DistributionLaw = {
  name: 'purity',
  check: ({ distribution, params, context, points }) => {
    const [p, x, c] = [params(), points(3), context(3)]
    const frozen = Object.freeze(mapTree(leaf => leaf, p)) as Params
    const inputs = [x, ...leaves(p), ...(c === undefined ? [] : leaves(c))]
    const before = inputs.map(t => bitsOf(t).join())
    const first = allocates(1, () => distribution.logProb(frozen, x, c))
    sameBits(distribution.logProb(p, x, c), first, 'logProb twice')
    allocates(1, () => distribution.sample(frozen, key(2), 3, c))
    allocates(2, () => distribution.sampleAndLogProb(p, key(2), 3, c))
    allocates(leaves(p).length, () => distribution.init(key(3)))
    assert(
      inputs.every((t, i) => bitsOf(t).join() === before[i]),
      () => 'an input changed',
    )
  },
}

const gradientInEveryLeaf: DistributionLaw = {
  name: 'a gradient in every leaf',
  check: ({ distribution, params, context, points }) => {
    const [p, x, c] = [params(), points(8), context(8)]
    const grads = grad((q: Params) => sum(mul(distribution.logProb(q, x, c), drawn([8], 74))))(p)
    leaves(grads).forEach((leaf, i) => {
      assert(values(leaf).every(Number.isFinite), () => `leaf ${i} is not finite`)
      assert(
        values(leaf).some(v => v !== 0),
        () => `leaf ${i} has no gradient`,
      )
    })
  },
}

/** The gradient along a random direction of the parameters against a central difference of the values. */
const gradientByDifferences: DistributionLaw = {
  name: 'gradient against differences',
  // deep stacks of splines have a knot within reach of every step; the bijectors of flows have a law of their own
  concerns: ({ distribution }) => !('toBase' in distribution) && leaves(distribution.trainable).length > 0,
  check: ({ distribution, params, context, points }) => {
    const [p, x, c] = [params(), points(4), context(4)]
    const weights = values(drawn([4], 76))
    const order = leaves(p)
    const towards = order.map((leaf, i) => drawn(leaf.shape, 77 + i))
    const at = (step: number): number => {
      const moved = mapTree(leaf => add(leaf, mul(towards[order.indexOf(leaf)]!, step)), p)
      return values(distribution.logProb(moved, x, c)).reduce((s, v, i) => s + v * weights[i]!, 0)
    }
    const difference = (h: number): number => (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)
    const grads = leaves(grad((q: Params) => sum(mul(distribution.logProb(q, x, c), drawn([4], 76))))(p))
    const slope = towards.reduce((s, d, i) => s + values(sum(mul(d, grads[i]!)))[0]!, 0)
    // a knot or a kink within reach of one step is out of reach of another
    const steps = [2 ** -8, 2 ** -6, 2 ** -10]
    assert(
      steps.some(h => Math.abs(difference(h) - slope) <= 0.01 * (1 + Math.abs(slope))),
      () => `gradient ${slope}, differences ${steps.map(difference).join()}`,
    )
  },
}

/** A number to a value of a support of single values, and the derivative there: fine cells near an end, wide ones far out. */
const spreadOver = (support: Support): ((t: number) => readonly [x: number, slope: number]) | undefined => {
  switch (support._tag) {
    case 'real':
      return t => [Math.sinh(t), Math.cosh(t)]
    case 'positive':
      return t => [Math.exp(3 * t), 3 * Math.exp(3 * t)]
    case 'interval': {
      const { low, high } = support
      if (high === Infinity) return t => [low + Math.exp(3 * t), 3 * Math.exp(3 * t)]
      return t => [low + (high - low) / (1 + Math.exp(-t)), (high - low) / (Math.exp(t / 2) + Math.exp(-t / 2)) ** 2]
    }
    case 'circle':
      return t => [(t / 14) * Math.PI, Math.PI / 14]
    default:
      return undefined
  }
}

/** L21 for single values: by the sum over cells. */
const integral: DistributionLaw = {
  name: 'the density of a single value integrates to 1',
  concerns: ({ distribution: { space } }) => sizeOf(space.shape) === 1 && spreadOver(space.support) !== undefined,
  check: ({ distribution, params, context }) => {
    const { shape, support } = distribution.space
    const cells = 5600
    const width = 28 / cells
    const places = Array.from({ length: cells }, (_, i) => spreadOver(support)!((i + 0.5) * width - 14))
    const x = tensor(
      places.map(([at]) => at),
      [cells, ...shape],
    )
    const density = values(distribution.logProb(params(), x, context(1)))
    const mass = places.reduce((s, [, slope], i) => s + Math.exp(density[i]!) * slope * width, 0)
    assert(Math.abs(mass - 1) <= 1e-3, () => `mass ${mass}`)
  },
}

/** Whether a value lies on a support of single values. */
const isOn = (support: ScalarSupport, v: number): boolean => {
  switch (support._tag) {
    case 'real':
      return true
    case 'positive':
      return v > 0
    case 'interval':
      return v >= support.low && v <= support.high
    case 'circle':
      return Math.abs(v) <= Math.PI
    case 'categories':
      return Number.isInteger(v) && v >= 0 && v < support.count
  }
}

/** Whether a row of large values lies on a support; of those of a whole vector only `ordered` holds some. */
const holds = (support: Support, row: ReadonlyArray<number>): boolean => {
  if (support._tag === 'each') return row.every((v, i) => isOn(support.dimensions[i]!, v))
  if (support._tag === 'ordered') return row.every((v, i) => i === 0 || v > row[i - 1]!)
  if (support._tag === 'simplex' || support._tag === 'sphere') return false
  if (support._tag === 'positiveDefinite' || support._tag === 'correlationCholesky') return false
  return row.every(v => isOn(support, v))
}

/** Finite at 1e3 and 1e6 with finite gradients; beyond a bounded support exactly -Infinity. */
const tails: DistributionLaw = {
  name: 'finite in the tails',
  check: member => {
    const { distribution, params, context } = member
    const { shape, support } = distribution.space
    const size = sizeOf(shape)
    const table = [1e3, -1e3, 1e6, -1e6].map(v => Array.from({ length: size }, (_, i) => (i % 2 === 0 ? v : -v / 2)))
    const isInside = table.map(row => !bounded(member) && holds(support, row))
    const [p, c] = [params(), context(4)]
    const got = values(distribution.logProb(p, tensor(table.flat(), [4, ...shape]), c))
    assert(
      got.every((v, i) => (isInside[i] ? Number.isFinite(v) : v === -Infinity)),
      () => `got ${got.join()}`,
    )
    // rows off the support give way to some on it
    const points = member.points(4)
    const x = tensor(
      table.flatMap((row, i) => (isInside[i] ? row : [...values(rowAt(points, i))])),
      [4, ...shape],
    )
    const grads = grad((all: { readonly p: Params; readonly x: Tensor }) => sum(distribution.logProb(all.p, all.x, c)))({ p, x })
    leaves(grads).forEach((leaf, i) => assert(values(leaf).every(Number.isFinite), () => `gradient ${i} is not finite`))
  },
}

/** Values off a support of single values; its ends are no values of a flow, and may be of other distributions. */
const offScalar = (support: ScalarSupport): ReadonlyArray<number> => {
  if (support._tag === 'positive') return [-1, -1e30]
  if (support._tag === 'interval') return [support.low - 1, ...(support.high < Infinity ? [support.high + 1] : [])]
  return support._tag === 'circle' ? [4, -4, 1e30] : []
}

/** A row with other numbers at its start. */
const withFirst = (row: ReadonlyArray<number>, ...first: ReadonlyArray<number>): ReadonlyArray<number> => [
  ...first,
  ...row.slice(first.length),
]

/** Rows that do not lie on a support, made from one that does. */
const offSupport = ({ support }: Space, row: ReadonlyArray<number>): ReadonlyArray<ReadonlyArray<number>> => {
  switch (support._tag) {
    case 'simplex':
      // of the last two the sum is 1
      return [
        row.map(v => 1.5 * v),
        row.map(v => 0.9 * v),
        withFirst(row, -row[0]!, row[1]! + 2 * row[0]!),
        withFirst(row, 0, row[0]! + row[1]!),
      ]
    case 'sphere':
      return [row.map(v => 1.5 * v), row.map(v => 0.9 * v)]
    case 'correlationCholesky': {
      const size = Math.sqrt(row.length)
      // rows of length 1 still: a negative root, and what should stand below the diagonal above it
      return [
        row.map(v => 1.5 * v),
        row.map(v => 0.9 * v),
        withFirst(row, -row[0]!),
        withFirst(row, 0, row[0]!),
        row.map((v, i) => (i === size * size - 1 ? -v : v)),
      ]
    }
    case 'ordered':
      return [[...row].reverse(), withFirst(row, row[1]!, row[0]!)]
    case 'positiveDefinite':
      return [row.map(v => -v), row.map((v, i) => (i === 1 ? v + 1 : v))]
    default:
      return row.flatMap((_, at) => {
        const bad = offScalar(support._tag === 'each' ? support.dimensions[at]! : support)
        return bad.map(v => row.map((old, i) => (i === at ? v : old)))
      })
  }
}

/** The density of a flow at finite values off its support is 0, with gradients that are finite; NaN stays NaN there. */
const offItsSupport: DistributionLaw = {
  name: 'no density off its support',
  concerns: ({ distribution: { space } }) =>
    offSupport(
      space,
      Array.from({ length: sizeOf(space.shape) }, () => 0),
    ).length > 0,
  check: ({ distribution, params, context, points }) => {
    const { space } = distribution
    const inside = [...values(points(1))]
    const table = [inside, ...offSupport(space, inside)]
    const n = table.length
    const [p, c] = [params(), context(n)]
    const x = tensor(table.flat(), [n, ...space.shape])
    const got = values(distribution.logProb(p, x, c))
    assert(
      got.every((v, i) => (i === 0 ? Number.isFinite(v) : v === -Infinity)),
      () => `got ${got.join()} at ${table.map(row => `[${row.join()}]`).join()}`,
    )
    const spoilt = edited(x, (v, i) => (i % inside.length === inside.length - 1 ? NaN : v))
    assert(values(distribution.logProb(p, spoilt, c)).every(Number.isNaN), () => 'a NaN beside a value off the support')
    if (!('toBase' in distribution)) return
    const grads = grad((all: { readonly p: Params; readonly x: Tensor }) => sum(distribution.logProb(all.p, all.x, c)))({ p, x })
    leaves(grads).forEach((leaf, i) => assert(values(leaf).every(Number.isFinite), () => `gradient ${i} is not finite`))
  },
}

/** A sample has a density: no value lies outside the support, and none at an end where rounding has brought it. */
const samplesOnSupport: DistributionLaw = {
  name: 'samples lie on the support',
  check: ({ distribution, params, context }) => {
    const { x, logProb } = distribution.sampleAndLogProb(params(), key(75), 400, context(400))
    assert(values(x).every(Number.isFinite), () => 'a value is not finite')
    const bad = values(logProb).findIndex(v => !Number.isFinite(v))
    assert(bad < 0, () => `${rowsOf(x)[bad]!.join()} has log-density ${values(logProb)[bad]}`)
  },
}

const rows: DistributionLaw = {
  name: 'rows stand alone',
  check: ({ distribution, params, context, points }) => {
    const [p, x, c] = [params(), points(5), context(5)]
    const all = distribution.logProb(p, x, c)
    const at = (i: number): Context | undefined => c && mapTree(leaf => rowAt(leaf, i), c)
    ;[0, 4].forEach(i => near(values(distribution.logProb(p, rowAt(x, i), at(i)))[0]!, values(all)[i]!, { atol: 2e-5, rtol: 1e-5 }))
    const order = [3, 1, 4, 0, 2]
    const moved = (t: Tensor): Tensor => concat(order.map(i => rowAt(t, i)))
    sameBits(distribution.logProb(p, moved(x), c && mapTree(moved, c)), moved(all), 'rows in another order')
    const width = sizeOf(x.shape.slice(1))
    ;[0, width - 1].forEach(place => {
      const spoilt = values(
        distribution.logProb(
          p,
          edited(x, (v, i) => (i === 2 * width + place ? NaN : v)),
          c,
        ),
      )
      assert(Number.isNaN(spoilt[2]), () => `NaN at ${place} gives ${spoilt[2]}`)
      ;[0, 1, 3, 4].forEach(i => assert(spoilt[i] === values(all)[i], () => `NaN at ${place} of row 2 changed row ${i}`))
    })
  },
}

const contextOfOneRow: DistributionLaw = {
  name: 'a context of one row is that row repeated',
  concerns: member => member.distribution.contextShape !== undefined,
  check: ({ distribution, params, context, points }) => {
    const [p, x, row] = [params(), points(4), context(1)!]
    const repeated = mapTree(leaf => tile(leaf, [4, ...leaf.shape.slice(1).map(() => 1)]), row)
    near(values(distribution.logProb(p, x, row)), values(distribution.logProb(p, x, repeated)), { atol: 2e-5, rtol: 1e-5 })
    near(values(distribution.sample(p, key(4), 4, row)), values(distribution.sample(p, key(4), 4, repeated)), { atol: 2e-5, rtol: 1e-5 })
  },
}

/** Errors say what was expected and what came, and leave nothing behind. */
const badInput: DistributionLaw = {
  name: 'refuses what does not fit',
  check: ({ distribution, params, context, points }) => {
    const [p, x, c] = [params(), points(3), context(3)]
    const shape = distribution.space.shape
    const expected = `\\[N, ${shape.join(', ')}\\]`
    const refuses = (body: () => unknown, message: RegExp): void => allocates(0, () => throws(body, message))
    const wide = zeros([3, ...shape.slice(0, -1), shape.at(-1)! + 1])
    const flatBatch = zeros([3])
    const whole = cast(x, 'int32')
    refuses(
      () => distribution.logProb(p, wide, c),
      new RegExp(`logProb: expected a tensor of shape ${expected}, got \\[3, ${wide.shape.slice(1).join(', ')}\\]`),
    )
    refuses(() => distribution.logProb(p, flatBatch, c), new RegExp(`logProb: expected a tensor of shape ${expected}, got \\[3\\]`))
    refuses(() => distribution.logProb(p, whole, c), /logProb: expected float32 values, got int32/)
    ;[-1, 1.5, NaN].forEach(n => {
      refuses(() => distribution.sample(p, key(0), n, c), new RegExp(`sample: expected a whole number of rows, got ${n}`))
      refuses(
        () => distribution.sampleAndLogProb(p, key(0), n, c),
        new RegExp(`sampleAndLogProb: expected a whole number of rows, got ${n}`),
      )
    })
    if (c === undefined) {
      const extra = zeros([3, 2])
      refuses(() => distribution.logProb(p, x, extra), /logProb: expected no context, got one/)
      refuses(() => distribution.sample(p, key(0), 3, extra), /sample: expected no context, got one/)
      return
    }
    const [narrow, few, whole2] = [zeros([3, 1]), zeros([2, 2]), zeros([3, 2], 'int32')]
    refuses(() => distribution.logProb(p, x), /logProb: expected context \[N, 2\], got none; pass it after x/)
    refuses(() => distribution.sample(p, key(0), 3), /sample: expected context \[N, 2\], got none/)
    refuses(() => distribution.logProb(p, x, narrow), /logProb: expected context \[N, 2\], got \[3, 1\]/)
    refuses(() => distribution.logProb(p, x, few), /logProb: expected context of 3 rows or one, got 2 rows/)
    refuses(() => distribution.sampleAndLogProb(p, key(0), 3, few), /sampleAndLogProb: expected context of 3 rows or one, got 2 rows/)
    refuses(() => distribution.logProb(p, x, whole2), /logProb: expected context to be float32, got int32/)
    refuses(
      () => distribution.logProb(p, x, { a: narrow, b: narrow }),
      /logProb: expected a context with context, got context\.a, context\.b/,
    )
  },
}

export const distributionLaws: ReadonlyArray<DistributionLaw> = [
  samplesAndScores,
  keys,
  counts,
  purity,
  gradientInEveryLeaf,
  gradientByDifferences,
  integral,
  tails,
  samplesOnSupport,
  offItsSupport,
  rows,
  contextOfOneRow,
  badInput,
]
