import { grad, leaves, mapTree, tidy } from '@diffeo/core'
import type { Bijector, Context, Params, Space, Support } from '@diffeo/core'
import { jit } from '@diffeo/program'
import { abs, add, concat, mul, slice, sum, tensor } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Matrix } from 'ml-matrix'
import { apply } from './bijector-laws.ts'
import type { Step } from './bijector-laws.ts'
import { chartAt } from './charts.ts'
import { drawn, flat, machineEpsilon, rowsOf, sizeOf, values } from './draws.ts'
import { determinantCondition, inverted, logAbsDet, matricesOf } from './jacobian.ts'
import type { BijectorMember } from './members.ts'
import { splineBound } from './rows/row.ts'

/** How many draws of parameters, and how many rows of each; parameters as they are drawn, or ten times as large. Values compiled, by eager ops, or both. */
export interface Width {
  readonly draws: number
  readonly rows: number
  readonly factors: ReadonlyArray<number>
  readonly modes: ReadonlyArray<'compiled' | 'eager'>
  /** Where eager values are computed: on the active backend unless said. */
  readonly eagerly?: <A>(body: () => A) => A
  /** How many times float32's own roundings the backend's functions are off; what is allowed grows with it. Default 1. */
  readonly roundings?: number
}

/** The laws that are checked widely; `finite` asks it of values, and of gradients by points and parameters. */
export const wideLaws = ['round trip', 'log-determinant', 'antisymmetry', 'finite'] as const
export type WideLaw = (typeof wideLaws)[number]

/** What was met: how many rows, what fails first, and the largest share that each law used up of what is allowed. */
export interface Findings {
  readonly member: string
  rows: number
  /**
   * Rows in which an error is larger than allowed, and of which float32 leaves nothing to compare: a rounding of y moves x by a tenth of its size, or
   * roundings of points and parameters move an error by more than `lost`; and those whose Jacobian is not of full rank.
   */
  lost: number
  readonly failures: string[]
  readonly worst: { [law in WideLaw]: number }
}

type Direction = 'forward' | 'inverse'
const other = { forward: 'inverse', inverse: 'forward' } as const
const sideOf = { forward: 'base', inverse: 'data' } as const

/** What the laws ask of one direction, from one call. */
interface Probe {
  readonly there: Step
  readonly back: Step
  readonly jacobian: ReadonlyArray<Tensor>
  /** The gradients of the log-determinants by their points. */
  readonly slope: Tensor
  readonly backSlope: Tensor
  readonly byParams: Params
}

const probed =
  (b: Bijector, direction: Direction) =>
  (params: Params, x: Tensor, context?: Context): Probe => {
    const run = (at: Tensor, p = params): Step => apply(b, direction, p, at, context)
    const home = (at: Tensor): Step => apply(b, other[direction], params, at, context)
    const there = run(x)
    const outputs = sizeOf(there.out.shape.slice(1))
    const column = (j: number): Tensor => grad((at: Tensor) => sum(slice(flat(run(at).out), [0, j], [-1, 1])))(x)
    return {
      there,
      back: home(there.out),
      jacobian: Array.from({ length: outputs }, (_, j) => column(j)),
      slope: grad((at: Tensor) => sum(run(at).logDet))(x),
      backSlope: grad((at: Tensor) => sum(home(at).logDet))(there.out),
      byParams: grad((p: Params) => {
        const { out, logDet } = run(x, p)
        return add(sum(out), sum(logDet))
      })(params),
    }
  }

/** There and back alone. */
const toured =
  (b: Bijector, direction: Direction) =>
  (params: Params, x: Tensor, context?: Context): Pick<Probe, 'there' | 'back'> => {
    const there = apply(b, direction, params, x, context)
    return { there, back: apply(b, other[direction], params, there.out, context) }
  }

/** The way back alone. */
const returned =
  (b: Bijector, direction: Direction) =>
  (params: Params, y: Tensor, context?: Context): Step =>
    apply(b, other[direction], params, y, context)

const isReal = (support: Support): boolean => support._tag === 'real'

/** Zero, the ends of every spline and the floats beside them, and the tails. */
const edges = [0, splineBound, -splineBound, splineBound * (1 + machineEpsilon), -splineBound * (1 - machineEpsilon), 1e3, -1e3]

/** Points of a side, of which the first stand on edges where all of R^D is allowed. */
const placesOf = (member: BijectorMember, direction: Direction, rows: number, draw: number): Tensor => {
  const side = member.bijector[sideOf[direction]]
  const points = member.points(rows, sideOf[direction], draw)
  // numbers of a thousand beside roots of e^-40: no matrix of float32 holds them
  const isMatrix = member.bijector.data.support._tag === 'positiveDefinite'
  if (!isReal(side.support) || isMatrix || rows <= edges.length) return points
  const size = sizeOf(side.shape)
  const table = tensor(
    edges.flatMap(edge => Array.from({ length: size }, () => edge)),
    [edges.length, ...side.shape],
  )
  return concat([table, slice(points, edges.length, rows - edges.length)], 0)
}

/** An error of a row, what the Jacobian carries to it of a rounding at either end, and how large it may be to say anything. */
interface RowError {
  readonly law: WideLaw
  readonly what: string
  readonly error: number
  readonly allowed: number
  readonly lost: number
}

/** The Jacobian in the coordinates in which the measures of the two sides are taken, and what its inverse is beside them. */
interface Charted {
  readonly j: Matrix
  inverseOf(inner: Matrix): Matrix
}

const isEuclidean = ({ support }: Space): boolean =>
  !['simplex', 'sphere', 'positiveDefinite', 'correlationCholesky'].includes(support._tag)

const chartedBetween = (fromSpace: Space, toSpace: Space): ((ambient: Matrix, x: ArrayLike<number>, y: ArrayLike<number>) => Charted) => {
  if (isEuclidean(fromSpace) && isEuclidean(toSpace)) return j => ({ j, inverseOf: inner => inner })
  return (ambient, x, y) => {
    const [from, to] = [chartAt(fromSpace, x), chartAt(toSpace, y)]
    return {
      j: to.coordinates.mmul(ambient).mmul(from.tangents),
      inverseOf: inner => from.tangents.mmul(inner).mmul(to.coordinates),
    }
  }
}

const attempted = (f: () => Matrix): Matrix | undefined => {
  try {
    return f()
  } catch {
    return undefined
  }
}

type Mode = Width['modes'][number]

/** The errors of every row; undefined where its Jacobian is not of full rank. */
const errorsOf = (
  { layers, bijector }: BijectorMember,
  direction: Direction,
  x: Tensor,
  probe: Probe,
  mode: Mode = 'compiled',
): ReadonlyArray<ReadonlyArray<RowError> | undefined> => {
  const { there, back } = probe
  const [xs, ys, homes] = [rowsOf(x), rowsOf(there.out), rowsOf(back.out)]
  const [slopes, backSlopes] = [rowsOf(probe.slope), rowsOf(probe.backSlope)]
  const [logDets, backDets] = [values(there.logDet), values(back.logDet)]
  const size = (v: number): number => Math.abs(v) + splineBound
  const charted = chartedBetween(bijector[sideOf[direction]], bijector[sideOf[other[direction]]])
  return matricesOf(probe.jacobian).map((ambient, row) => {
    const { j, inverseOf } = charted(ambient, xs[row]!, ys[row]!)
    const inner = attempted(() => inverted(j))
    const expected = logAbsDet(j)
    if (inner === undefined || !Number.isFinite(expected)) return undefined
    const inverse = inverseOf(inner)
    const trips = [...xs[row]!].map((value, i): RowError => {
      const carried = ys[row]!.reduce((s, v, k) => s + Math.abs(inverse.get(i, k)) * size(v), 0)
      const allowed = 32 * layers * machineEpsilon * (size(value) + carried)
      return { law: 'round trip', what: `, dimension ${i}`, error: homes[row]![i]! - value, allowed, lost: 1e-3 * size(value) }
    })
    const movedHere = xs[row]!.reduce((s, v, i) => s + Math.abs(slopes[row]![i]!) * size(v), 0)
    const moved = movedHere + ys[row]!.reduce((s, v, i) => s + Math.abs(backSlopes[row]![i]!) * size(v), 0)
    const rounding = 16 * layers * machineEpsilon
    // a slope is a difference of numbers as large as y, over one as large as x
    const slopeRounding = [...xs[row]!].reduce(
      (s, v, i) => s + ys[row]!.reduce((t, y, k) => t + Math.abs(inverse.get(i, k)) * size(y), 0) / size(v),
      0,
    )
    return [
      ...trips,
      {
        law: 'log-determinant',
        what: '',
        error: logDets[row]! - expected,
        // the Jacobian of compiled code stands at a point that is a rounding away from that of eager ops
        allowed: 2e-5 + rounding * (determinantCondition(j, inner) + slopeRounding + (mode === 'eager' ? movedHere : 0)),
        lost: 1e-2,
      },
      { law: 'antisymmetry', what: '', error: logDets[row]! + backDets[row]!, allowed: 1e-5 * layers + rounding * moved, lost: 1e-2 },
    ]
  })
}

/** Whether a rounding of y moves x by a tenth of its size. */
const isFlat = (row: ReadonlyArray<RowError>): boolean => row.some(({ law, allowed, lost }) => law === 'round trip' && allowed > 100 * lost)

/** Whether a rounding leaves nothing of a row to compare: what hangs on a lost number is lost with it. */
const isLost = (row: ReadonlyArray<RowError>, judged: ReadonlyArray<RowError>): boolean =>
  isFlat(row) ||
  row.some(({ error, allowed, lost }) => Math.abs(error) <= allowed && Math.abs(error) > lost) ||
  judged.some(({ allowed, lost }, k) => allowed > row[k]!.allowed && allowed > lost)

/** How often points and parameters are shaken, by how many float32 steps, and how many times what that changes is allowed. */
export const shaking = { times: 6, steps: 4, allowance: 16 }

/** Every number moved by a few float32 steps of its size, and of `floor`. */
export const shaken = (x: Tensor, seed: number, floor = 0, times = 1): Tensor =>
  add(x, mul(mul(times * shaking.steps * machineEpsilon, add(abs(x), floor)), drawn(x.shape, seed)))

/** A tree of numbers moved likewise. */
export const shakenTree = (params: Params, seed: number): Params => {
  const order = leaves(params)
  return mapTree(leaf => shaken(leaf, seed + 7 * order.indexOf(leaf)), params)
}

type RowErrors = ReturnType<typeof errorsOf>

/** How far roundings of points and parameters move error k of row i. */
type Movements = (i: number, k: number) => number

const movements =
  (errors: RowErrors, shakenErrors: ReadonlyArray<RowErrors>): Movements =>
  (i, k) =>
    Math.max(
      ...shakenErrors.map(all =>
        all[i] === undefined || errors[i] === undefined ? Infinity : Math.abs(all[i][k]!.error - errors[i][k]!.error),
      ),
    )

/** What is shaken, and what comes of it. */
interface Shaken {
  readonly params: Params
  readonly x: Tensor
  readonly probe: Probe
}

/** Made at the first call. */
export const remembered = <A>(make: () => A): (() => A) => {
  const kept: A[] = []
  return () => {
    if (kept.length === 0) kept.push(make())
    return kept[0]!
  }
}

/**
 * Checks a member in both directions for many draws of its parameters, each times some factors.
 *
 * Allowed is what the Jacobian carries of a rounding at either end. Where an error is larger, 16 times what roundings of the points and parameters
 * change in it are allowed as well: what happens between the layers of a stack, or at a knot, the Jacobian does not tell, and an error in a
 * formula does not change with a rounding.
 */
export const checkWidely = (
  member: BijectorMember,
  { draws, rows, factors, modes, eagerly = body => body(), roundings = 1 }: Width,
): Findings => {
  const found: Findings = {
    member: member.name,
    rows: 0,
    lost: 0,
    failures: [],
    worst: { 'round trip': 0, 'log-determinant': 0, antisymmetry: 0, finite: 0 },
  }
  const fail = (law: WideLaw, text: string): void => {
    found.worst[law] = Infinity
    if (found.failures.length < 5) found.failures.push(`${law}: ${text}`)
  }
  for (const direction of ['forward', 'inverse'] as const) {
    const compiled = jit(probed(member.bijector, direction) as unknown as Traceable, { warn: () => undefined })
    const whole = compiled as unknown as ReturnType<typeof probed>
    // jit asks for the context that may be left out, and gives the types of what it was given
    const compiledReturn = jit(returned(member.bijector, direction) as unknown as Traceable, { warn: () => undefined })
    const home = compiledReturn as unknown as ReturnType<typeof returned>
    const tour: ReturnType<typeof toured> = (...args) => eagerly(() => toured(member.bijector, direction)(...args))
    // what is judged by eager ops has its derivatives by compiled code, which takes a tenth of the time
    const check = (draw: number, factor: number): void => {
      const params = mapTree(leaf => mul(leaf, factor), member.params(draw))
      const x = placesOf(member, direction, rows, draw)
      const context = member.context(rows, draw)
      const given = context === undefined ? [] : [context]
      const known = whole(params, x, ...given)
      const shakes = remembered(() =>
        Array.from({ length: shaking.times }, (_, i): Shaken => {
          const [at, from] = [shakenTree(params, 1000 * (i + 1)), shaken(x, 71 + i, splineBound)]
          return { params: at, x: from, probe: whole(at, from, ...given) }
        }),
      )
      const own = remembered(() => errorsOf(member, direction, x, known))
      const byCompiled = remembered(() =>
        movements(
          own(),
          shakes().map(({ x: from, probe }) => errorsOf(member, direction, from, probe)),
        ),
      )
      const byEager = (errors: RowErrors): Movements => {
        const of = remembered(() =>
          movements(
            errors,
            shakes().map(({ params: at, x: from, probe }) =>
              errorsOf(member, direction, from, { ...probe, ...tour(at, from, ...given) }, 'eager'),
            ),
          ),
        )
        return (i, k) => of()(i, k)
      }
      const compiledMoves: Movements = (i, k) => byCompiled()(i, k)
      // y is a float: one beside a knot may be the knot's own, and there a log-determinant may jump
      const ofReturn = remembered(() => {
        const { out } = known.there
        const floor = isReal(member.bijector[sideOf[other[direction]]].support) ? splineBound : 0
        return movements(
          own(),
          Array.from({ length: shaking.times }, (_, i) => {
            const { logDet } = home(params, shaken(out, 131 + i, floor), ...given)
            return errorsOf(member, direction, x, { ...known, back: { ...known.back, logDet } })
          }),
        )
      })
      const returnMoves: Movements = (i, k) => ofReturn()(i, k)
      modes.forEach(mode => {
        const where = `${mode}, ${direction}, draw ${draw}${factor === 1 ? '' : `, parameters x ${factor}`}`
        if (mode === 'compiled') return judge(where, x, known, own(), [compiledMoves, returnMoves])
        const probe = { ...known, ...tour(params, x, ...given) }
        const errors = errorsOf(member, direction, x, probe, 'eager')
        // eager ops are shaken where what roundings change in compiled code does not explain an error
        judge(where, x, probe, errors, [compiledMoves, returnMoves, byEager(errors)])
      })
    }
    const judge = (where: string, x: Tensor, probe: Probe, errors: RowErrors, moved: ReadonlyArray<Movements>): void => {
      const { there, back, jacobian, slope, backSlope, byParams } = probe
      const parts = [there.out, there.logDet, back.out, back.logDet, ...jacobian, slope, ...leaves(byParams)]
      // of a row that float32 has moved off the support there is no way back: a pivot of a rounding of its matrix is a pivot of 0
      const isAway = (part: Tensor, i: number): boolean => {
        if (part !== back.out && part !== back.logDet) return false
        const row = errors[Math.floor((i * errors.length) / part.size)]
        return row === undefined || isFlat(row)
      }
      const bad = parts.findIndex(part => !values(part).every((v, i) => Number.isFinite(v) || isAway(part, i)))
      if (bad >= 0) return fail('finite', `${where}: expected finite values and gradients, got another in part ${bad} of ${parts.length}`)
      found.rows += errors.length
      const wayBack = rowsOf(backSlope)
      errors.forEach((row, i) => {
        const judged = row?.map((rounded, k): RowError => {
          const one = { ...rounded, allowed: roundings * rounded.allowed }
          if (Math.abs(one.error) <= one.allowed) return one
          return moved.reduce<RowError>((judgedSoFar, by) => {
            if (Math.abs(one.error) <= judgedSoFar.allowed) return judgedSoFar
            const allowed = one.allowed + shaking.allowance * by(i, k)
            return allowed > judgedSoFar.allowed ? { ...one, allowed } : judgedSoFar
          }, one)
        })
        const wrong = judged?.filter(({ error, allowed }) => !(Math.abs(error) <= allowed)) ?? []
        const hasWayBack = wayBack[i]!.every(Number.isFinite)
        // the way back from where the map is flat leaves float32
        if (row === undefined || judged === undefined || ((wrong.length > 0 || !hasWayBack) && isLost(row, judged))) {
          found.lost += 1
          return
        }
        if (!hasWayBack) fail('finite', `${where}, row ${i}: expected a finite gradient of the log-determinant back, got another`)
        judged.forEach(({ law, error, allowed }) => (found.worst[law] = Math.max(found.worst[law], Math.abs(error) / allowed)))
        wrong.forEach(({ law, what, error, allowed }) =>
          fail(
            law,
            `${where}, row ${i}${what} (${[...rowsOf(x)[i]!].map(v => v.toPrecision(4)).join(', ')}): off by ${error}, allowed ${allowed}`,
          ),
        )
      })
    }
    for (let draw = 0; draw < draws; draw++)
      for (const factor of factors)
        tidy(() => {
          check(draw, factor)
          return []
        })
    compiled.dispose()
    compiledReturn.dispose()
  }
  return found
}

/** What `jit` asks of the function: its context may be left out. */
type Traceable = (params: Params, x: Tensor, context: Params) => Params
