import type { Axis } from './workloads.ts'

/** One line of the results: a contestant at a piece of work. Times are in milliseconds, medians of all runs. */
export interface Measurement {
  readonly workload: string
  readonly contestant: string
  readonly ms: number
  readonly min_ms: number
  readonly q1_ms: number
  readonly q3_ms: number
  readonly runs: number
  readonly threads: number
  /** The median of each round: contestants of one workload take turns, and ratios are of these. */
  readonly rounds_ms: ReadonlyArray<number>
  readonly dim?: number
  readonly layers?: number
  readonly rows?: number
  /** Where it stands on a curve. */
  readonly axis?: Axis
  readonly parameters?: number
  readonly multiply_adds?: number
  readonly value?: number
  /** The first call: trace, optimize, compile, run; or import and run. */
  readonly first_ms?: number
  readonly code_bytes?: number
  readonly arena_bytes?: number
  readonly live_bytes?: number
  readonly peak_bytes?: number
  readonly start_bytes?: number
  readonly versions?: string
  readonly note?: string
}

/** Multiply-adds of a square product, in GFLOP/s. */
export interface MatmulRate {
  readonly workload: 'mm'
  readonly n: number
  readonly arithmetic: string
  readonly gflops: number
  readonly peak_gflops: number
  readonly tfjs_gflops: number
}

/** A contestant that could not run. */
export interface Missing {
  readonly workload: string
  readonly contestant: string
  readonly missing: string
}

/** Where and how it was measured: the first line. */
export interface Setting {
  readonly command: string
  readonly date: string
  readonly commit: string
  readonly processor: string
  readonly cores: number
  readonly node: string
  readonly pinning: string
  readonly threads: number
  readonly quick: boolean
  readonly packages: Readonly<Record<string, string>>
}

export type Line = Measurement | MatmulRate | Missing | { readonly setting: Setting }

export const isMeasurement = (line: Line): line is Measurement => 'ms' in line
export const isRate = (line: Line): line is MatmulRate => 'gflops' in line
export const isMissing = (line: Line): line is Missing => 'missing' in line
