import { nsf } from '@diffeo/core'
import type { FitStart } from '@diffeo/train'
import { equal, is, ok, suite } from '@diffeo/testing'
import { testIo } from '../../test/io.ts'
import { barReporter } from './bar.ts'
import { lineReporter } from './lines.ts'
import type { Reporter } from './reporter.ts'

const s = suite('cli: progress')

const start: FitStart = {
  columns: ['a'],
  given: [],
  rows: { read: 60, used: 60, train: 40, validation: 10, test: 10 },
  notes: [],
  parameters: 5,
  stepsPerEpoch: 4,
  epochs: 55,
  execution: { mode: 'jit', simd: 'relaxed', workers: 1 },
  step: 0,
}
const epochs = (reporter: Reporter, count: number): void => {
  for (let epoch = 1; epoch <= count; epoch++) reporter.epoch({ epoch, step: 4 * epoch, train: 1, validation: 2, learningRate: 1e-3 })
}

s.test('many epochs are some twenty lines, few a line each', () => {
  const told = (total: number): ReadonlyArray<string> => {
    const io = testIo('.')
    const reporter = lineReporter(io, nsf(), 0)
    reporter.start({ ...start, epochs: total })
    epochs(reporter, total)
    return [...io.err().matchAll(/^epoch +(\d+)/gm)].map(([, epoch]) => epoch!)
  }
  equal(told(4), ['1', '2', '3', '4'])
  equal(told(55).slice(0, 4), ['1', '3', '6', '9'])
  ok(told(1000).length <= 21)
})

s.test('how it runs, and how long compiling took', () => {
  const io = testIo('.')
  const reporter = lineReporter(io, nsf(), 3)
  reporter.start(start)
  reporter.compiled(0.84)
  ok(/at most 55 epochs of 4 steps; seed 3; compiled, relaxed SIMD\ncompiled in 0.8 s\n$/.test(io.err()), io.err())
})

s.test('the bar begins once the step is compiled', () => {
  const io = testIo('.', { isTTY: true })
  const reporter = barReporter(io, nsf(), 3)
  reporter.start(start)
  is(io.err().includes('steps/s'), false)
  reporter.compiled(0.84)
  ok(/compiled in 0.8 s\n[^]*steps\/s/.test(io.err()), io.err())
  reporter.stop()
})

s.run()
