import { equal, ok, rejects, suite } from '@diffeo/testing'
import type { Task, WorkerProgram } from './peer.ts'
import { createPool } from './pool.ts'
import { spawn } from './spawn.ts'
import type { Listener, Spawn } from './spawn.ts'
import type { Request, RunRequest } from './worker-source.ts'

/** Workers of our own, which do what a test says. */
interface Puppet {
  readonly listener: Listener
  readonly requests: Request[]
  readonly held: boolean[]
  terminated: boolean
}
const puppets = (onRequest: (puppet: Puppet, request: RunRequest, number: number) => void) => {
  const all: Puppet[] = []
  const start: Spawn = listener => {
    const puppet: Puppet = { listener, requests: [], held: [], terminated: false }
    const number = all.push(puppet) - 1
    setImmediate(() => listener.said({ up: true }))
    return {
      post: request => {
        puppet.requests.push(request)
        if ('call' in request) setImmediate(() => onRequest(puppet, request, number))
      },
      hold: held => puppet.held.push(held),
      terminate: () => void (puppet.terminated = true),
    }
  }
  return { all, pool: createPool(start) }
}

const module = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0))
const program = (constants = 64): WorkerProgram => ({
  module,
  constants: () => new ArrayBuffer(constants),
  frame: 32,
  results: 16,
  arena: 100,
  parts: { count: 1, steps: [], scale: 1 },
})
const task = (of: WorkerProgram): Task => ({ program: of, frame: () => new ArrayBuffer(of.frame) })
const answer = ({ listener }: Puppet, { call, from, to }: RunRequest): void => listener.said({ call, results: new ArrayBuffer(to - from) })
const runs = ({ requests }: Puppet): ReadonlyArray<RunRequest> => requests.filter(request => 'call' in request)

const s = suite('pool of workers')

s.test('a program is installed once in a worker, and again in the one that takes its place', async () => {
  const { all, pool } = puppets((puppet, request, number) => {
    if (number === 0 && request.call > 6) puppet.listener.died('exit code 1')
    else answer(puppet, request)
  })
  pool.retain()
  const [a, b] = [program(), program()]
  for (let i = 0; i < 6; i++) equal((await pool.run(0, task(i % 2 ? a : b))).byteLength, 16)
  equal(
    all.flatMap(runs).map(({ install }) => install !== undefined),
    [true, true, false, false, false, true, true],
  )
  equal([all.length, pool.size(), all[0]!.terminated], [2, 1, true])
  pool.release()
  equal([pool.size(), all[1]!.terminated], [0, true])
})

s.test('all calls that a worker had when it died are made again, in their order', async () => {
  const { all, pool } = puppets((puppet, request, number) => {
    if (number > 0) answer(puppet, request)
    else if (runs(puppet).length === 3) puppet.listener.died('killed')
  })
  const p = program()
  const results = await Promise.all([pool.run(0, task(p)), pool.run(0, task(p)), pool.run(0, task(p))])
  equal([results.length, all.length, runs(all[1]!).length], [3, 2, 3])
})

s.test('a second death is an error that says both reasons, and the next call has a fresh worker', async () => {
  const { all, pool } = puppets((puppet, request, number) =>
    number < 2 ? puppet.listener.died(`exit code ${number + 1}`) : answer(puppet, request),
  )
  await rejects(
    () => pool.run(0, task(program())),
    /^parallel: expected worker 0 to give results, got its end \(exit code 1\), and that of the worker in its place \(exit code 2\)$/,
  )
  equal((await pool.run(0, task(program()))).byteLength, 16)
  equal(all.length, 3)
})

s.test('a program that fails is an error at once, and is installed anew for the next call', async () => {
  const { all, pool } = puppets((puppet, request, _) =>
    runs(puppet).length === 1 ? puppet.listener.said({ call: request.call, error: 'unreachable' }) : answer(puppet, request),
  )
  const p = program()
  await rejects(() => pool.run(1, task(p)), /^parallel: expected worker 1 to give results, got an error: unreachable$/)
  await pool.run(1, task(p))
  equal(
    all.flatMap(runs).map(({ install }) => install !== undefined),
    [true, true],
  )
  ok(all[0]!.requests.some(request => 'forget' in request))
})

s.test('a worker keeps the process alive while it starts and while it has calls', async () => {
  const { all, pool } = puppets(answer)
  await pool.start(1)
  const [puppet] = all as [Puppet]
  equal(puppet.held, [false])
  const p = program()
  await Promise.all([pool.run(0, task(p)), pool.run(0, task(p))])
  equal(puppet.held, [false, true, true, false])
})

s.test('places in the memory of a worker do not overlap, and those of forgotten programs are used again', async () => {
  const { all, pool } = puppets(answer)
  const ends: number[] = []
  for (let i = 0; i < 50; i++) {
    const p = program(10_000)
    await pool.run(0, task(p))
    const { install, table, constants, arena, from, to, end } = runs(all[0]!).at(-1)!
    equal([install!.at, from, arena], [constants, table + 32, to])
    ok(arena + 100 <= end && constants + 10_000 <= end && (constants >= arena + 100 || constants + 10_000 <= table))
    ends.push(end)
    pool.forget(p)
  }
  equal(new Set(ends).size, 1)
})

s.test('what cannot start says why', async () => {
  const refusing = createPool(() => {
    throw new Error('no workers here')
  })
  equal(await refusing.start(2), 'no workers here')
  const dying = createPool(listener => {
    setImmediate(() => listener.died('blocked'))
    return { post: () => undefined, hold: () => undefined, terminate: () => undefined }
  })
  equal(await dying.start(2), 'blocked')
})

s.test('real workers start, and end with their last user', async () => {
  const ends: string[] = []
  const pool = createPool(listener => spawn({ ...listener, died: reason => (ends.push(reason), listener.died(reason)) }))
  pool.retain()
  pool.retain()
  equal(await pool.start(2), undefined)
  equal(pool.size(), 2)
  pool.release()
  equal(pool.size(), 2)
  pool.release()
  equal(pool.size(), 0)
  while (ends.length < 2) await new Promise(resolve => setTimeout(resolve, 10))
})

s.run()
