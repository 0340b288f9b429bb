import { assemble } from '../asm/assemble.ts'
import { addInto } from './add-into.ts'

/** What a worker is asked for: to run a part of a shard, to give the sum of what it ran, or to forget a program. */
export type Request = RunRequest | SumRequest | { readonly forget: number }

/** Where the arrays of a call lie in the worker's own memory, which the caller lays out; it is grown to `end` first. */
export interface Place {
  readonly end: number
  /** The table of pointers, the inputs behind it. */
  readonly table: number
  readonly constants: number
  readonly arena: number
  /** The results of the first part of a shard, to which those of the others are added. */
  readonly sums: number
  /** The results of any other part. */
  readonly results: number
  /** Bytes of the results. */
  readonly bytes: number
}

/** One run of a program. */
export interface RunRequest {
  readonly call: number
  readonly program: number
  /** For the first run of a program: its code, and its constants. */
  readonly install?: { readonly module: WebAssembly.Module; readonly bytes: ArrayBuffer }
  readonly place: Place
  readonly inputs: ReadonlyArray<PartInput>
  /** The entries of the table that are the results'. */
  readonly outputs: { readonly begin: number; readonly end: number }
  /** With the first part of a shard: the table and the inputs. */
  readonly frame?: ArrayBuffer
  readonly part: number
  /** With a part of another worker's shard: its rows, input by input; its results are sent back. */
  readonly rows?: ReadonlyArray<ArrayBuffer>
}

/** An input that has the rows of all parts: its entry in the table, how far behind the table it lies, and how many bytes a part has. */
export interface PartInput {
  readonly entry: number
  readonly at: number
  readonly bytes: number
}

/** The sum of all parts, with those of other workers added in their order. */
export interface SumRequest {
  readonly call: number
  readonly place: Place
  readonly more: ReadonlyArray<ArrayBuffer>
  /** Where the sum goes. */
  readonly spare?: ArrayBuffer
}

/** What a worker says: that it is up; that a part is done, with results where there are to be some, and with the memory of a frame, to be used again; or why it is not. */
export type Reply =
  | { readonly up: true }
  | { readonly call: number; readonly results?: ArrayBuffer; readonly frame?: ArrayBuffer }
  | { readonly call: number; readonly error: string }

/**
 * The worker's whole code. Text, and not a file or a function, so that no bundler has to find it and no loader can put helpers of its own
 * into it. It answers a `Request` with a `Reply`; the memory is its own.
 */
export const workerSource = (): string => `'use strict'
const threads = globalThis.process?.getBuiltinModule?.('node:worker_threads')
const port = threads?.parentPort ?? globalThis
const memory = new WebAssembly.Memory({ initial: 1 })
const host = () => { throw new Error('a program that needs the host') }
const exportsOf = module => new WebAssembly.Instance(module, { env: { memory, host } }).exports
const { addInto } = exportsOf(new WebAssembly.Module(Uint8Array.of(${assemble({ exports: { addInto: addInto.func() } }).join()})))
const programs = new Map()
const put = (bytes, at) => new Uint8Array(memory.buffer, at, bytes.byteLength).set(new Uint8Array(bytes))
const copy = (at, bytes, to = new ArrayBuffer(bytes)) => {
  new Uint8Array(to).set(new Uint8Array(memory.buffer, at, bytes))
  return to
}
const run = ({ program, install, place, inputs, outputs, frame, part, rows }) => {
  const { end, table, constants, arena, sums, results, bytes } = place
  const missing = Math.ceil(end / 65536) - memory.buffer.byteLength / 65536
  if (missing > 0) memory.grow(missing)
  if (install) {
    put(install.bytes, constants)
    programs.set(program, exportsOf(install.module).run)
  }
  if (frame) put(frame, table)
  const pointers = new Int32Array(memory.buffer, table, outputs.end)
  inputs.forEach(({ entry, at, bytes }, i) => {
    if (rows) put(rows[i], table + at)
    pointers[entry] = table + at + (rows ? 0 : part * bytes)
  })
  programs.get(program)(arena, constants, table)
  if (frame) for (let entry = outputs.begin; entry < outputs.end; entry++) pointers[entry] += results - sums
  else if (!rows) addInto(sums, results, bytes)
  return rows && copy(results, bytes)
}
const sum = ({ place: { sums, results, bytes }, more, spare }) => {
  for (const one of more) {
    put(one, results)
    addInto(sums, results, bytes)
  }
  return copy(sums, bytes, spare)
}
port.onmessage = ({ data }) => {
  if ('forget' in data) return void programs.delete(data.forget)
  const { call } = data
  try {
    const results = 'more' in data ? sum(data) : run(data)
    const { frame } = data
    port.postMessage({ call, results, frame }, [results, frame].filter(Boolean))
  } catch (error) {
    port.postMessage({ call, error: String(error?.message ?? error) })
  }
}
port.postMessage({ up: true })
`
