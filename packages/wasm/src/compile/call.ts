import type { Type } from '@diffeo/program'
import type { Kernel } from '../runtime/runtime.ts'
import type { Func, Stmt } from '../asm/code.ts'
import type { Address, Bases } from './address.ts'

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

/** Other programs, compiled as functions `(arena, constants, table)`, and the code that calls them. */
export interface ControlCall {
  readonly bodies: ReadonlyArray<Translated>
  readonly code: (bases: Bases, bodies: ReadonlyArray<Func>, kernelFunc: (kernel: Kernel) => Func) => Stmt
}

export type Call = KernelCall | HostCall | ControlCall

/** A program as calls, before they are code. The constants are those of the module that it becomes part of. */
export interface Translated {
  readonly steps: ReadonlyArray<{ readonly line: string; readonly calls: ReadonlyArray<Call> }>
  /** Bytes of memory that hold nothing between two runs. */
  readonly arena: number
  /** The most bytes of values that live at once: no plan can do with fewer. */
  readonly peak: number
}

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
