import { allocator } from '../runtime/allocator.ts'
import type { Spawn } from './spawn.ts'
import type { PartsOfRun, Reply } from './worker-source.ts'

/** A program as a worker gets it. */
export interface WorkerProgram {
  readonly module: WebAssembly.Module
  /** The constants, as they lie in memory. */
  readonly constants: () => ArrayBuffer
  /** The bytes of a call: the table and the inputs, the results, and what lives in between. */
  readonly frame: number
  readonly results: number
  readonly arena: number
  readonly parts: PartsOfRun
}

/** One call of a program: `frame` gives its table and inputs, as they shall lie at an address. */
export interface Task {
  readonly program: WorkerProgram
  readonly frame: (table: number) => ArrayBuffer
}

/** What becomes of a call. */
export type Outcome =
  | { readonly kind: 'done'; readonly results: ArrayBuffer }
  | { readonly kind: 'failed'; readonly error: string }
  | { readonly kind: 'died'; readonly reason: string }

/** One worker. Calls are run in their order. */
export interface Peer {
  readonly run: (task: Task) => Promise<Outcome>
  /** Frees what the worker has of a program. */
  readonly forget: (program: WorkerProgram) => void
  /** Settles when the worker is up, or has died: then with the reason. */
  readonly up: Promise<string | undefined>
  readonly isAlive: () => boolean
  readonly terminate: () => void
}

/** Kernels may read this far behind the end of an array. */
const slack = 128

/** Starts a worker and lays out its memory: constants of the programs that it knows, and one block for the call that runs. */
export const startPeer = (spawn: Spawn): Peer => {
  const state: { alive: boolean; last: number; end: number; block: { readonly address: number; readonly size: number } } = {
    alive: true,
    last: 0,
    end: 0,
    block: { address: 0, size: 0 },
  }
  const memory = allocator(1024, end => (state.end = Math.max(state.end, end)))
  const known = new Map<WorkerProgram, { readonly id: number; readonly constants: number }>()
  const pending = new Map<number, { readonly program: WorkerProgram; readonly resolve: (outcome: Outcome) => void }>()
  const start = deferred<string | undefined>()

  const forget = (program: WorkerProgram): void => {
    const place = known.get(program)
    if (place === undefined || !state.alive) return
    known.delete(program)
    memory.free(place.constants)
    port.post({ forget: place.id }, [])
  }
  const settle = (call: number, outcome: Outcome): void => {
    const waiting = pending.get(call)
    if (waiting === undefined) return
    pending.delete(call)
    if (outcome.kind === 'failed') forget(waiting.program) // whatever the worker has of it
    waiting.resolve(outcome)
    if (pending.size === 0 && state.alive) port.hold(false)
  }
  const said = (reply: Reply): void => {
    if ('up' in reply) {
      start.resolve(undefined)
      if (pending.size === 0) port.hold(false)
    } else if ('results' in reply) settle(reply.call, { kind: 'done', results: reply.results })
    else settle(reply.call, { kind: 'failed', error: reply.error })
  }
  const died = (reason: string): void => {
    if (!state.alive) return
    state.alive = false
    port.terminate()
    start.resolve(reason)
    pending.forEach(({ resolve }) => resolve({ kind: 'died', reason }))
    pending.clear()
  }
  const port = spawn({ said, died })

  const blockOf = (size: number): number => {
    if (size > state.block.size) {
      if (state.block.size > 0) memory.free(state.block.address)
      state.block = { address: memory.allocate(size), size }
    }
    return state.block.address
  }
  const placeOf = (program: WorkerProgram): { readonly id: number; readonly constants: number; readonly bytes?: ArrayBuffer } => {
    const place = known.get(program)
    if (place !== undefined) return place
    const bytes = program.constants()
    const fresh = { id: ++state.last, constants: memory.allocate(bytes.byteLength + 16) }
    known.set(program, fresh)
    return { ...fresh, bytes }
  }
  const post = (program: WorkerProgram, frame: Task['frame'], call: number): void => {
    const { id, constants, bytes: installed } = placeOf(program)
    const sums = program.parts.count > 1 ? program.results : 0
    const table = blockOf(program.frame + program.results + sums + program.arena)
    const from = table + program.frame
    const to = from + program.results
    const bytes = frame(table)
    const request = {
      call,
      program: id,
      end: state.end + slack,
      bytes,
      table,
      constants,
      arena: to + sums,
      from,
      to,
      parts: program.parts,
    }
    if (installed === undefined) port.post(request, [bytes])
    else port.post({ ...request, install: { module: program.module, at: constants, bytes: installed } }, [bytes, installed])
  }
  return {
    run: ({ program, frame }) =>
      new Promise(resolve => {
        if (!state.alive) return resolve({ kind: 'died', reason: 'an earlier end' })
        const call = ++state.last
        pending.set(call, { program, resolve })
        port.hold(true)
        try {
          post(program, frame, call)
        } catch (thrown) {
          settle(call, { kind: 'failed', error: String(thrown instanceof Error ? thrown.message : thrown) })
        }
      }),
    forget,
    up: start.promise,
    isAlive: () => state.alive,
    terminate: () => died('the end of all programs'),
  }
}

const deferred = <A>(): { readonly promise: Promise<A>; readonly resolve: (a: A) => void } => {
  const parts: { resolve?: (a: A) => void } = {}
  const promise = new Promise<A>(resolve => (parts.resolve = resolve))
  return { promise, resolve: a => parts.resolve!(a) }
}
