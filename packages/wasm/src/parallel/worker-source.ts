/** What a worker is asked for: to run a program, or to forget one. */
export type Request = RunRequest | { readonly forget: number }

/** Addresses are those of the worker's own memory, which the caller lays out; it is grown to `end` first. */
export interface RunRequest {
  readonly call: number
  readonly program: number
  /** For the first run of a program: its code, and its constants with their place. */
  readonly install?: { readonly module: WebAssembly.Module; readonly at: number; readonly bytes: ArrayBuffer }
  readonly end: number
  /** The table of pointers, then the inputs, which are put at `table`. */
  readonly bytes: ArrayBuffer
  readonly table: number
  readonly constants: number
  readonly arena: number
  /** Where the results lie; the sums of several runs lie behind them. */
  readonly from: number
  readonly to: number
  readonly parts: PartsOfRun
}

/** How often the program runs, by how many bytes the pointers of these places of the table move from run to run, and what the sum is multiplied with. */
export interface PartsOfRun {
  readonly count: number
  readonly steps: ReadonlyArray<readonly [number, number]>
  readonly scale: number
}

/** What a worker says: that it is up, the results of a call, or why there are none. */
export type Reply =
  { readonly up: true } | { readonly call: number; readonly results: ArrayBuffer } | { readonly call: number; readonly error: string }

/**
 * The worker's whole code. Text, and not a file or a function, so that no bundler has to find it and no loader can put helpers of its own
 * into it. It answers a `Request` with a `Reply`; the memory is its own.
 */
export const workerSource = `'use strict'
const threads = globalThis.process?.getBuiltinModule?.('node:worker_threads')
const port = threads?.parentPort ?? globalThis
const memory = new WebAssembly.Memory({ initial: 1 })
const host = () => { throw new Error('a program that needs the host') }
const programs = new Map()
const put = (bytes, at) => new Uint8Array(memory.buffer, at, bytes.byteLength).set(new Uint8Array(bytes))
const run = ({ program, install, end, bytes, table, constants, arena, from, to, parts }) => {
  const missing = Math.ceil(end / 65536) - memory.buffer.byteLength / 65536
  if (missing > 0) memory.grow(missing)
  if (install) {
    put(install.bytes, install.at)
    programs.set(program, new WebAssembly.Instance(install.module, { env: { memory, host } }).exports.run)
  }
  put(bytes, table)
  const call = programs.get(program)
  call(arena, constants, table)
  return parts.count === 1 ? memory.buffer.slice(from, to) : sumOf(() => call(arena, constants, table), table, from, to, parts)
}
const sumOf = (again, table, from, to, { count, steps, scale }) => {
  const pointers = new Int32Array(memory.buffer, table)
  const results = new Float32Array(memory.buffer, from, (to - from) / 4)
  const sums = new Float32Array(memory.buffer, to, results.length)
  sums.set(results)
  for (let part = 1; part < count; part++) {
    for (const [place, step] of steps) pointers[place] += step
    again()
    const factor = part === count - 1 ? scale : 1
    for (let i = 0; i < sums.length; i++) sums[i] = factor * (sums[i] + results[i])
  }
  return memory.buffer.slice(to, to + (to - from))
}
port.onmessage = ({ data }) => {
  if ('forget' in data) return void programs.delete(data.forget)
  const { call } = data
  try {
    const results = run(data)
    port.postMessage({ call, results }, [results])
  } catch (error) {
    port.postMessage({ call, error: String(error?.message ?? error) })
  }
}
port.postMessage({ up: true })
`
