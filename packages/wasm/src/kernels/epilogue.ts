import type { Func } from '../asm/code.ts'
import { apply, func, get } from '../asm/control.ts'
import type { Vec } from '../asm/simd.ts'
import type { Arithmetic } from '../math/arithmetic.ts'
import { unaryMath } from '../math/functions.ts'
import type { UnaryMath } from '../math/functions.ts'

const short: ReadonlyArray<UnaryMath> = ['relu', 'neg', 'abs', 'sqrt', 'floor', 'ceil', 'round']

const known = new Map<string, Func>()

/** The function of that name: the same one whenever it is asked for, so that a module of many kernels holds it once. */
export const shared = (name: string, make: () => Func): Func => {
  const found = known.get(name) ?? make()
  known.set(name, found)
  return found
}

/** A function of one argument as code: written out where it is short, else called. */
export const activationCode = (activation: UnaryMath | undefined, ar: Arithmetic): ((x: Vec) => Vec) => {
  if (activation === undefined) return x => x
  if (short.includes(activation)) return x => unaryMath[activation](ar, x)
  const name = `${activation} ${ar.name}`
  const target = shared(name, () => func(name, [['x', 'v128']], x => unaryMath[activation](ar, get(x)), 'v128'))
  return x => apply('v128', target, x)
}
