import type { Program } from '../program.ts'
import { algebraic } from './algebra/algebra.ts'
import { deadCode } from './dead-code.ts'
import { fold } from './fold-constants.ts'
import { identity } from './identity.ts'
import { isLoop, rewriteBodies, simplifyLoops } from './loops.ts'
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

/** More walks than any program has needed. */
const walks = 32

/**
 * The program made smaller until no pass changes it: identities, constants, algebra, broadcasts, common subexpressions, dead code and what
 * loops carry; the bodies of loops likewise. Its results are those of the program within float32's rounding.
 */
export const optimize = (program: Program): Program => {
  let current = program
  for (let walk = 0; walk < walks; walk++) {
    const simple = simplify(current, any)
    // every node of it has met the rules on the inputs that it has now: without loops a second walk finds nothing
    if (!simple.nodes.some(isLoop)) return simple
    // loops that are the same are merged before what each of them does not need is taken out
    const next = deadCode(rewriteBodies(simplifyLoops(simple), optimizedBody))
    if (next === current) return current
    current = next
  }
  return current
}

const optimized = new WeakMap<Program, Program>()

/** The same program for the same body: loops are told apart by the identity of their bodies. */
const optimizedBody = (body: Program): Program => {
  const known = optimized.get(body)
  if (known !== undefined) return known
  const result = optimize(body)
  optimized.set(body, result)
  optimized.set(result, result)
  return result
}
