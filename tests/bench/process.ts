import { spawn, spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'
import { mark } from './work.ts'
import type { Reply, Request } from './work.ts'

/** A contestant's process: it answers one request at a time. */
export interface Contender {
  readonly ask: (request: Request) => Promise<Reply>
  readonly end: () => void
}

const canPin = spawnSync('taskset', ['-c', '0', 'true']).status === 0

/** Whether processes are pinned to cores here, as the results say. */
export const pinning: string = canPin ? 'taskset' : 'none'

/** A command that runs on the first `threads` cores, where the machine can pin. */
export const pinned = (command: ReadonlyArray<string>, threads: number): ReadonlyArray<string> =>
  canPin ? ['taskset', '-c', Array.from({ length: threads }, (_, i) => i).join(','), ...command] : command

/** Starts a contestant's process. It is ended when it does not answer within `limitSeconds`. */
export const contender = (command: ReadonlyArray<string>, limitSeconds: number): Contender => {
  const [file, ...parameters] = command
  const child = spawn(file!, parameters, { stdio: ['pipe', 'pipe', 'pipe'] })
  const waiting: { resolve?: (reply: Reply) => void } = {}
  const errors: string[] = []
  const settle = (reply: Reply): void => {
    const { resolve } = waiting
    delete waiting.resolve
    resolve?.(reply)
  }
  const over: { why?: string } = {}
  const stop = (why: string): void => {
    over.why ??= `${why} ${errors.join('').trim().split('\n').slice(-3).join(' | ')}`.trim()
    settle({ _tag: 'absent', why: over.why })
  }
  createInterface({ input: child.stdout }).on('line', line => {
    if (line.startsWith(mark)) settle(JSON.parse(line.slice(mark.length)) as Reply)
  })
  child.stderr.on('data', (data: Buffer) => errors.push(data.toString()))
  child.stdin.on('error', () => undefined) // it has ended, which 'close' tells
  child.on('error', error => stop(error.message))
  child.on('close', (code, signal) => stop(`ended with ${signal ?? code}`))
  return {
    ask: request =>
      new Promise(resolve => {
        if (over.why !== undefined) return resolve({ _tag: 'absent', why: over.why })
        const timer = setTimeout(() => {
          stop(`no answer within ${limitSeconds} s`)
          child.kill('SIGKILL')
        }, 1000 * limitSeconds)
        waiting.resolve = reply => {
          clearTimeout(timer)
          resolve(reply)
        }
        child.stdin.write(`${JSON.stringify(request)}\n`)
      }),
    end: () => {
      child.stdin.end()
      child.kill()
    },
  }
}
