import type { Epoch, FitResult, FitStart, Phase, StepProgress } from '@diffeo/train'

/** How a fit is told to whoever waits for it: a bar, lines, or JSON. */
export interface Reporter {
  start(start: FitStart): void
  /** The training step was compiled, in so many seconds. */
  compiled(seconds: number): void
  phase(phase: Phase): void
  step(progress: StepProgress): void
  epoch(epoch: Epoch): void
  /** Takes the bar off the screen, whatever happened. */
  stop(): void
  done(result: FitResult, places: FitPlaces): void
  interrupted(resume: string | undefined): void
}

/** What was written, as the person named it. */
export interface FitPlaces {
  readonly model: string
  readonly report: string | undefined
  readonly pictures: number
}
