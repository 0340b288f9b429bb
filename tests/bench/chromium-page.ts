/* A contestant in a page. */
import { useBackend } from 'diffeo'
import { burst, timed } from './burst.ts'
import { compiled, uncompiled } from './contestants/diffeo.ts'
import type { Reply, Task, Work } from './work.ts'

const contestants = { chromium: compiled(false), 'chromium-eager': uncompiled } as const
const state: { task?: Task } = {}

const tasks = {
  prepare: async (name: keyof typeof contestants, work: Work, warmSeconds: number): Promise<Reply> => {
    await useBackend('wasm')
    const task = await contestants[name](work)
    if (task === undefined) return { _tag: 'absent', why: 'not among its workloads' }
    state.task = task
    const firstMs = await timed(task.run)
    if (warmSeconds > 0 && firstMs < 5000) await burst(task.run, warmSeconds, 500)
    return { _tag: 'ready', firstMs, facts: task.facts(), versions: '' }
  },
  run: async (seconds: number): Promise<Reply> => ({ _tag: 'times', ms: await burst(state.task!.run, seconds, 5000) }),
}
Object.assign(globalThis, { tasks })
