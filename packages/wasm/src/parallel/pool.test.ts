import { equal, ok, rejects, suite } from '@diffeo/testing'
import type { WorkerProgram } from './peer.ts'
import { createPool } from './pool.ts'
import type { Pool } from './pool.ts'
import type { Task } from './run-shards.ts'
import { spawn } from './spawn.ts'
import type { Listener, Spawn } from './spawn.ts'
import type { Request, RunRequest, SumRequest } from './worker-source.ts'

type Call = RunRequest | SumRequest

/** Workers of our own, which do what a test says. */
interface Puppet {
  readonly listener: Listener
  readonly requests: Request[]
  readonly held: boolean[]
  terminated: boolean
}
const puppets = (onRequest: (puppet: Puppet, request: Call, number: number) => void) => {
  const all: Puppet[] = []
  const start: Spawn = listener => {
    const puppet: Puppet = { listener, requests: [], held: [], terminated: false }
    const number = all.push(puppet) - 1
    setImmediate(() => listener.said({ up: true }))
    return {
      post: request => {
        puppet.requests.push(request)
        if ('call' in request) setImmediate(() => puppet.terminated || onRequest(puppet, request, number))
      },
      hold: held => puppet.held.push(held),
      terminate: () => void (puppet.terminated = true),
    }
  }
  return { all, pool: createPool(start) }
}

const module = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0))
const program = (count = 1, constants = 64): WorkerProgram => ({
  module,
  constants: () => new ArrayBuffer(constants),
  frame: 32,
  results: 16,
  arena: 100,
  outputs: { begin: 1, end: 2 },
  parts: { count, inputs: [] },
})
const task = (worker: number): Task => ({
  worker,
  frame: () => new ArrayBuffer(32),
  rows: part => [Float32Array.of(part).buffer],
  spare: () => undefined,
})
const run = async (pool: Pool, of: WorkerProgram, worker = 0): Promise<ArrayBuffer> => (await pool.run(of, [task(worker)]))[0]!
const answer = ({ listener }: Puppet, request: Call): void =>
  listener.said({ call: request.call, ...('more' in request || request.rows ? { results: new ArrayBuffer(request.place.bytes) } : {}) })
const calls = ({ requests }: Puppet): ReadonlyArray<Call> => requests.flatMap(request => ('call' in request ? [request] : []))
const runs = (puppet: Puppet): ReadonlyArray<RunRequest> => calls(puppet).flatMap(request => ('more' in request ? [] : [request]))
const installs = (all: ReadonlyArray<Puppet>): ReadonlyArray<boolean> => all.flatMap(runs).map(({ install }) => install !== undefined)

const s = suite('pool of workers')

s.test('a program is installed once in a worker, and again in the one that takes its place', async () => {
  const { all, pool } = puppets((puppet, request, number) => {
    if (number === 0 && calls(puppet).length > 8) puppet.listener.died('exit code 1')
    else answer(puppet, request)
  })
  pool.retain()
  const [a, b] = [program(), program()]
  for (let i = 0; i < 6; i++) equal((await run(pool, i % 2 ? a : b)).byteLength, 16)
  equal(installs(all), [true, true, false, false, false, true, true])
  equal([all.length, pool.size(), all[0]!.terminated], [2, 1, true])
  pool.release()
  equal([pool.size(), all[1]!.terminated], [0, true])
})

s.test('sums are written over memory of earlier ones', async () => {
  const { all, pool } = puppets(answer)
  const spare = new ArrayBuffer(16)
  await pool.run(program(), [{ ...task(0), spare: () => spare }])
  await pool.run(program(), [task(0)])
  equal(
    calls(all[0]!).flatMap(request => ('more' in request ? [request.spare === spare] : [])),
    [true, false],
  )
})

s.test('calls that need one worker wait for each other, also when it dies', async () => {
  const { all, pool } = puppets((puppet, request, number) => {
    if (number === 0 && calls(puppet)[2] === request) puppet.listener.died('killed')
    else answer(puppet, request)
  })
  const p = program()
  const results = await Promise.all([run(pool, p), run(pool, p), run(pool, p)])
  equal([results.length, all.length, calls(all[0]!).length, calls(all[1]!).length], [3, 2, 4, 4])
})

s.test('a second death is an error that says both reasons, and the next call has a fresh worker', async () => {
  const { all, pool } = puppets((puppet, request, number) =>
    number < 2 ? puppet.listener.died(`exit code ${number + 1}`) : answer(puppet, request),
  )
  await rejects(
    () => run(pool, program()),
    /^parallel: expected worker 0 to give results, got its end \(exit code 1\), and that of the worker in its place \(exit code 2\)$/,
  )
  equal((await run(pool, program())).byteLength, 16)
  equal(all.length, 3)
})

s.test('a program that fails is an error at once, and is installed anew for the next call', async () => {
  const { all, pool } = puppets((puppet, request) =>
    calls(puppet)[0] === request ? puppet.listener.said({ call: request.call, error: 'unreachable' }) : answer(puppet, request),
  )
  const p = program()
  await rejects(() => run(pool, p, 1), /^parallel: expected worker 1 to give results, got an error: unreachable$/)
  await run(pool, p, 1)
  equal(installs(all), [true, true])
  ok(all[0]!.requests.some(request => 'forget' in request))
})

s.test('a worker keeps the process alive while it starts and while it has calls', async () => {
  const { all, pool } = puppets(answer)
  await pool.start(1)
  const [puppet] = all as [Puppet]
  equal(puppet.held, [false])
  await run(pool, program())
  equal(puppet.held.at(-1), false)
  ok(puppet.held.includes(true))
})

s.test('places in the memory of a worker do not overlap, and those of forgotten programs are used again', async () => {
  const { all, pool } = puppets(answer)
  const ends: number[] = []
  for (let i = 0; i < 50; i++) {
    const p = program(2, 10_000)
    await run(pool, p)
    const { table, constants, arena, sums, results, end } = runs(all[0]!).at(-1)!.place
    equal([sums, results, arena], [table + 32, table + 48, table + 64])
    ok(arena + 100 <= end && constants + 10_000 <= end && (constants >= arena + 100 || constants + 10_000 <= table))
    ends.push(end)
    pool.forget(p)
  }
  equal(new Set(ends).size, 1)
})

/** What each worker was asked for: parts of its shard, `+` those of another's, `sum` with how many results of others. */
const story = (all: ReadonlyArray<Puppet>): ReadonlyArray<string> =>
  all.map(puppet =>
    calls(puppet)
      .map(request =>
        'more' in request ? `sum${request.more.length}` : `${request.rows ? '+' : request.frame ? 'frame ' : ''}${request.part}`,
      )
      .join(' '),
  )

s.test('a worker that has none left takes the last parts of another, which adds them', async () => {
  const held: (() => void)[] = []
  const { all, pool } = puppets((puppet, request, number) => {
    if (number === 0) held.push(() => answer(puppet, request))
    else {
      answer(puppet, request)
      if (!('more' in request) && request.part === 3) held.splice(0).forEach(reply => setTimeout(reply, 20))
    }
    if (number === 0 && all.length > 1 && runs(all[1]!).some(({ rows }) => rows)) held.splice(0).forEach(reply => reply())
  })
  const results = await pool.run(program(4), [task(0), task(1)])
  equal(
    results.map(({ byteLength }) => byteLength),
    [16, 16],
  )
  equal(story(all), ['frame 0 1 sum2', 'frame 0 1 2 3 +3 +2 sum0'])
  const rows = runs(all[1]!).flatMap(request => request.rows ?? [])
  equal(
    rows.map(bytes => new Float32Array(bytes)[0]),
    [3, 2],
  )
})

s.test('a worker that takes the place of one that died runs all that was not given, in the same order', async () => {
  const { all, pool } = puppets((puppet, request, number) => {
    if (number === 1 && !('more' in request) && request.rows) puppet.listener.died('killed')
    else if (number !== 0 || all[1]!.terminated) answer(puppet, request)
    else setTimeout(() => answer(puppet, request), 20)
  })
  await pool.run(program(4), [task(0), task(1)])
  equal(all.length, 3)
  const [, died, fresh] = story(all)
  ok(died!.startsWith('frame 0 1 2 3 +3'))
  ok(fresh!.startsWith('frame 0 1 2 3 +3'))
  ok(fresh!.includes('sum0'))
})

s.test('when a worker fails, the others end and the error is its own', async () => {
  const { all, pool } = puppets((puppet, request, number) => {
    if (number === 1 && !('more' in request) && request.rows) puppet.listener.said({ call: request.call, error: 'unreachable' })
    else if (number === 1) answer(puppet, request)
    else setTimeout(() => answer(puppet, request), 20)
  })
  await rejects(() => pool.run(program(6), [task(0), task(1)]), /^parallel: expected worker 1 to give results, got an error: unreachable$/)
  equal(all.length, 2)
  equal((await pool.run(program(6), [task(2)])).length, 1)
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
