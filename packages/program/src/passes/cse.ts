import { mapTree } from '@diffeo/core'
import { builder } from '../builder.ts'
import { isCommutative, isElementwise } from '../primitives.ts'
import type { Constant, Node, Primitive, Program, Value } from '../program.ts'
import type { Data } from '../values.ts'
import { copied, primitiveOf } from './rewrite.ts'

/** The program with each constant and each node once: what is computed twice from the same values is computed once. */
export const commonSubexpressions = (program: Program): Program => {
  const b = builder()
  const seen = new Map<string, ReadonlyArray<Value>>()
  const keyOf = nodeKeys()
  let merged = false
  const once = (key: string, make: () => ReadonlyArray<Value>): ReadonlyArray<Value> => {
    const known = seen.get(key)
    if (known !== undefined) {
      merged = true
      return known
    }
    const made = make()
    seen.set(key, made)
    return made
  }
  const values: Value[] = program.inputs.map(input => b.input(input))
  const constants = constantTable(b.constant)
  for (const constant of program.constants) values.push(constants(constant))
  merged ||= new Set(values).size < values.length
  for (const node of program.nodes) {
    const inputs = node.inputs.map(value => values[value]!)
    values.push(...once(keyOf(node, inputs), () => copied(node, inputs, b)))
  }
  return merged ? b.finish(mapTree((value: Value) => values[value]!, program.outputs)) : program
}

/**
 * Texts that are the same for nodes that compute the same. Two custom ops of one name, attributes and inputs have one composite, since
 * it captures nothing; the bodies of loops are told apart by identity.
 */
export const nodeKeys = (): ((node: Primitive | Node, inputs: ReadonlyArray<Value>) => string) => {
  const bodies = new Map<Program, number>()
  const numberOf = (body: Program): number => {
    if (!bodies.has(body)) bodies.set(body, bodies.size)
    return bodies.get(body)!
  }
  return (node, inputs) => {
    const from = isCommutative(node) && inputs[0]! > inputs[1]! ? `${inputs[1]},${inputs[0]}` : inputs.join()
    switch (node.op) {
      case 'custom':
        return `custom ${node.name} ${node.attrs} ${from}`
      case 'scan':
        return `scan ${numberOf(node.body)} ${node.carries} ${node.xs} ${node.length} ${node.reverse} ${from}`
      case 'while':
        return `while ${numberOf(node.cond)} ${numberOf(node.body)} ${node.carries} ${from}`
      default:
        return `${attributesOf(node)} ${from}`
    }
  }
}

const attributesOf = (node: Primitive | Node): string =>
  isElementwise(node) && node.op !== 'cast' ? node.op : JSON.stringify('inputs' in node ? primitiveOf(node) : node)

/**
 * Constants by their contents: the same value for the same type and bits.
 */
export const constantTable = (add: (constant: Constant) => Value): ((constant: Constant) => Value) => {
  const table = new Map<string, Array<readonly [Constant, Value]>>()
  return constant => {
    const key = `${constant.dtype}[${constant.shape.join()}]${'fill' in constant ? showFill(constant.fill) : hashOf(constant.data)}`
    const alike = table.get(key) ?? []
    const known = alike.find(([other]) => sameNumbers(other, constant))
    if (known !== undefined) return known[1]
    const value = add(constant)
    table.set(key, [...alike, [constant, value]])
    return value
  }
}

const showFill = (x: number): string => ` ${Object.is(x, -0) ? '-0' : x}`

const hashes = new WeakMap<Data, number>()

/** FNV-1a over the numbers' bits; kept, since a program's constants are not written to. */
const hashOf = (data: Data): number => {
  const known = hashes.get(data)
  if (known !== undefined) return known
  let hash = 0x811c9dc5
  for (const word of wordsOf(data)) hash = Math.imul(hash ^ word, 0x01000193)
  hashes.set(data, hash)
  return hash
}

const wordsOf = (data: Data): Int32Array | Uint8Array =>
  data instanceof Float32Array ? new Int32Array(data.buffer, data.byteOffset, data.length) : data

const sameNumbers = (p: Constant, q: Constant): boolean => {
  if (!('data' in p) || !('data' in q)) return 'fill' in p && 'fill' in q && Object.is(p.fill, q.fill)
  if (p.data === q.data) return true
  const [a, c] = [wordsOf(p.data), wordsOf(q.data)]
  if (a.length !== c.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== c[i]) return false
  return true
}
