import type { Node, Primitive, Program } from './program.ts'

/** A primitive with other programs inside, where it is a loop; the primitive itself where they stay the same. */
export const mapBodies = (primitive: Primitive, f: (body: Program) => Program): Primitive => {
  if (primitive.op !== 'scan' && primitive.op !== 'while') return primitive
  const body = f(primitive.body)
  if (primitive.op === 'scan') return body === primitive.body ? primitive : { ...primitive, body }
  const cond = f(primitive.cond)
  return body === primitive.body && cond === primitive.cond ? primitive : { ...primitive, cond, body }
}

/** The programs inside of a node: the bodies of a loop, the composite of a custom op. */
export const programsIn = (node: Primitive | Node): ReadonlyArray<Program> => {
  if (node.op === 'scan') return [node.body]
  if (node.op === 'while') return [node.cond, node.body]
  return node.op === 'custom' && node.composite !== null ? [node.composite] : []
}
