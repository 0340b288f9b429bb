import { bijectors, key, leaves, mapTree, sameStructure } from '@diffeo/core'
import type { Bijector, Context, Params, Space } from '@diffeo/core'
import { add, concat, mul, sum, tensor, tile } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { allocates, near } from '@diffeo/testing'
import { Matrix } from 'ml-matrix'
import { assert, bitsOf, drawn, edited, machineEpsilon, rowAt, rowsOf, sizeOf, values } from './draws.ts'
import { chartedJacobians, determinantCondition, inverted, logAbsDet } from './jacobian.ts'
import { grad, leeway } from './execution.ts'
import type { Law } from './law.ts'
import { splineBound } from './rows/row.ts'
import type { BijectorMember } from './members.ts'

type BijectorLaw = Law<BijectorMember>

type Direction = 'forward' | 'inverse'
export interface Step {
  readonly out: Tensor
  readonly logDet: Tensor
}

/** Either direction, under one name for its output. */
export const apply = (b: Bijector, direction: Direction, params: Params, x: Tensor, context?: Context): Step => {
  if (direction === 'forward') {
    const { y, logDet } = b.forward(params, x, context)
    return { out: y, logDet }
  }
  const { x: out, logDet } = b.inverse(params, x, context)
  return { out, logDet }
}

const sideOf = { forward: 'base', inverse: 'data' } as const
const other = { forward: 'inverse', inverse: 'forward' } as const
const directions: ReadonlyArray<Direction> = ['forward', 'inverse']

/** Where a direction leads from, and where to. */
const spacesOf = (bijector: Bijector, direction: Direction): readonly [Space, Space] => [
  bijector[sideOf[direction]],
  bijector[sideOf[other[direction]]],
]

interface Stage {
  readonly direction: Direction
  readonly params: Params
  readonly x: Tensor
  readonly context: Context | undefined
  readonly run: (x: Tensor, params?: Params, context?: Context) => Step
  readonly back: (y: Tensor) => Step
}

/** A law of one direction, checked in both. */
const eachWay =
  (rows: number, check: (member: BijectorMember, stage: Stage) => void): BijectorLaw['check'] =>
  member =>
    directions.forEach(direction => {
      const { bijector } = member
      const params = member.params()
      const context = member.context(rows)
      check(member, {
        direction,
        params,
        context,
        x: member.points(rows, sideOf[direction]),
        run: (x, p = params, c = context) => apply(bijector, direction, p, x, c),
        back: y => apply(bijector, other[direction], params, y, context),
      })
    })

const within = (error: number, bound: number, what: () => string): void =>
  assert(error <= bound, () => `${what()}: off by ${error}, allowed ${bound}`)

/**
 * |x' - x| <= 32 k eps (|x| + B + |J^-1| (|y| + B)) for x' = back(y), y = run(x), k layers: the rounding of y, carried through the inverse,
 * and that of x' itself.
 */
const roundTrip: BijectorLaw = {
  name: 'round trip',
  check: eachWay(5, ({ layers, bijector }, { direction, x, run, back }) => {
    const y = run(x).out
    const [xs, ys, backs] = [rowsOf(x), rowsOf(y), rowsOf(back(y).out)]
    chartedJacobians(at => run(at).out, x, spacesOf(bijector, direction)).forEach(({ inner, from, to }, row) => {
      const inverse = from.tangents.mmul(inverted(inner)).mmul(to.coordinates)
      xs[row]!.forEach((value, i) => {
        const carried = ys[row]!.reduce((s, v, k) => s + Math.abs(inverse.get(i, k)) * (Math.abs(v) + splineBound), 0)
        const bound = 32 * layers * machineEpsilon * (Math.abs(value) + splineBound + carried)
        within(Math.abs(backs[row]![i]! - value), bound, () => `${direction} and back, row ${row}, dimension ${i}`)
      })
    })
  }),
}

/** The log-determinant against the float64 determinant of the Jacobian by autodiff, in the coordinates of either side's measure. */
const logDeterminant: BijectorLaw = {
  name: 'log-determinant',
  check: eachWay(4, ({ layers, bijector }, { direction, x, run }) => {
    const logDet = values(run(x).logDet)
    chartedJacobians(at => run(at).out, x, spacesOf(bijector, direction)).forEach(({ inner: j }, row) => {
      const bound = 2e-5 + 16 * layers * machineEpsilon * determinantCondition(j)
      within(Math.abs(logDet[row]! - logAbsDet(j)), bound, () => `${direction}, row ${row}: ${logDet[row]} for ${logAbsDet(j)}`)
    })
  }),
}

/** The gradient of the log-determinant by the input. */
const slopeOf = (run: (x: Tensor) => Step, x: Tensor): Tensor => grad((at: Tensor) => sum(run(at).logDet))(x)

/**
 * The log-determinants of the two directions cancel; each computes its own. Allowed is the rounding of the points, times the slope of the
 * log-determinant there.
 */
const antisymmetry: BijectorLaw = {
  name: 'antisymmetry',
  check: eachWay(5, ({ layers }, { direction, x, run, back }) => {
    const { out, logDet } = run(x)
    const home = back(out).logDet
    const sensitivities = [rowsOf(slopeOf(run, x)), rowsOf(slopeOf(back, out))]
    const [xs, outs, there, again] = [rowsOf(x), rowsOf(out), values(logDet), values(home)]
    there.forEach((value, row) => {
      const moved = [xs, outs].reduce(
        (s, side, k) => s + side[row]!.reduce((t, v, i) => t + Math.abs(sensitivities[k]![row]![i]!) * (Math.abs(v) + splineBound), 0),
        0,
      )
      within(Math.abs(value + again[row]!), layers * (1e-5 + 16 * machineEpsilon * moved), () => `${direction} and back, row ${row}`)
    })
  }),
}

/** J(run at x) J(back at y) = 1. */
const inverseJacobian: BijectorLaw = {
  name: 'inverse Jacobian',
  concerns: ({ bijector }) => sizeOf(bijector.base.shape) <= 3,
  check: eachWay(3, ({ layers, bijector }, { direction, x, run, back }) => {
    const there = chartedJacobians(at => run(at).out, x, spacesOf(bijector, direction)).map(({ inner }) => inner)
    const home = chartedJacobians(at => back(at).out, run(x).out, spacesOf(bijector, other[direction])).map(({ inner }) => inner)
    there.forEach((j, row) => {
      const product = j.mmul(home[row]!)
      const size = new Matrix(j.to2DArray().map(r => r.map(Math.abs))).mmul(new Matrix(home[row]!.to2DArray().map(r => r.map(Math.abs))))
      product.to2DArray().forEach((line, i) =>
        line.forEach((value, k) => {
          const bound = 2e-5 * layers * (1 + size.get(i, k))
          within(Math.abs(value - (i === k ? 1 : 0)), bound, () => `${direction}, row ${row}, entry [${i}, ${k}]`)
        }),
      )
    })
  }),
}

const frozen = (params: Params): Params => {
  const copy = mapTree(leaf => leaf, params)
  const freeze = (node: Params): void => {
    if (Array.isArray(node) || Object.getPrototypeOf(node) === Object.prototype) {
      Object.freeze(node)
      Object.values(node as Record<string, Params>).forEach(freeze)
    }
  }
  freeze(copy)
  return copy
}

const bitsOfTree = (tree: Params): ReadonlyArray<Uint32Array> => leaves(tree).map(bitsOf)

const sameBits = (a: ReadonlyArray<Uint32Array>, b: ReadonlyArray<Uint32Array>, what: string): void =>
  assert(
    a.length === b.length && a.every((bits, i) => bits.length === b[i]!.length && bits.every((word, k) => word === b[i]![k])),
    () => `${what}: expected the same bits`,
  )

/** A frozen tree will do, inputs stay as they were, and the same inputs give the same bits. */
const purity: BijectorLaw = {
  name: 'purity',
  check: eachWay(4, (_, { direction, params, x, context, run }) => {
    const inputs = [params, x, ...(context === undefined ? [] : [context])]
    const before = bitsOfTree(inputs)
    const first = run(x, frozen(params))
    const second = run(x)
    sameBits(bitsOfTree(inputs), before, `${direction}: inputs`)
    sameBits(bitsOfTree([second.out, second.logDet]), bitsOfTree([first.out, first.logDet]), `${direction} twice`)
  }),
}

/** Outputs only, none of them an argument; and `init` makes its leaves only. */
const allocation: BijectorLaw = {
  name: 'allocates its outputs',
  check: member => {
    const params = member.params()
    const context = member.context(3)
    directions.forEach(direction => {
      const x = member.points(3, sideOf[direction])
      const { out, logDet } = allocates(2, () => apply(member.bijector, direction, params, x, context))
      assert(out !== x, () => `${direction}: the output is the argument`)
      out.dispose()
      logDet.dispose()
      assert(!x.isDisposed && leaves(params).every(leaf => !leaf.isDisposed), () => `${direction}: an argument was disposed`)
      values(x)
    })
    const made = member.bijector.init(key(0))
    allocates(leaves(made).length, () => member.bijector.init(key(0)))
  },
}

/** A gradient step that fails inside leaves nothing behind. */
const leakOnThrow: BijectorLaw = {
  name: 'leaks nothing when it throws',
  check: eachWay(3, (_, { direction, params, x, run }) => {
    const failing = (p: Params): Tensor => {
      sum(run(x, p).out)
      throw new Error('planned')
    }
    allocates(0, () => {
      try {
        grad(failing)(params)
      } catch (thrown) {
        assert(String(thrown).includes('planned'), () => `${direction}: ${String(thrown)}`)
        return
      }
      throw new Error(`${direction}: expected an error`)
    })
  }),
}

/** Fresh parameters are the identity, with log-determinant 0. */
const identityStart: BijectorLaw = {
  name: 'starts at the identity',
  concerns: member => member.startsAtIdentity,
  check: eachWay(6, ({ bijector, layers }, { direction, x, context }) => {
    const { out, logDet } = apply(bijector, direction, bijector.init(key(5)), x, context)
    near(values(out), values(x), { atol: 2 * layers * machineEpsilon * splineBound, what: direction })
    near(values(logDet), new Float32Array(6), { atol: 4 * layers * machineEpsilon * sizeOf(bijector.base.shape), what: 'logDet' })
  }),
}

/** A scalar that every output enters with a weight of its own. */
const weighted = ({ out, logDet }: Step): Tensor => add(sum(mul(out, drawn(out.shape, 21))), sum(mul(logDet, drawn(logDet.shape, 22))))

const finite = (tree: Params, what: string): void =>
  leaves(tree).forEach((leaf, i) => assert(values(leaf).every(Number.isFinite), () => `${what}: leaf ${i} is not finite`))

/** Every leaf gets a finite gradient that is not zero throughout. */
const gradientInEveryLeaf: BijectorLaw = {
  name: 'a gradient in every leaf',
  check: eachWay(8, (_, { direction, params, x, run }) => {
    const grads = grad((p: Params) => weighted(run(x, p)))(params)
    assert(sameStructure(grads, params), () => `${direction}: the gradient has another structure`)
    finite(grads, `${direction}: gradient`)
    leaves(grads).forEach((leaf, i) =>
      assert(
        values(leaf).some(v => v !== 0),
        () => `${direction}: leaf ${i} has no gradient`,
      ),
    )
  }),
}

/** The gradient along a random direction against a central difference of the values. */
const gradientByDifferences: BijectorLaw = {
  name: 'gradient against differences',
  // deep stacks of splines have a knot within reach of every step
  concerns: ({ bijector, layers }) => layers <= 4 && leaves(bijector.trainable).length > 0,
  check: eachWay(3, (_, { direction, params, x, run }) => {
    // no knot within reach
    const place = mul(x, 0.9)
    const towards = mapTree(leaf => drawn(leaf.shape, 33 + leaf.size), params)
    const at = (step: number): number => {
      const list = leaves(towards)
      let next = 0
      const moved = mapTree(leaf => add(leaf, mul(list[next++]!, step)), params)
      const { out, logDet } = run(place, moved)
      const weights = [values(drawn(out.shape, 21)), values(drawn(logDet.shape, 22))]
      return [values(out), values(logDet)].reduce((s, vs, k) => s + vs.reduce((t, v, i) => t + v * weights[k]![i]!, 0), 0)
    }
    const difference = (h: number): number => (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)
    const grads = leaves(grad((p: Params) => weighted(run(place, p)))(params))
    const slope = leaves(towards).reduce((s, d, i) => s + values(sum(mul(d, grads[i]!)))[0]!, 0)
    // a knot or a kink within reach of one step is out of reach of another
    const steps = [2 ** -8, 2 ** -6, 2 ** -10, 2 ** -11]
    const agrees = (d: number): boolean => Math.abs(d - slope) <= 0.005 + 0.005 * Math.abs(d)
    assert(
      steps.some(h => agrees(difference(h))),
      () => `${direction}: gradient ${slope}, differences ${steps.map(difference).join()}`,
    )
  }),
}

/** Rows of every size in the tails, alone and together, and beside small ones. */
const tailRows = (dim: number): ReadonlyArray<ReadonlyArray<number>> =>
  [1e3, 1e6].flatMap(size => [
    Array.from({ length: dim }, () => size),
    Array.from({ length: dim }, () => -size),
    Array.from({ length: dim }, (_, i) => (i % 2 === 0 ? size : -0.3)),
    Array.from({ length: dim }, (_, i) => (i % 2 === 0 ? 0.2 : -size)),
  ])

/** Ends and knots of the splines, and the floats next to them: values, gradients by x and by every parameter are finite. */
const tails: BijectorLaw = {
  name: 'finite in the tails',
  check: member => {
    const next = splineBound * (1 + machineEpsilon)
    const edges = [0, -0, 1e-40, splineBound, -splineBound, next, -next, splineBound * (1 - machineEpsilon / 2)]
    const params = member.params()
    // a flow lets nothing in that is not on these supports
    const isOpen = (direction: Direction): boolean =>
      !['sphere', 'positiveDefinite', 'correlationCholesky'].includes(member.bijector[sideOf[direction]].support._tag)
    directions.filter(isOpen).forEach(direction => {
      const { shape } = member.bijector[sideOf[direction]]
      const dim = sizeOf(shape)
      const table = [...tailRows(dim), ...edges.map(edge => Array.from({ length: dim }, () => edge))]
      const x = tensor(table.flat(), [table.length, ...shape])
      const small = member.context(table.length)
      const large = small && mapTree(leaf => mul(leaf, 1e4), small)
      ;[small, large].forEach(context => {
        const run = (p: Params, at: Tensor): Step => apply(member.bijector, direction, p, at, context)
        const { out, logDet } = run(params, x)
        finite([out, logDet], `${direction}: value`)
        const grads = grad((all: { readonly p: Params; readonly x: Tensor }) => {
          const step = run(all.p, all.x)
          return add(sum(step.out), sum(step.logDet))
        })({ p: params, x })
        finite(grads, `${direction}: gradient`)
      })
    })
  },
}

/** A row of a batch is what the row alone gives. */
const rowAlone: BijectorLaw = {
  name: 'a row of a batch is the row alone',
  check: eachWay(5, (_, { direction, params, x, context, run }) => {
    const { out, logDet } = run(x)
    ;[0, 3].forEach(i => {
      const alone = run(rowAt(x, i), params, context && mapTree(leaf => rowAt(leaf, i), context))
      assert(alone.out.shape.join() === [1, ...out.shape.slice(1)].join() && alone.logDet.shape.join() === '1', () => `${direction}: shape`)
      near(rowsOf(alone.out)[0]!, rowsOf(out)[i]!, { atol: 2e-6 * leeway(), rtol: 2e-6, what: `${direction} of row ${i}` })
      near(values(alone.logDet)[0]!, values(logDet)[i]!, { atol: 4e-6, rtol: 2e-6, what: `${direction}: logDet of row ${i}` })
    })
  }),
}

/** A batch of no rows gives no rows. */
const emptyBatch: BijectorLaw = {
  name: 'empty batch',
  check: eachWay(0, ({ bijector }, { direction, x, run }) => {
    const { out, logDet } = run(x)
    const shape = [0, ...bijector[sideOf[other[direction]]].shape]
    assert(out.shape.join() === shape.join() && logDet.shape.join() === '0', () => `got [${out.shape.join()}], [${logDet.shape.join()}]`)
    assert(out.dtype === 'float32' && logDet.dtype === 'float32', () => `got ${out.dtype}, ${logDet.dtype}`)
  }),
}

const gathered = (x: Tensor, order: ReadonlyArray<number>): Tensor => concat(order.map(i => rowAt(x, i)))

/** The rows in another order give the outputs in that order, bit for bit. */
const rowOrder: BijectorLaw = {
  name: 'row order',
  check: eachWay(5, (_, { direction, params, x, context, run }) => {
    const order = [3, 0, 4, 1, 2]
    const { out, logDet } = run(x)
    const moved = run(gathered(x, order), params, context && mapTree(leaf => gathered(leaf, order), context))
    sameBits(bitsOfTree([moved.out, moved.logDet]), bitsOfTree([gathered(out, order), gathered(logDet, order)]), direction)
  }),
}

/** Row 2 j + 1 of a batch spoilt at its place j; the other rows stay. */
const spoiltRows = (leaf: Tensor, bad: number): Tensor => {
  const width = sizeOf(leaf.shape.slice(1))
  return edited(leaf, (value, i) => (Math.floor(i / width) === 2 * (i % width) + 1 ? bad : value))
}

/**
 * A bad number in any one place of x or of the context shows in its row, as `shows` says, and changes no bit of another row.
 */
const badRows = (bad: number, shows: (out: Float32Array, logDet: number, inContext: boolean) => boolean): BijectorLaw['check'] =>
  eachWay(14, (_, { direction, params, x, context, run }) => {
    const clean = run(x)
    const judge = ({ out, logDet }: Step, width: number, where: string): void => {
      const [rows, dets] = [rowsOf(out), values(logDet)]
      rows.forEach((row, i) => {
        const what = `${direction}, ${bad} in ${where}, row ${i}`
        if (i % 2 === 1 && i < 2 * width)
          assert(shows(row, dets[i]!, where !== 'x'), () => `${what}: got ${row.join()} and logDet ${dets[i]}`)
        else {
          const before = [bitsOf(rowAt(clean.out, i)), bitsOf(rowAt(clean.logDet, i))]
          sameBits([bitsOf(rowAt(out, i)), bitsOf(rowAt(logDet, i))], before, what)
        }
      })
    }
    const widthOf = (leaf: Tensor): number => sizeOf(leaf.shape.slice(1))
    judge(run(spoiltRows(x, bad)), widthOf(x), 'x')
    if (context === undefined) return
    leaves(context).forEach((target, k) => {
      const spoilt = mapTree(leaf => (leaf === target ? spoiltRows(leaf, bad) : leaf), context)
      judge(run(x, params, spoilt), widthOf(target), `context leaf ${k}`)
    })
  })

const nanRow: BijectorLaw = {
  name: 'NaN stays in its row and shows there',
  check: badRows(NaN, (out, logDet) => out.some(Number.isNaN) && Number.isNaN(logDet)),
}

/** An infinity in x shows as a number that is not finite; in the context, it may drown in a bounded map. */
const infiniteRow: BijectorLaw = {
  name: 'an infinity stays in its row and shows there',
  check: member =>
    [Infinity, -Infinity].forEach(bad =>
      badRows(bad, (out, logDet, inContext) => inContext || !(out.every(Number.isFinite) && Number.isFinite(logDet)))(member),
    ),
}

/** A context of one row is that row repeated. */
const contextOfOneRow: BijectorLaw = {
  name: 'a context of one row is that row repeated',
  concerns: member => member.bijector.contextShape !== undefined,
  check: eachWay(4, (member, { direction, params, x, run }) => {
    const row = member.context(1)!
    const repeated = mapTree(leaf => tile(leaf, [4, ...leaf.shape.slice(1).map(() => 1)]), row)
    const [one, many] = [run(x, params, row), run(x, params, repeated)]
    near(values(one.out), values(many.out), { atol: 2e-6, rtol: 2e-6, what: direction })
    near(values(one.logDet), values(many.logDet), { atol: 4e-6, what: `${direction}: logDet` })
    assert(one.logDet.shape.join() === '4', () => `${direction}: logDet has shape [${one.logDet.shape.join()}]`)
  }),
}

/** Every output, and the log-determinant unless it is constant, moves with every number of the context. */
const dependsOnContext: BijectorLaw = {
  name: 'depends on its context',
  concerns: member => member.bijector.contextShape !== undefined,
  check: eachWay(6, (_, { direction, params, x, context, run }) => {
    const grads = grad((c: Context) => weighted(run(x, params, c)))(context!)
    leaves(grads).forEach((leaf, k) => {
      const rows = rowsOf(leaf)
      rows[0]!.forEach((_, i) =>
        assert(
          rows.some(row => row[i] !== 0),
          () => `${direction}: number ${i} of context leaf ${k} changes nothing`,
        ),
      )
    })
  }),
}

/** What is said about the bijector is so: spaces, structure of the parameters, one log-determinant for each row. */
const description: BijectorLaw = {
  name: 'is what it says',
  check: eachWay(3, ({ bijector }, { direction, params, x, run }) => {
    const { out, logDet } = run(x)
    const to = direction === 'forward' ? bijector.data : bijector.base
    assert(out.shape.join() === [3, ...to.shape].join(), () => `${direction}: shape [${out.shape.join()}]`)
    assert(logDet.shape.join() === '3', () => `${direction}: logDet of shape [${logDet.shape.join()}]`)
    assert(out.dtype === 'float32' && logDet.dtype === 'float32', () => `${direction}: dtype ${out.dtype}`)
    assert(sameStructure(bijector.trainable, params), () => 'trainable has another structure than the parameters')
    assert(JSON.stringify(JSON.parse(JSON.stringify(bijector.spec))) === JSON.stringify(bijector.spec), () => 'the spec is not JSON')
    sameBits(bitsOfTree(bijector.init(key(7))), bitsOfTree(bijector.init(key(7))), 'init of one key')
  }),
}

/** The inverse of the inverse is the bijector; a chain applies its parts in order and adds their log-determinants. */
const composition: BijectorLaw = {
  name: 'composition',
  concerns: ({ bijector: { base, data } }) => JSON.stringify(base) === JSON.stringify(data),
  check: eachWay(3, ({ bijector }, { direction, params, x, context, run }) => {
    // zeros of either sign
    const bits = ({ out, logDet }: Step): ReadonlyArray<Uint32Array> => bitsOfTree([add(out, 0), add(logDet, 0)])
    const first = run(x)
    const twice = apply(bijectors.invert(bijectors.invert(bijector)), direction, params, x, context)
    sameBits(bits(twice), bits(first), `${direction}: invert(invert)`)
    // a map between two spaces does not follow itself
    if (JSON.stringify(bijector.base) !== JSON.stringify(bijector.data)) return
    const second = run(first.out)
    const third = run(second.out)
    const chained = apply(bijectors.chain([bijector, bijector, bijector]), direction, [params, params, params], x, context)
    const logDet = add(add(first.logDet, second.logDet), third.logDet)
    sameBits(bits(chained), bits({ out: third.out, logDet }), `${direction}: chain`)
  }),
}

export const bijectorLaws: ReadonlyArray<BijectorLaw> = [
  roundTrip,
  logDeterminant,
  antisymmetry,
  inverseJacobian,
  purity,
  allocation,
  leakOnThrow,
  identityStart,
  gradientInEveryLeaf,
  gradientByDifferences,
  tails,
  rowAlone,
  emptyBatch,
  rowOrder,
  nanRow,
  infiniteRow,
  contextOfOneRow,
  dependsOnContext,
  description,
  composition,
]
