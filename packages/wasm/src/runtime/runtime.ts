import { assemble } from '../asm/assemble.ts'
import type { Func } from '../asm/code.ts'
import { allocator } from './allocator.ts'
import type { Allocator } from './allocator.ts'

/** Code that is known by its structure: two kernels of one name are the same code. */
export interface Kernel {
  readonly name: string
  readonly func: () => Func
}

/** Numbers in memory: each takes four bytes; a bool is the int32 0 or 1. */
export type ElementType = 'float32' | 'int32' | 'bool'

/** One memory, what lies in it, and the kernels that run on it. */
export interface Runtime extends Allocator {
  readonly memory: WebAssembly.Memory
  /** Runs a kernel; it is compiled when its name is new. */
  readonly call: (kernel: Kernel, args: ReadonlyArray<number>) => void
  /** The address of at least `bytes` bytes that hold nothing between two calls; an address given before may be stale. */
  readonly scratch: (bytes: number) => number
  /** A new block that holds these numbers. */
  readonly upload: (values: ArrayLike<number>, type?: ElementType) => number
  readonly write: (address: number, values: ArrayLike<number>, type?: ElementType) => void
  /** `count` numbers where they lie: until memory grows. */
  readonly view: (address: number, count: number, type?: ElementType) => Float32Array | Int32Array
  /** A copy of `count` numbers. */
  readonly read: (address: number, count: number, type?: ElementType) => Float32Array | Int32Array
  readonly kernels: () => number
}

const page = 65536
/** Kernels may read this far behind the end of an array. */
const slack = 128

/**
 * A memory of its own, with kernels compiled on demand. The memory grows and never shrinks; views on it are made for each access,
 * since growing detaches them.
 *
 * @throws RangeError from `allocate` when the memory cannot grow (4 GiB at most)
 */
export const createRuntime = (): Runtime => {
  const memory = new WebAssembly.Memory({ initial: 16 })
  const compiled = new Map<string, (...args: ReadonlyArray<number>) => void>()
  const scratchBlock = { address: 0, size: 0 }

  const grow = (end: number): void => {
    const missing = Math.ceil((end + slack) / page) - memory.buffer.byteLength / page
    if (missing <= 0) return
    const ample = Math.max(missing, Math.ceil(memory.buffer.byteLength / page / 4))
    for (const pages of [ample, missing])
      try {
        memory.grow(pages)
        return
      } catch {
        continue
      }
    throw new RangeError(`allocate: expected memory up to ${end} bytes, got ${memory.buffer.byteLength} and no more`)
  }
  const blocks = allocator(1024, grow)

  const instantiate = ({ name, func }: Kernel): ((...args: ReadonlyArray<number>) => void) => {
    const module = new WebAssembly.Module(assemble({ exports: { run: func() } }))
    const run = new WebAssembly.Instance(module, { env: { memory } }).exports['run'] as (...args: ReadonlyArray<number>) => void
    compiled.set(name, run)
    return run
  }
  const view: Runtime['view'] = (address, count, type = 'float32') =>
    type === 'float32' ? new Float32Array(memory.buffer, address, count) : new Int32Array(memory.buffer, address, count)
  const write: Runtime['write'] = (address, values, type = 'float32') => view(address, values.length, type).set(values)

  return {
    ...blocks,
    memory,
    call: (kernel, args) => (compiled.get(kernel.name) ?? instantiate(kernel))(...args),
    scratch: bytes => {
      if (bytes <= scratchBlock.size) return scratchBlock.address
      if (scratchBlock.size > 0) blocks.free(scratchBlock.address)
      scratchBlock.address = blocks.allocate(bytes)
      scratchBlock.size = bytes
      return scratchBlock.address
    },
    upload: (values, type) => {
      const address = blocks.allocate(4 * values.length)
      write(address, values, type)
      return address
    },
    write,
    view,
    read: (address, count, type) => view(address, count, type).slice(),
    kernels: () => compiled.size,
  }
}
