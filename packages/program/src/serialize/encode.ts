import { mapTree } from '@diffeo/core'
import type { Json } from '@diffeo/core'
import { programsIn } from '../bodies.ts'
import type { Constant, Node, Program, Type, Value } from '../program.ts'
import { attributesOf } from './attributes.ts'
import type { Kind } from './attributes.ts'
import { encodeData, encodeNumber } from './numbers.ts'

/** What a file of a program says that it is. */
export const format = 'diffeo.program'

/** A program as plain JSON: those inside of its nodes come first, each once, and nodes name them by their place. */
export type EncodedProgram = { readonly format: typeof format; readonly version: 1; readonly programs: ReadonlyArray<Json> }

/**
 * A program as plain JSON, for a file or another process: `decodeProgram` gives the same program, to the bit. Constants are base64 of
 * their bytes.
 */
export const encodeProgram = (program: Program): EncodedProgram => {
  const places = new Map<Program, number>()
  const programs: Json[] = []
  const add = (inner: Program): void => {
    if (places.has(inner)) return
    inner.nodes.flatMap(programsIn).forEach(add)
    places.set(inner, programs.length)
    programs.push(encoded(inner, places))
  }
  add(program)
  return { format, version: 1, programs }
}

const encoded = ({ inputs, constants, nodes, outputs }: Program, places: ReadonlyMap<Program, number>): Json => ({
  inputs: inputs.map(input => ({ name: input.name, ...typeOf(input) })),
  constants: constants.map(encodedConstant),
  nodes: nodes.map(node => encodedNode(node, places)),
  // a tree of numbers is plain JSON
  outputs: mapTree((value: Value) => value, outputs) as Json,
})

const typeOf = ({ shape, dtype }: Type): { readonly shape: ReadonlyArray<number>; readonly dtype: string } => ({ shape: [...shape], dtype })

const encodedConstant = (constant: Constant): Json => ({
  ...typeOf(constant),
  ...('fill' in constant ? { fill: encodeNumber(constant.fill) } : { data: encodeData(constant.data) }),
})

const encodedNode = (node: Node, places: ReadonlyMap<Program, number>): Json => ({
  op: node.op,
  ...Object.fromEntries(
    attributesOf(node.op)!.map(([name, kind]) => [
      name,
      encodedAttribute(kind, (node as unknown as Readonly<Record<string, unknown>>)[name], places),
    ]),
  ),
  inputs: [...node.inputs],
  outputs: node.outputs.map(typeOf),
})

const encodedAttribute = (kind: Kind, value: unknown, places: ReadonlyMap<Program, number>): Json => {
  if (kind === 'number') return encodeNumber(value as number)
  if (kind === 'program' || kind === 'program or null') return value === null ? null : places.get(value as Program)!
  return value as Json
}
