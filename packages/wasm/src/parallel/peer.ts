import { allocator } from '../runtime/allocator.ts'
import type { Spawn } from './spawn.ts'
import type { PartInput, Place, Reply, RunRequest, SumRequest } from './worker-source.ts'

/** A program as a worker gets it. */
export interface WorkerProgram {
  readonly module: WebAssembly.Module
  /** The constants, as they lie in memory. */
  readonly constants: () => ArrayBuffer
  /** The bytes of a call: the table and the inputs, the results, and what lives in between. */
  readonly frame: number
  readonly results: number
  readonly arena: number
  readonly outputs: RunRequest['outputs']
  /** How many parts a shard has, and the inputs that have the rows of all of them. */
  readonly parts: { readonly count: number; readonly inputs: ReadonlyArray<PartInput> }
}

/** The table and the inputs as they shall lie at an address; `spare` is memory of an earlier call that may be written over. */
export type Frame = (table: number, spare: ArrayBuffer | undefined) => ArrayBuffer

/** What a worker is asked for: a part of its own shard, the first with a frame; a part of another's; the sum. */
export type Ask =
  | { readonly kind: 'own'; readonly part: number; readonly frame?: Frame }
  | { readonly kind: 'other'; readonly part: number; readonly rows: ReadonlyArray<ArrayBuffer> }
  | { readonly kind: 'sum'; readonly more: ReadonlyArray<ArrayBuffer>; readonly spare: ArrayBuffer | undefined }

/** What becomes of it. */
export type Outcome =
  | { readonly kind: 'done'; readonly results?: ArrayBuffer }
  | { readonly kind: 'failed'; readonly error: string }
  | { readonly kind: 'died'; readonly reason: string }

/** One worker. What it is asked for is done in order. */
export interface Peer {
  readonly ask: (program: WorkerProgram, ask: Ask) => Promise<Outcome>
  /** Frees what the worker has of a program. */
  readonly forget: (program: WorkerProgram) => void
  /** Settles when the worker is up, or has died: then with the reason. */
  readonly up: Promise<string | undefined>
  readonly isAlive: () => boolean
  readonly terminate: () => void
}

/** Kernels may read this far behind the end of an array. */
const slack = 128

/** Starts a worker and lays out its memory: constants of the programs that it knows, and one block for the shard that it runs. */
export const startPeer = (spawn: Spawn): Peer => {
  const state: {
    alive: boolean
    last: number
    end: number
    block: { readonly address: number; readonly size: number }
    spare?: ArrayBuffer
  } = {
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
    } else if ('error' in reply) settle(reply.call, { kind: 'failed', error: reply.error })
    else {
      if (reply.frame !== undefined) state.spare = reply.frame
      settle(reply.call, { kind: 'done', ...(reply.results === undefined ? {} : { results: reply.results }) })
    }
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
  const knownOf = (program: WorkerProgram): { readonly id: number; readonly constants: number; readonly bytes?: ArrayBuffer } => {
    const there = known.get(program)
    if (there !== undefined) return there
    const bytes = program.constants()
    const fresh = { id: ++state.last, constants: memory.allocate(bytes.byteLength + 16) }
    known.set(program, fresh)
    return { ...fresh, bytes }
  }
  const placeOf = (program: WorkerProgram, constants: number): Place => {
    const others = program.parts.count > 1 ? program.results : 0
    const table = blockOf(program.frame + program.results + others + program.arena)
    const sums = table + program.frame
    const results = sums + program.results
    return { end: state.end + slack, table, constants, sums, results, bytes: program.results, arena: results + others }
  }
  const post = (program: WorkerProgram, ask: Ask, call: number): void => {
    const { id, constants, bytes } = knownOf(program)
    const place = placeOf(program, constants)
    // the results of others are kept for a worker that takes the place of this one
    if (ask.kind === 'sum')
      return port.post({ call, place, more: ask.more, ...spared(ask.spare) }, ask.spare === undefined ? [] : [ask.spare])
    const install = bytes === undefined ? {} : { install: { module: program.module, bytes } }
    const request = { call, program: id, ...install, place, inputs: program.parts.inputs, outputs: program.outputs, part: ask.part }
    const installed = bytes === undefined ? [] : [bytes]
    if (ask.kind === 'other') return port.post({ ...request, rows: ask.rows }, [...ask.rows, ...installed])
    if (ask.frame === undefined) return port.post(request, installed)
    const frame = ask.frame(place.table, state.spare)
    delete state.spare
    port.post({ ...request, frame }, [frame, ...installed])
  }
  return {
    ask: (program, ask) =>
      new Promise(resolve => {
        if (!state.alive) return resolve({ kind: 'died', reason: 'an earlier end' })
        const call = ++state.last
        pending.set(call, { program, resolve })
        port.hold(true)
        try {
          post(program, ask, call)
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

const spared = (spare: ArrayBuffer | undefined): Pick<SumRequest, 'spare'> => (spare === undefined ? {} : { spare })

const deferred = <A>(): { readonly promise: Promise<A>; readonly resolve: (a: A) => void } => {
  const parts: { resolve?: (a: A) => void } = {}
  const promise = new Promise<A>(resolve => (parts.resolve = resolve))
  return { promise, resolve: a => parts.resolve!(a) }
}
