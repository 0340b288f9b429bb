import { mention, type Io } from '../io.ts'
import { describeFlow } from '../describe-flow.ts'
import { count, counted, withError } from '../report/format.ts'
import { baselineName } from '../report/summary.ts'
import { endOf } from '../report/training.ts'
import { describeExecution, schemaLines } from '@diffeo/train'
import type { Epoch, FitStart, Phase, TestScore } from '@diffeo/train'
import type { FlowSpec } from '@diffeo/core'
import type { Reporter } from './reporter.ts'

/** One line for each thing that happens, on stderr; the score on stdout. */
export const lineReporter = (io: Io, spec: FlowSpec, seed: number): Reporter => {
  const say = (line: string): void => mention(io.stderr, `${line}\n`)
  const state = { every: 1 }
  return {
    start: start => {
      state.every = Math.ceil(start.epochs / mostEpochLines)
      startLines(start, spec, seed).forEach(say)
    },
    compiled: seconds => say(`compiled in ${seconds.toFixed(1)} s`),
    phase: phase => phaseLines(phase).forEach(say),
    step: () => undefined,
    epoch: epoch => {
      if (epoch.epoch === 1 || epoch.epoch % state.every === 0) say(epochLine(epoch))
    },
    stop: () => undefined,
    done: ({ model: { record } }, { model, report, pictures }) => {
      say(endOf(record))
      if (record.test !== null) mention(io.stdout, `${scoreLines(record.test).join('\n')}\n`)
      say(`wrote ${model}`)
      if (report !== undefined) say(`wrote ${report}/report.html and ${counted(pictures, 'picture')}`)
    },
    interrupted: resume => interruptedLines(resume).forEach(say),
  }
}

/** With more epochs than these, every second, third, ... is told. */
const mostEpochLines = 20

/** What is fitted to what. */
export const startLines = (start: FitStart, spec: FlowSpec, seed: number): ReadonlyArray<string> => {
  const { rows, columns, given, schema, notes, parameters, stepsPerEpoch, epochs, step, execution } = start
  const { name, detail } = describeFlow(spec)
  return [
    `${counted(columns.length, 'column')}: ${columns.join(', ')}${given.length === 0 ? '' : `; given ${given.join(', ')}`}`,
    ...(schema === undefined ? [] : ['what they are (--kind column=kind corrects it):', ...schemaLines(schema).map(line => `  ${line}`)]),
    `${counted(rows.used, 'row')}: ${count(rows.train)} to train on, ${count(rows.validation)} to validate, ${count(rows.test)} to test`,
    ...notes.map(note => `  ${note}`),
    `${name}: ${detail}; ${counted(parameters, 'parameter')}`,
    `at most ${counted(epochs, 'epoch')} of ${counted(stepsPerEpoch, 'step')}; seed ${seed}; ${describeExecution(execution)}${step > 0 ? `; resumed at step ${count(step)}` : ''}`,
  ]
}

export const epochLine = ({ epoch, train, validation }: Epoch): string =>
  `epoch ${String(epoch).padStart(3)}  training ${fixed(train)}${Number.isFinite(validation) ? `  validation ${fixed(validation)}` : ''}`

export const fixed = (loss: number): string => loss.toFixed(4).padStart(8)

export const phaseLines = (phase: Phase): ReadonlyArray<string> => {
  switch (phase) {
    case 'reading':
      return ['reading the table']
    case 'baselines':
      return ['fitting the baselines: a Gaussian, a mixture, a kernel estimate']
    case 'calibration':
      return ['checking the calibration on the test rows']
    case 'training':
    case 'done':
      return []
    default:
      return phase satisfies never
  }
}

/** The held-out score as a small table. */
export const scoreLines = ({ nats, se, rows, baselines }: TestScore): ReadonlyArray<string> => {
  const lines = [
    { name: 'flow', score: withError(nats, se), lead: '' },
    ...baselines.map(b => ({
      name: baselineName(b.name),
      score: withError(b.nats, b.se),
      lead: `the flow ${b.lead.nats < 0 ? 'trails' : 'leads'} by ${withError(Math.abs(b.lead.nats), b.lead.se)}`,
    })),
  ]
  const wide = (key: 'name' | 'score'): number => Math.max(...lines.map(line => line[key].length))
  return [
    `held-out log-likelihood, nats per row on ${counted(rows, 'row')}`,
    ...lines.map(({ name, score, lead }) => `  ${name.padEnd(wide('name'))}  ${score.padStart(wide('score'))}  ${lead}`.trimEnd()),
  ]
}

export const interruptedLines = (resume: string | undefined): ReadonlyArray<string> =>
  resume === undefined
    ? ['stopped before a checkpoint was written; nothing is left']
    : ['stopped; the last step is saved in a checkpoint. To go on:', `  ${resume}`]
