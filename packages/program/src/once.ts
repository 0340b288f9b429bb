import type { Program } from './program.ts'

/** A function of programs, which do not change, that is computed once for each. */
export const once = <A>(of: (program: Program) => A): ((program: Program) => A) => {
  const known = new WeakMap<Program, { readonly result: A }>()
  return program => {
    const found = known.get(program) ?? { result: of(program) }
    known.set(program, found)
    return found.result
  }
}
