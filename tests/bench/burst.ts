import type { Task } from './work.ts'

/** Milliseconds that one run takes. */
export const timed = async (run: Task['run']): Promise<number> => {
  const start = performance.now()
  const pending = run()
  if (pending !== undefined) await pending
  return performance.now() - start
}

/** Runs for some time, at least once, at most so many times. */
export const burst = async (run: Task['run'], seconds: number, most = Infinity): Promise<ReadonlyArray<number>> => {
  const end = performance.now() + 1000 * seconds
  const ms: number[] = []
  do ms.push(await timed(run))
  while (performance.now() < end && ms.length < most)
  return ms
}
