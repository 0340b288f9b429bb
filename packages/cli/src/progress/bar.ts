import type { FlowSpec } from '@diffeo/core'
import cliProgress from 'cli-progress'
import { mention, type Io } from '../io.ts'
import { fixed, lineReporter } from './lines.ts'
import type { Reporter } from './reporter.ts'

/** A bar with loss, rate and time left, for a terminal; what else there is to say comes as lines above and below it. */
export const barReporter = (io: Io, spec: FlowSpec, seed: number): Reporter => {
  const lines = lineReporter(io, spec, seed)
  const bar = new cliProgress.SingleBar({
    stream: io.stderr,
    format: 'epoch {epoch} [{bar}] {percentage} %  loss {loss}  validation {validation}  {rate} steps/s  {left} left',
    barsize: 24,
    barCompleteChar: '=',
    barIncompleteChar: ' ',
    hideCursor: true,
    clearOnComplete: true,
  })
  const recentRate = rateOver(window)
  const state = { running: false, validation: '–', begin: (): void => undefined }
  const stop = (): void => {
    if (state.running) bar.stop()
    state.running = false
  }
  return {
    ...lines,
    start: start => {
      lines.start(start)
      state.begin = () => {
        state.running = true
        bar.start(start.epochs * start.stepsPerEpoch, start.step, { epoch: 1, loss: '–', validation: '–', rate: '–', left: '–' })
      }
      // what is compiled tells so first
      if (start.execution.mode === 'eager') state.begin()
    },
    compiled: seconds => {
      lines.compiled(seconds)
      state.begin()
    },
    phase: phase => {
      if (phase !== 'training') stop()
      lines.phase(phase)
    },
    step: ({ step, epoch, steps, loss }) => {
      const rate = recentRate({ step, at: performance.now() })
      bar.update(step, {
        epoch,
        loss: fixed(loss).trim(),
        validation: state.validation,
        rate: Number.isFinite(rate) ? rate.toPrecision(3) : '–',
        left: timeLeft((steps - step) / rate),
      })
    },
    epoch: ({ validation }) => {
      if (Number.isFinite(validation)) state.validation = fixed(validation).trim()
    },
    stop,
    interrupted: resume => {
      stop()
      mention(io.stderr, '\n')
      lines.interrupted(resume)
    },
  }
}

/** Milliseconds over which the rate is taken: long enough to be steady, short enough to forget the slow first steps. */
const window = 10_000

/** Steps a second over the last `span` milliseconds; NaN before there are two. */
const rateOver = (span: number): ((now: { readonly step: number; readonly at: number }) => number) => {
  const marks: Array<{ readonly step: number; readonly at: number }> = []
  return now => {
    marks.push(now)
    while (marks.length > 2 && marks[0]!.at < now.at - span) marks.shift()
    const first = marks[0]!
    return now.at > first.at ? ((now.step - first.step) * 1000) / (now.at - first.at) : NaN
  }
}

/** 45 s, 3 min 20 s, 2 h 5 min. */
export const timeLeft = (seconds: number): string => {
  const whole = Math.max(0, Math.round(seconds))
  if (!Number.isFinite(whole)) return '–'
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}
