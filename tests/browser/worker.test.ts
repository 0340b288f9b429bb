import { equal, ok } from '@diffeo/testing'
import { loadModel } from 'diffeo'
import { fileURLToPath } from 'node:url'
import { browserSuite } from './browser-suite.ts'
import { fromText, toText } from './bytes.ts'
import { tasksOfPage } from './tasks-of-page.ts'
import { startChromium, visit } from './visit.ts'
import type { Visit } from './visit.ts'

const fileOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

const browser = await startChromium()
const s = browserSuite('training in a Web Worker', browser)
const state: { visit?: Visit } = {}
const call: Visit['call'] = (task, ...args) => state.visit!.call(task, ...args)

const angles = Array.from({ length: 300 }, (_, i) => i)
const rows = { x: angles.map(Math.cos), y: angles.map(a => Math.sin(a) + 0.3 * Math.cos(7 * a * a)) }

s.before(async () => {
  if ('missing' in browser) return
  state.visit = await visit(browser, fileOf('worker-page.ts'), { programs: { '/worker.js': fileOf('fit-worker.ts') } })
})
s.after(async () => state.visit?.close())

interface Fitted {
  readonly backend: string
  readonly isolated: boolean
  readonly shared: boolean
  readonly steps: ReadonlyArray<number>
  readonly scores: ReadonlyArray<number>
  readonly equal: boolean
  readonly model: string
}

s.test('a plain page trains in a worker, and the model crosses worker, page, bytes and Node unchanged', async () => {
  const fitted = await call<Fitted>('fit', rows)
  equal([fitted.backend, fitted.isolated, fitted.shared, fitted.equal], ['wasm', false, false, true])
  equal(
    fitted.steps,
    Array.from({ length: 60 }, (_, i) => i + 1),
  )
  const model = await loadModel(fromText(fitted.model))
  equal(toText(model.encode()), fitted.model)
  const scores = await model.logProb(rows)
  const worst = fitted.scores.reduce((most, score, i) => Math.max(most, Math.abs(score - scores[i]!) / (1 + Math.abs(score))), 0)
  ok(worst <= 1e-4, `off by ${worst} (1 + |log p|)`)
  model.dispose()
})

s.test('while the worker trains no task of the page takes 50 ms of processor time', async () => {
  if ('missing' in browser) return
  const { heaviest, workers } = await tasksOfPage(browser, state.visit!.page, async () => {
    ok((await call<number>('told', rows, 300)) >= 300)
  })
  ok(heaviest < 50, `a task of ${heaviest} ms`)
  ok(workers > heaviest / 1000, `the page did more than its worker: ${workers} s`)
})

s.test('views come while it trains, and an abort gives the model so far', async () => {
  equal(await call('abort', rows), ['aborted', true])
})

s.test('arrays are moved, not copied', async () => {
  equal(await call('moved', rows), [1000, 0])
})

s.test('a worker that is not there, closes itself or throws rejects what was asked of it', async () => {
  const [missing, closed, thrown] = await call<ReadonlyArray<string>>('ends', rows)
  ok(/its end: no worker: its script or one that it imports could not be loaded$/.test(missing!), missing)
  ok(/its end: it closed itself or was killed$/.test(closed!), closed)
  ok(/its end: .*thrown/.test(thrown!), thrown)
})

s.run()
