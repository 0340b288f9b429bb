import { leaves } from '@diffeo/core'
import type { Builder } from '../builder.ts'
import { evaluate } from '../evaluate/evaluate.ts'
import { deadCode } from '../passes/dead-code.ts'
import type { Value } from '../program.ts'
import { asData } from './tracers.ts'
import { dataOf } from '../values.ts'
import type { Data } from '../values.ts'

/** The numbers of a value that is the same whatever the inputs are, or undefined where they depend on an input. */
export const knownNumbers = (b: Builder, value: Value): Data | undefined => {
  if (dependsOnInputs(b, value)) return undefined
  const definition = b.definition(value)
  if (definition.kind === 'constant') return dataOf(definition.constant).slice()
  const program = deadCode(b.finish(value))
  const blanks = program.inputs.map(({ shape }) => new Float32Array(shape.reduce((n, size) => n * size, 1)))
  return asData(b.typeOf(value).dtype, leaves(evaluate(program, blanks))[0]!)
}

const dependsOnInputs = (b: Builder, value: Value): boolean => {
  const seen = new Set<Value>([value])
  // a set visits what is added while it is walked through
  for (const v of seen) {
    const definition = b.definition(v)
    if (definition.kind === 'input') return true
    if (definition.kind === 'node') definition.node.inputs.forEach(input => seen.add(input))
  }
  return false
}
