import type { Program } from '../program.ts'
import { algebraic } from './algebra/algebra.ts'
import { deadCode } from './dead-code.ts'
import { fold } from './fold-constants.ts'
import { identity } from './identity.ts'
import type { Rule } from './rewrite.ts'
import { simplify } from './simplify.ts'
import { sinkBroadcast } from './sink-broadcasts.ts'
import { sinkReshape } from './sink-reshapes.ts'

/** The first of the passes that has something to say about a node. */
const any: Rule = (node, inputs, b) =>
  identity(node, inputs, b) ??
  fold(node, inputs, b) ??
  algebraic(node, inputs, b) ??
  sinkBroadcast(node, inputs, b) ??
  sinkReshape(node, inputs, b)

/** More walks than any program has needed; most need two. */
const walks = 32

/**
 * The program made smaller until no pass changes it: identities, constants, algebra, broadcasts, common subexpressions and dead code.
 * Its results are those of the program within float32's rounding.
 */
export const optimize = (program: Program): Program => {
  let current = deadCode(program)
  for (let walk = 0; walk < walks; walk++) {
    const next = simplify(current, any)
    if (next === current) return current
    current = next
  }
  return current
}
