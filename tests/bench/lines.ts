import { isMeasurement } from './measurement.ts'
import type { Line, Measurement } from './measurement.ts'
import { ratioOf } from './statistics.ts'
import type { Spread } from './statistics.ts'
import type { Axis } from './workloads.ts'

/** Which measurement is meant: off the curves and on one thread unless said. */
export interface Query {
  readonly workload: string
  readonly contestant: string
  readonly threads?: number
  readonly axis?: Axis
  readonly at?: number
}

export const pick = (lines: ReadonlyArray<Line>, { workload, contestant, threads = 1, axis, at }: Query): Measurement | undefined =>
  lines
    .filter(isMeasurement)
    .findLast(
      line =>
        line.workload === workload &&
        line.contestant === contestant &&
        line.threads === threads &&
        line.axis === axis &&
        (axis === undefined || line[axis] === at),
    )

/** How many times longer the first one took, round by round. */
export const ratio = (slow: Measurement | undefined, fast: Measurement | undefined): Spread | undefined =>
  slow === undefined || fast === undefined ? undefined : ratioOf(slow.rounds_ms, fast.rounds_ms)

/** The distinct values of something, in the order in which they come. */
export const distinct = <A>(values: ReadonlyArray<A>): ReadonlyArray<A> => [...new Set(values)]
