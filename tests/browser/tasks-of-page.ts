import type { Browser, Page } from 'playwright-core'

/** What a page's threads did: by processor time, which other programs do not lengthen, and by the clock. */
export interface TasksOfPage {
  /** Milliseconds of processor time of the heaviest task of the page's main thread. */
  readonly heaviest: number
  /** Milliseconds that its longest task took. */
  readonly longest: number
  /** Seconds of processor time of all that its workers did. */
  readonly workers: number
}

/** What a page's threads do while something goes on, by Chromium's trace. */
export const tasksOfPage = async (browser: Browser, page: Page, body: () => Promise<void>): Promise<TasksOfPage> => {
  await browser.startTracing(page, { categories: ['toplevel'] })
  await body()
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { readonly traceEvents: ReadonlyArray<TraceEvent> }
  const tasksOf = (thread: string): ReadonlyArray<TraceEvent> => {
    const named = traceEvents.filter(({ name, args }) => name === 'thread_name' && args?.name === thread)
    const threads = new Set(named.map(({ pid, tid }) => `${pid} ${tid}`))
    const tasks = traceEvents.filter(({ name, pid, tid }) => name.endsWith('RunTask') && threads.has(`${pid} ${tid}`))
    if (tasks.length === 0) throw new Error(`expected tasks of ${thread} in the trace, got none`)
    return tasks
  }
  const own = tasksOf('CrRendererMain')
  const largest = (of: (task: TraceEvent) => number | undefined): number =>
    own.reduce((most, task) => Math.max(most, of(task) ?? 0), 0) / 1000
  return {
    heaviest: largest(({ tdur }) => tdur),
    longest: largest(({ dur }) => dur),
    workers: tasksOf('DedicatedWorker thread').reduce((sum, { tdur = 0 }) => sum + tdur, 0) / 1e6,
  }
}

interface TraceEvent {
  readonly name: string
  readonly pid: number
  readonly tid: number
  /** Microseconds by the clock. */
  readonly dur?: number
  /** Microseconds of processor time. */
  readonly tdur?: number
  readonly args?: { readonly name?: string }
}
