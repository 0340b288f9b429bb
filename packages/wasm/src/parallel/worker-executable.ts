import { leaves } from '@diffeo/core'
import { typesOf } from '@diffeo/program'
import type { Data, Parts, Program, Type, Value, WorkerExecutable } from '@diffeo/program'
import type { Compiled } from '../compile/compile.ts'
import type { Constants } from '../compile/layout.ts'
import type { Frame, WorkerProgram } from './peer.ts'
import type { Pool } from './pool.ts'

/** A compiled program over the memories of workers. */
export const workerExecutable = (program: Program, compiled: Compiled, pool: Pool, parts: Parts): WorkerExecutable => {
  const types = typesOf(program)
  const outputs = leaves<Value>(program.outputs).map(value => types[value]!)
  const layout = frameLayout(program.inputs, outputs, parts)
  const state: { alive: boolean; module?: Promise<WorkerProgram>; program?: WorkerProgram } = { alive: true }
  const compile = async (): Promise<WorkerProgram> => {
    const module = await WebAssembly.compile(compiled.code)
    return (state.program = {
      module,
      constants: () => constantBytes(compiled.constants),
      frame: layout.frame,
      results: layout.results,
      arena: compiled.arena + 64,
      outputs: { begin: program.inputs.length, end: program.inputs.length + outputs.length },
      parts: {
        count: parts.count,
        inputs: parts.inputs.map(entry => ({ entry, at: layout.inputs[entry]!, bytes: bytesOf(program.inputs[entry]!) })),
      },
    })
  }
  const spares: ArrayBuffer[] = []
  const ready = (): Promise<WorkerProgram> => (state.module ??= compile())
  pool.retain()
  return {
    hosts: [...new Set(compiled.hosts.map(({ host }) => host))],
    start: async workers => {
      const [reason] = await Promise.all([pool.start(workers), ready()])
      return reason
    },
    call: async shards => {
      const tasks = shards.map(({ worker, inputs }) => ({
        worker,
        frame: frameOf(layout, inputs),
        rows: (part: number) => parts.inputs.map(entry => partBytes(inputs[entry]!, part, parts.count)),
        spare: () => spares.pop(),
      }))
      const results = await pool.run(await ready(), tasks)
      return results.map(bytes => ({
        data: outputs.map((type, i) => numbersOf(bytes, layout.outputs[i]! - layout.frame, type)),
        release: () => void spares.push(bytes),
      }))
    },
    report: () => ({
      lines: compiled.lines,
      kernels: compiled.kernels,
      codeBytes: compiled.code.length,
      arenaBytes: compiled.arena,
      peakBytes: compiled.peak,
      constantBytes: compiled.constants.bytes,
    }),
    dispose: () => {
      if (!state.alive) return
      state.alive = false
      if (state.program !== undefined) pool.forget(state.program)
      pool.release()
    },
  }
}

/** Where the arrays of a call lie behind its table: the inputs, then the results, each at a multiple of 16. */
interface FrameLayout {
  readonly inputs: ReadonlyArray<number>
  readonly outputs: ReadonlyArray<number>
  /** Bytes of the table and the inputs; the results begin there. */
  readonly frame: number
  readonly results: number
}

const frameLayout = (inputs: ReadonlyArray<Type>, outputs: ReadonlyArray<Type>, parts: Parts): FrameLayout => {
  let next = aligned(4 * (inputs.length + outputs.length))
  const place = (bytes: number): number => {
    const at = next
    next += aligned(bytes)
    return at
  }
  const placed = inputs.map((type, i) => place(bytesOf(type) * (parts.inputs.includes(i) ? parts.count : 1)))
  const frame = next
  return { inputs: placed, frame, outputs: outputs.map(type => place(bytesOf(type))), results: next - frame }
}

const bytesOf = ({ shape }: Type): number => 4 * shape.reduce((n, size) => n * size, 1)

const aligned = (bytes: number): number => Math.ceil(bytes / 16) * 16

const frameOf =
  ({ inputs, outputs, frame }: FrameLayout, data: ReadonlyArray<Data>): Frame =>
  (table, spare) => {
    const bytes = spare?.byteLength === frame ? spare : new ArrayBuffer(frame)
    new Int32Array(bytes).set([...inputs, ...outputs].map(at => table + at))
    data.forEach((numbers, i) => put(bytes, inputs[i]!, numbers))
    return bytes
  }

const partBytes = (numbers: Data, part: number, count: number): ArrayBuffer => {
  const size = numbers.length / count
  const bytes = new ArrayBuffer(4 * size)
  put(bytes, 0, numbers.subarray(part * size, (part + 1) * size))
  return bytes
}

/** As numbers lie in memory: a bool is an int32. */
const put = (bytes: ArrayBuffer, at: number, numbers: Data): void =>
  (numbers instanceof Float32Array ? new Float32Array(bytes, at, numbers.length) : new Int32Array(bytes, at, numbers.length)).set(numbers)

const constantBytes = ({ bytes, parts }: Constants): ArrayBuffer => {
  const buffer = new ArrayBuffer(bytes)
  parts.forEach(part => put(buffer, part.bytes, part.data))
  return buffer
}

const numbersOf = (results: ArrayBuffer, at: number, { shape, dtype }: Type): Data => {
  const count = shape.reduce((n, size) => n * size, 1)
  if (dtype === 'float32') return new Float32Array(results, at, count)
  const numbers = new Int32Array(results, at, count)
  return dtype === 'int32' ? numbers : Uint8Array.from(numbers)
}
