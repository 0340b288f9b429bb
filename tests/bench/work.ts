import type { FamilyName } from './families.ts'

/** The four models of the workloads. Splines have 8 bins on [-5, 5]. */
export type ModelName = 'affineCoupling' | 'splineCoupling' | 'affineAutoregressive' | 'splineAutoregressive'

/**
 * What is timed:
 *
 *   step     loss, gradient and Adam's update on one batch of `rows`
 *   gradient loss and gradient alone
 *   sample   `rows` draws
 *   logProb  the log-densities of `rows` rows, in chunks
 *   call     a call whose function does nothing
 */
export type Job = 'step' | 'gradient' | 'sample' | 'logProb' | 'call'

/** A piece of work that every contestant does alike: plain JSON, it goes to each one's process. */
export interface Work {
  readonly job: Job
  readonly model: ModelName | FamilyName
  readonly dim: number
  readonly layers: number
  readonly hidden: ReadonlyArray<number>
  readonly rows: number
  /** Rows of one call of logProb. */
  readonly chunk: number
  /** Whether the layers are one pair of layers, repeated by a scan. */
  readonly repeated?: boolean
  /** Whether the rows are angles, pi tanh of normal numbers. */
  readonly angles?: boolean
}

/** What a contestant tells about a piece of work after its first call. Bytes and numbers are absent where it cannot know. */
export interface Facts {
  readonly parameters?: number
  /** Of the dense layers, for one row and one pass; not told of families, whose maps have layers of their own. */
  readonly multiplyAdds?: number
  /** The loss, or the mean of what came out, of the first call. */
  readonly value?: number
  readonly codeBytes?: number
  readonly arenaBytes?: number
  /** The peak of live bytes of the schedule. */
  readonly liveBytes?: number
  /** What compiled and what did not, as the library tells it. */
  readonly note?: string
}

/** A contestant at work: a function that does the work once, and reads its result. */
export interface Task {
  readonly run: () => void | Promise<void>
  readonly facts: () => Facts
}

/** Undefined where the contestant does not have this model or job. */
export type Contestant = (work: Work) => Promise<Task | undefined>

/** The messages to a contestant's process, a JSON line each. */
export type Request =
  | { readonly _tag: 'prepare'; readonly work: Work; readonly warmSeconds: number }
  | { readonly _tag: 'run'; readonly seconds: number }
  | { readonly _tag: 'memory' }

/** Its answers. Times are in milliseconds. */
export type Reply =
  | { readonly _tag: 'ready'; readonly firstMs: number; readonly facts: Facts; readonly versions: string }
  | { readonly _tag: 'absent'; readonly why: string }
  | { readonly _tag: 'times'; readonly ms: ReadonlyArray<number> }
  /** Resident memory of the process: its peak, and what it was before the first call. */
  | { readonly _tag: 'memory'; readonly peakBytes: number; readonly startBytes: number }

/** What stands before a line of the protocol; other lines are what a library prints. */
export const mark = '@@ '
