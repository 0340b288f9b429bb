import type { Expr, Local } from '../asm/code.ts'
import { get } from '../asm/control.ts'
import { i32 } from '../asm/scalar.ts'

/**
 * Where an array lies while a compiled program runs. Nothing absolute: the arena and the constants hang on the arguments of the call,
 * inputs and results on the pointers of a table.
 */
export interface Address {
  readonly base: 'arena' | 'constants' | { readonly slot: number }
  readonly bytes: number
}

/** The parameters of a compiled program. */
export interface Bases {
  readonly arena: Local<'i32'>
  readonly constants: Local<'i32'>
  readonly table: Local<'i32'>
}

/** An address further on. */
export const moved = ({ base, bytes }: Address, by: number): Address => ({ base, bytes: bytes + by })

/** Whether two addresses are the same place. */
export const sameAddress = (p: Address, q: Address): boolean =>
  p.bytes === q.bytes && (typeof p.base === 'string' ? p.base === q.base : typeof q.base !== 'string' && p.base.slot === q.base.slot)

/** The address as code. */
export const addressCode = ({ base, bytes }: Address, { arena, constants, table }: Bases): Expr<'i32'> => {
  const start = typeof base === 'string' ? get(base === 'arena' ? arena : constants) : i32.load(get(table), 4 * base.slot)
  return bytes === 0 ? start : i32.add(start, bytes)
}
