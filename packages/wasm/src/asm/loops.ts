import type { Expr, I32, Local, Stmt } from './code.ts'
import { brIf, get, local, loop, seq, set, when } from './control.ts'
import { i32, index } from './scalar.ts'

/** Adds to an i32 local. */
export const bump = (variable: Local<'i32'>, by: I32): Stmt => set(variable, i32.add(get(variable), by))

/** Runs `body` while the condition is not zero. */
export const whileTrue = (condition: () => Expr<'i32'>, body: Stmt): Stmt =>
  when(
    condition(),
    loop(again => seq(body, brIf(again, condition()))),
  )

/** Counts `variable` up from where it stands, in steps of `step`, while variable < end (unsigned). */
export const countUp = (variable: Local<'i32'>, end: I32, step: I32, body: Stmt): Stmt =>
  whileTrue(() => i32.ltU(get(variable), index(end)), seq(body, bump(variable, step)))

/** Runs `body(i)` for i = 0, 1, ... while i < end (unsigned). */
export const forEach = (end: I32, body: (i: Expr<'i32'>) => Stmt): Stmt => {
  const i = local('i32', 'i')
  return seq(set(i, 0), countUp(i, end, 1, body(get(i))))
}
