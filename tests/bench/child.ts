/** A contestant's process: it does what it is told in JSON lines. `node child.js <contestant>` */
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { burst, timed } from './burst.ts'
import { contestants, type ContestantName } from './contestants/index.ts'
import { mark } from './work.ts'
import type { Reply, Request, Task } from './work.ts'

const name = process.argv[2] as ContestantName
const say = (reply: Reply): void => void process.stdout.write(`${mark}${JSON.stringify(reply)}\n`)

const state: { task?: Task; startBytes: number } = { startBytes: 0 }

const answer = async (request: Request): Promise<Reply> => {
  switch (request._tag) {
    case 'prepare': {
      const task = await (await contestants[name]())(request.work)
      if (task === undefined) return { _tag: 'absent', why: 'not among its workloads' }
      state.task = task
      state.startBytes = process.memoryUsage.rss()
      const firstMs = await timed(task.run)
      if (request.warmSeconds > 0 && firstMs < 5000) await burst(task.run, request.warmSeconds, 500)
      return { _tag: 'ready', firstMs, facts: task.facts(), versions: `node ${process.versions.node}` }
    }
    case 'run':
      return { _tag: 'times', ms: await burst(state.task!.run, request.seconds, 5000) }
    case 'memory':
      return { _tag: 'memory', peakBytes: peak(), startBytes: state.startBytes }
    default:
      return request satisfies never
  }
}

/** The peak of resident memory: the kernel's own count where there is one. */
const peak = (): number => {
  try {
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))!
    return 1024 * Number(kilobytes)
  } catch {
    return 1024 * process.resourceUsage().maxRSS
  }
}

for await (const line of createInterface({ input: process.stdin }))
  try {
    say(await answer(JSON.parse(line) as Request))
  } catch (thrown) {
    console.error(thrown)
    say({ _tag: 'absent', why: thrown instanceof Error ? thrown.message : String(thrown) })
  }
