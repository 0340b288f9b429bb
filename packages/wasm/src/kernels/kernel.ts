import type { Local, Stmt } from '../asm/code.ts'
import { func } from '../asm/control.ts'
import type { Kernel } from '../runtime/runtime.ts'

/** A kernel whose parameters are all 32-bit integers: addresses and counts. */
export const kernelOf = <const P extends ReadonlyArray<string>>(
  name: string,
  parameters: P,
  body: (locals: { readonly [K in P[number]]: Local<'i32'> }) => Stmt,
): Kernel => ({
  name,
  func: () =>
    func(
      name,
      parameters.map(title => [title, 'i32'] as const),
      (...locals) =>
        body(
          Object.fromEntries(parameters.map((title, i) => [title, locals[i]])) as { readonly [K in P[number]]: Local<'i32'> }, // one local for each
        ),
    ),
})
