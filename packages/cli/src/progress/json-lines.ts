import { mention, type Io } from '../io.ts'
import type { Reporter } from './reporter.ts'

/** One JSON object a line on stdout: `start`, `phase`, `step` (a hundred of them), `epoch`, and `done` or `interrupted`. No clock: the same run gives the same lines. */
export const jsonReporter = (io: Io, seed: number): Reporter => {
  const tell = (event: string, fields: object): void => mention(io.stdout, `${JSON.stringify({ event, ...fields })}\n`)
  return {
    start: start => tell('start', { seed, ...start }),
    compiled: () => undefined,
    phase: phase => tell('phase', { phase }),
    step: progress => {
      if (progress.step % Math.max(1, Math.round(progress.steps / 100)) === 0) tell('step', progress)
    },
    epoch: epoch => tell('epoch', epoch),
    stop: () => undefined,
    done: ({ model: { record } }, { model, report }) => {
      const { epochs, best, stopped, test, notes, density } = record
      tell('done', { stopped, epochs: epochs.length, best, density, notes, test, model, report: report ?? null })
    },
    interrupted: resume => tell('interrupted', { resume: resume ?? null }),
  }
}
