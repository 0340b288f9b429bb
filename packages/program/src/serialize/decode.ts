import { showPath } from '@diffeo/core'
import type { Path, Tree } from '@diffeo/core'
import { infer } from '../infer.ts'
import type { Constant, DType, Node, Primitive, Program, Type, Value } from '../program.ts'
import { showType, sizeOf } from '../shape.ts'
import { attributesOf } from './attributes.ts'
import type { Kind } from './attributes.ts'
import { format } from './encode.ts'
import { decodeData, decodeNumber } from './numbers.ts'

/**
 * The program that `encodeProgram` wrote. Nothing is taken on trust: every number of a value is in range, every shape and attribute fits its
 * primitive, every constant has its bytes.
 *
 * @throws RangeError or TypeError naming the path of what does not fit
 */
export const decodeProgram = (encoded: unknown): Program => {
  const file = record(encoded, [], ['format', 'version', 'programs'])
  if (file['format'] !== format) throw fault(`'${format}'`, file['format'], ['format'])
  if (file['version'] !== 1) throw fault('version 1', file['version'], ['version'])
  const programs: Program[] = []
  list(file['programs'], ['programs']).forEach((program, i) => programs.push(decoded(program, programs, ['programs', i])))
  if (programs.length === 0) throw fault('one program or more', [], ['programs'])
  return programs.at(-1)!
}

const decoded = (encoded: unknown, before: ReadonlyArray<Program>, path: Path): Program => {
  const given = record(encoded, path, ['inputs', 'constants', 'nodes', 'outputs'])
  const inputs = list(given['inputs'], [...path, 'inputs']).map((input, i) => {
    const at = [...path, 'inputs', i]
    return { ...typeOf(record(input, at, ['name', 'shape', 'dtype']), at), name: text((input as Fields)['name'], [...at, 'name']) }
  })
  const constants = list(given['constants'], [...path, 'constants']).map((constant, i) => constantOf(constant, [...path, 'constants', i]))
  const types: Type[] = [...inputs, ...constants]
  const nodes = list(given['nodes'], [...path, 'nodes']).map((node, i) => {
    const read = nodeOf(node, types, before, [...path, 'nodes', i])
    types.push(...read.outputs)
    return read
  })
  return { version: 1, inputs, constants, nodes, outputs: treeOf(given['outputs'], types.length, [...path, 'outputs']) }
}

const constantOf = (encoded: unknown, path: Path): Constant => {
  const filled = isRecord(encoded) && Object.hasOwn(encoded, 'fill')
  const given = record(encoded, path, ['shape', 'dtype', filled ? 'fill' : 'data'])
  const type = typeOf(given, path)
  if (filled) {
    const fill = decodeNumber(given['fill'])
    if (fill === undefined || !isOf(fill, type.dtype)) throw fault(`a number of ${type.dtype}`, given['fill'], [...path, 'fill'])
    return { ...type, fill }
  }
  const data = decodeData(text(given['data'], [...path, 'data']), type.dtype)
  if (data?.length !== sizeOf(type.shape)) throw fault(`${sizeOf(type.shape)} numbers in base64`, data?.length, [...path, 'data'])
  return { ...type, data }
}

const nodeOf = (encoded: unknown, types: ReadonlyArray<Type>, before: ReadonlyArray<Program>, path: Path): Node => {
  const op = isRecord(encoded) ? encoded['op'] : undefined
  const attributes = typeof op === 'string' ? attributesOf(op) : undefined
  if (attributes === undefined) throw fault('a known primitive', op, [...path, 'op'])
  const given = record(encoded, path, ['op', ...attributes.map(([name]) => name), 'inputs', 'outputs'])
  const inputs = list(given['inputs'], [...path, 'inputs']).map((value, i) => below(value, types.length, [...path, 'inputs', i]))
  const outputs = list(given['outputs'], [...path, 'outputs']).map((type, i) => {
    const at = [...path, 'outputs', i]
    return typeOf(record(type, at, ['shape', 'dtype']), at)
  })
  const read = attributes.map(([name, kind]) => [name, attributeOf(kind, given[name], before, [...path, name])] as const)
  // the attributes are those of the primitive, and infer checks that they fit it
  const primitive = { op, ...Object.fromEntries(read) } as Primitive
  const inputTypes = inputs.map(value => types[value]!)
  const hasTypes = primitive.op !== 'custom' || primitive.composite !== null
  const expected = hasTypes ? at(path, () => infer(primitive, inputTypes)) : outputs
  if (outputs.length === 0 || shown(expected) !== shown(outputs))
    throw fault(shown(expected) || 'a type', shown(outputs), [...path, 'outputs'])
  return { ...primitive, inputs, outputs }
}

const attributeOf = (kind: Kind, value: unknown, before: ReadonlyArray<Program>, path: Path): unknown => {
  switch (kind) {
    case 'integer':
      return below(value, 2 ** 31, path)
    case 'integers':
      return integers(value, path)
    case 'number': {
      const x = decodeNumber(value)
      if (x === undefined) throw fault('a number', value, path)
      return x
    }
    case 'boolean':
      if (typeof value !== 'boolean') throw fault('true or false', value, path)
      return value
    case 'dtype':
      return dtypeOf(value, path)
    case 'text':
      return text(value, path)
    case 'json':
      return jsonText(value, path)
    case 'program':
    case 'program or null':
      return kind !== 'program' && value === null ? null : before[below(value, before.length, path)]!
    default:
      if (!kind.includes(value as string)) throw fault(`one of ${kind.join(', ')}`, value, path)
      return value
  }
}

/** Trees deeper than this are refused. */
const deepest = 64

const treeOf = (encoded: unknown, values: number, path: Path): Tree<Value> => {
  if (path.length > deepest) throw fault(`a tree of at most ${deepest} levels`, 'more', path)
  if (Array.isArray(encoded)) return encoded.map((child, i) => treeOf(child, values, [...path, i]))
  if (!isRecord(encoded)) return below(encoded, values, path)
  return Object.fromEntries(
    Object.entries(encoded).map(([k, child]) => {
      if (k === '__proto__') throw fault('another key', k, path)
      return [k, treeOf(child, values, [...path, k])]
    }),
  )
}

type Fields = Readonly<Record<string, unknown>>

const isRecord = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)

/** A record of these fields and no others. */
const record = (value: unknown, path: Path, names: ReadonlyArray<string>): Fields => {
  if (!isRecord(value)) throw fault(`a record of ${names.join(', ')}`, value, path)
  names.forEach(name => {
    if (!Object.hasOwn(value, name)) throw fault(`a field ${name}`, 'none', path)
  })
  Object.keys(value).forEach(name => {
    if (!names.includes(name)) throw fault('no field of this name', name, [...path, name])
  })
  return value
}

const list = (value: unknown, path: Path): ReadonlyArray<unknown> => {
  if (!Array.isArray(value)) throw fault('a list', value, path)
  return value
}

const text = (value: unknown, path: Path): string => {
  if (typeof value !== 'string') throw fault('a text', value, path)
  return value
}

const jsonText = (value: unknown, path: Path): string => {
  const written = text(value, path)
  try {
    JSON.parse(written)
    return written
  } catch {
    throw fault('JSON', written, path)
  }
}

const below = (value: unknown, end: number, path: Path): number => {
  if (!Number.isInteger(value) || (value as number) < 0 || (value as number) >= end) throw fault(`an integer in [0, ${end})`, value, path)
  return value as number
}

const integers = (value: unknown, path: Path): ReadonlyArray<number> => list(value, path).map((n, i) => below(n, 2 ** 31, [...path, i]))

const typeOf = (given: Fields, path: Path): Type => {
  const shape = integers(given['shape'], [...path, 'shape'])
  if (sizeOf(shape) >= 2 ** 31) throw fault('fewer than 2^31 numbers', `[${shape.join(', ')}]`, [...path, 'shape'])
  return { shape, dtype: dtypeOf(given['dtype'], [...path, 'dtype']) }
}

const dtypeOf = (value: unknown, path: Path): DType => {
  if (value !== 'float32' && value !== 'int32' && value !== 'bool') throw fault('float32, int32 or bool', value, path)
  return value
}

const isOf = (x: number, dtype: DType): boolean => {
  if (dtype === 'float32') return Object.is(Math.fround(x), x)
  return dtype === 'int32' ? Object.is(x | 0, x) : x === 0 || x === 1
}

const shown = (types: ReadonlyArray<Type>): string => types.map(showType).join(', ')

/** What `infer` refuses, with the path. */
const at = <A>(path: Path, f: () => A): A => {
  try {
    return f()
  } catch (thrown) {
    throw new RangeError(`decodeProgram: ${(thrown as Error).message} at ${showPath(path)}`, { cause: thrown })
  }
}

const fault = (expected: string, actual: unknown, path: Path): TypeError | RangeError => {
  const got = Array.isArray(actual)
    ? `a list of ${actual.length}`
    : isRecord(actual)
      ? 'a record'
      : actual === undefined
        ? 'nothing'
        : String(actual)
  return new RangeError(`decodeProgram: expected ${expected}, got ${got.length > 80 ? `${got.slice(0, 80)}...` : got} at ${showPath(path)}`)
}
