import type { Type } from '@diffeo/program'
import type { Kernel } from '../runtime/runtime.ts'
import type { Address } from './address.ts'

/** One step of a compiled program: a kernel and what it is given. */
export interface KernelCall {
  readonly kernel: Kernel
  readonly args: ReadonlyArray<Address | number>
}

/** Work that the host does while the program runs: it reads and writes the memory at these addresses. */
export interface HostCall {
  readonly host: string
  readonly inputs: ReadonlyArray<Address>
  readonly outputs: ReadonlyArray<Address>
  readonly inputTypes: ReadonlyArray<Type>
  readonly outputTypes: ReadonlyArray<Type>
  readonly run: HostRun
}

/** Numbers to numbers, one array for each value. */
export type HostRun = (inputs: ReadonlyArray<Float32Array | Int32Array>) => ReadonlyArray<ArrayLike<number>>

export type Call = KernelCall | HostCall

/** Calls in their order, and the bytes of scratch memory that the greediest of them needs. */
export interface Calls {
  readonly calls: ReadonlyArray<Call>
  readonly scratch: number
}

/** No work at all. */
export const nothing: Calls = { calls: [], scratch: 0 }

/** One after another: they may use the same scratch memory. */
export const inOrder = (...parts: ReadonlyArray<Calls>): Calls => ({
  calls: parts.flatMap(({ calls }) => calls),
  scratch: Math.max(0, ...parts.map(({ scratch }) => scratch)),
})
