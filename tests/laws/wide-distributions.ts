import { grad, key, leaves, tidy } from '@diffeo/core'
import type { Context, Distribution, Params } from '@diffeo/core'
import { jit } from '@diffeo/program'
import { sum } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { bitsOf, machineEpsilon, rowsOf, values } from './draws.ts'
import type { DistributionMember } from './members.ts'
import { remembered, shaken, shakenTree, shaking } from './wide.ts'
import type { Width } from './wide.ts'

/** What was met: how many rows, what fails first, and the largest share of what is allowed between two log-densities of one point. */
export interface DistributionFindings {
  readonly member: string
  rows: number
  /**
   * Rows whose sample float32 does not hold well enough for its log-density to be what was said: a rounding of the sample, or of the parameters, changes
   * that by more than a hundredth of its size, or a value stands where float32 ends.
   */
  lost: number
  readonly failures: string[]
  worst: number
}

/** What is asked of a distribution in one call. */
interface Scores {
  readonly x: Tensor
  /** What the sample came with. */
  readonly said: Tensor
  readonly own: Tensor
  readonly slope: Tensor
  readonly byParams: Params
}

/** The largest |a - b| / (1 + |b|). */
const farthest = (a: Tensor, b: Tensor): number => {
  const expected = values(b)
  return values(a).reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!) / (1 + Math.abs(expected[i]!))), 0)
}

/** Given a sample: what is said of it again. A sample is drawn outside, where its keys are known. */
const scored =
  (d: Distribution) =>
  (params: Params, x: Tensor, context?: Context): Pick<Scores, 'own' | 'slope' | 'byParams'> => ({
    own: d.logProb(params, x, context),
    slope: grad((at: Tensor) => sum(d.logProb(params, at, context)))(x),
    byParams: grad((p: Params) => sum(d.logProb(p, x, context)))(params),
  })

/** Whether a value is where maps onto positive numbers are clipped lest they leave float32. */
const isAtEnd = (v: number): boolean => Math.abs(v) > 1e36 || (v !== 0 && Math.abs(v) < 1e-35)

type Traceable = (params: Params, x: Tensor, context: Params) => Params

/**
 * Checks a distribution for many draws of its parameters, as far from where they start as they are drawn and ten times as far: its samples, their
 * log-densities and the gradients of these are finite; log p of a sample is what was said with it, by compiled code and by eager ops, within 1e-4 of its
 * size and 16 times what a rounding of the sample changes, and where it is further off 16 times what roundings of the parameters change; `sample` draws
 * what `sampleAndLogProb` draws. Points of its space have a log-density.
 */
export const checkDistributionWidely = (
  member: DistributionMember,
  { draws, rows, factors, modes, eagerly = body => body(), roundings = 1 }: Width,
): DistributionFindings => {
  const { distribution } = member
  const found: DistributionFindings = { member: member.name, rows: 0, lost: 0, failures: [], worst: 0 }
  const fail = (text: string): void => {
    found.worst = Infinity
    if (found.failures.length < 5) found.failures.push(text)
  }
  const compiled = jit(scored(distribution) as unknown as Traceable, { warn: () => undefined })
  const whole = compiled as unknown as ReturnType<typeof scored>
  const check = (draw: number, factor: number): void => {
    const where = `draw ${draw}${factor === 1 ? '' : `, parameters ${factor} times as far`}`
    const params = member.params(draw, factor)
    const context = member.context(rows, draw)
    const given = context === undefined ? [] : [context]
    const sampled = (p: Params): ReturnType<Distribution['sampleAndLogProb']> =>
      eagerly(() => distribution.sampleAndLogProb(p, key(7000 + draw), rows, context))
    const { x, logProb: said } = sampled(params)
    const alone = eagerly(() => distribution.sample(params, key(7000 + draw), rows, context))
    if (roundings === 1 ? bitsOf(alone).join() !== bitsOf(x).join() : farthest(alone, x) > roundings * machineEpsilon)
      fail(`${where}: expected one sample of one key, got two`)
    const known = whole(params, x, ...given)
    const isLost = remembered(() => {
      const nearby = Array.from({ length: shaking.times }, (_, i) => shaken(x, 500 + i, 0, i % 2 === 0 ? 1 : 8))
      // a peak narrower than a float may stand elsewhere by compiled code than by the eager ops that drew from it: both are asked
      const sides = [
        { here: values(known.own), there: nearby.map(at => values(whole(params, at, ...given).own)) },
        { here: values(said), there: nearby.map(at => values(eagerly(() => distribution.logProb(params, at, context)))) },
      ]
      return rowsOf(x).map(
        (point, i) =>
          point.some(isAtEnd) ||
          sides.some(({ here, there }) => there.some(all => !(Math.abs(all[i]! - here[i]!) <= 1e-2 * (1 + Math.abs(here[i]!))))),
      )
    })
    // a sample that float32 takes off its support has no density
    const isOff = (v: number, i: number): boolean => v === -Infinity && isLost()[i]!
    const points = rowsOf(x)
    // of 1e-38 the slope of a log-density, some times its reciprocal, is no float32 number
    const isBeyond = (i: number): boolean => points[Math.floor((i * points.length) / x.size)]!.some(isAtEnd)
    const parts = [x, said, known.own, known.slope, ...leaves(known.byParams)]
    const bad = parts.findIndex(
      part =>
        !values(part).every((v, i) => Number.isFinite(v) || (part === known.own && isOff(v, i)) || (part === known.slope && isBeyond(i))),
    )
    if (bad >= 0)
      return fail(`${where}: expected finite samples, log-densities and gradients, got another in part ${bad} of ${parts.length}`)
    found.rows += rows
    const logProbs = {
      compiled: (p: Params, at: Tensor): Tensor => (p === params && at === x ? known.own : whole(p, at, ...given).own),
      eager: (p: Params, at: Tensor): Tensor => eagerly(() => distribution.logProb(p, at, context)),
    }
    const [slopes, expected] = [rowsOf(known.slope), values(said)]
    modes.forEach(mode => {
      const errors = (p: Params, at: Tensor, by: Tensor): ReadonlyArray<number> => {
        const own = values(logProbs[mode](p, at))
        return [...values(by)].map((value, i) => own[i]! - value)
      }
      const shakenParams = remembered(() =>
        Array.from({ length: shaking.times }, (_, i) => {
          const moved = shakenTree(params, 1000 * (i + 1))
          const drawn = sampled(moved)
          return errors(moved, drawn.x, drawn.logProb)
        }),
      )
      errors(params, x, said).forEach((error, i) => {
        const moved = points[i]!.reduce((s, v, k) => s + Math.abs(slopes[i]![k]!) * (Math.abs(v) + 1), 0)
        const plain = 1e-4 * (1 + Math.abs(expected[i]!)) + 16 * roundings * machineEpsilon * moved
        const allowed =
          Math.abs(error) <= plain ? plain : plain + shaking.allowance * Math.max(...shakenParams().map(all => Math.abs(all[i]! - error)))
        const isFar = Math.abs(error) > 1e-2 * (1 + Math.abs(expected[i]!))
        if (Math.abs(error) <= allowed ? isFar : isLost()[i]!) {
          found.lost += 1
          return
        }
        found.worst = Math.max(found.worst, Math.abs(error) / allowed)
        if (!(Math.abs(error) <= allowed))
          fail(`${mode}, ${where}, row ${i} (${points[i]!.join(', ')}): said ${expected[i]}, off by ${error}, allowed ${allowed}`)
      })
    })
    const elsewhere = eagerly(() => distribution.logProb(params, member.points(rows, draw), context))
    if (!values(elsewhere).every(value => value < Infinity))
      fail(`${where}: expected log-densities of points of the space, got infinity or no number`)
  }
  for (let draw = 0; draw < draws; draw++)
    for (const factor of factors)
      tidy(() => {
        check(draw, factor)
        return []
      })
  compiled.dispose()
  return found
}
