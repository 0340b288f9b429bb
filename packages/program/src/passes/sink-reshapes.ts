import { isElementwise } from '../primitives.ts'
import type { Program, Value } from '../program.ts'
import { sameShape } from '../shape.ts'
import { fillOf, nodeOf } from './look.ts'
import { primitiveOf, rewrite } from './rewrite.ts'
import type { Rule } from './rewrite.ts'

/** The program with reshapes after elementwise functions rather than before, where they meet and merge. */
export const sinkReshapes = (program: Program): Program => rewrite(program, sinkReshape)

/** An elementwise node whose arguments are all reshaped from one shape, or constants of one number. */
export const sinkReshape: Rule = (node, inputs, b) => {
  if (!isElementwise(node)) return undefined
  const reshapes = inputs.map(value => nodeOf(b, value, 'reshape'))
  const first = reshapes.find(inner => inner !== undefined)
  if (first === undefined) return undefined
  const { shape } = b.typeOf(first.inputs[0]!)
  const sources = inputs.map((value, i): Value | undefined => {
    const source = reshapes[i]?.inputs[0]
    if (source !== undefined) return sameShape(b.typeOf(source).shape, shape) ? source : undefined
    const repeated = fillOf(b, value)
    return repeated === undefined ? undefined : b.fill(shape, b.typeOf(value).dtype, repeated)
  })
  if (sources.includes(undefined)) return undefined
  return b.node({ op: 'reshape', shape: first.shape }, b.node(primitiveOf(node), ...(sources as ReadonlyArray<Value>)))
}
