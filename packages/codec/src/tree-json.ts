import * as E from 'fp-ts/lib/Either.js'
import type { Either } from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { unflatten } from '@diffeo/core'
import type { Params, Path, Tree } from '@diffeo/core'
import { fromBase64, toBase64 } from './base64.ts'
import { capped, decodeError, failure, moreErrors, errorLimit } from './decode-error.ts'
import type { DecodeError, DecodeErrors } from './decode-error.ts'
import { decode, toValidation } from './decode.ts'
import type { Json } from './json.ts'
import { plainData } from './plain-data.ts'
import { describe, describeData } from './printable.ts'
import { byteBudget, bytesOf, bytesPerValue, checkValues, decodeShape, describeTensor, sizeOf, tensorFromBytes } from './tensor-data.ts'
import type { TensorData, TensorDType } from './tensor-data.ts'
import { nameFault, toHost, toTensors, treeLimits } from './tree-data.ts'
import type { TreeData } from './tree-data.ts'
import { fitTemplate } from './tree-template.ts'
import type { Template } from './tree-template.ts'

/**
 * The JSON form of a parameter tree. Lists and records stay what they are; a leaf is `{ dtype, shape, data }`, which no record
 * of a tree can be mistaken for, since there `dtype` would be a tree and no text. `data` is the base64 of the values' bytes,
 * little-endian, so that every float32 comes back bit for bit: -0, subnormal numbers, infinities and NaN with its payload, for
 * all of which JSON has no numbers. When reading, a list of numbers (of booleans for bool) will do too, for trees written by hand.
 */
export const treeCodec: t.Type<TreeData, Json, unknown> = new t.Type<TreeData, Json, unknown>(
  'a parameter tree',
  (u): u is TreeData => typeof u === 'object' && u !== null && 'structure' in u && 'leaves' in u,
  (u, context) =>
    pipe(
      plainData(u),
      E.chain(readTree),
      E.mapLeft(errors => toValidation(errors, context)),
    ),
  ({ structure, leaves }) => writeTree(unflatten(structure, [...leaves.keys()]), leaves),
)

/**
 * A parameter tree as JSON, for `JSON.stringify` or a message to another process; `treeCodec` says how it looks.
 *
 * @throws TypeError naming the path of what is no live tensor
 */
export const encodeTree = (params: Params): Json => treeCodec.encode(toHost(params))

/** Reads what `encodeTree` wrote. Tensors are made only when all of it is right; the caller disposes of them. */
export const decodeTree = (u: unknown): Either<DecodeErrors, Params> => pipe(decode(treeCodec, u), E.map(toTensors))

/**
 * Reads a tree that must have the structure, dtypes and shapes of `template`, such as the parameters that a flow begins with. The
 * records of the result have their keys in the template's order.
 */
export const decodeTreeLike =
  (template: Template) =>
  (u: unknown): Either<DecodeErrors, Params> =>
    pipe(decode(treeCodec, u), E.chain(fitTemplate(template)), E.map(toTensors))

const writeTree = (tree: Tree<number>, leaves: ReadonlyArray<TensorData>): Json => {
  if (typeof tree === 'number') return writeTensor(leaves[tree]!)
  if (Array.isArray(tree)) return tree.map((child: Tree<number>) => writeTree(child, leaves))
  return Object.fromEntries(Object.entries(tree).map(([name, child]) => [name, writeTree(child, leaves)]))
}

const writeTensor = (tensor: TensorData): Json => ({ dtype: tensor.dtype, shape: tensor.shape, data: toBase64(bytesOf(tensor)) })

type Reading = { readonly leaves: TensorData[]; readonly errors: DecodeError[]; nodes: number; bytes: number }

const readTree = (json: Json): Either<DecodeErrors, TreeData> => {
  const reading: Reading = { leaves: [], errors: [], nodes: 0, bytes: 0 }
  const structure = readNode(json, [], reading)
  return reading.errors.length > 0 ? E.left(capped(reading.errors)) : E.right({ structure, leaves: reading.leaves })
}

const readNode = (json: Json, path: Path, reading: Reading): Tree<null> => {
  if (++reading.nodes > treeLimits.nodes) return refuse(reading, [decodeError(path, `at most ${treeLimits.nodes} nodes`, 'more')])
  if (Array.isArray(json)) return json.map((child: Json, i) => readNode(child, [...path, i], reading))
  if (!isRecord(json)) return refuse(reading, [decodeError(path, 'a tensor, a list or a record', describeData(json))])
  if (typeof json['dtype'] === 'string') return readLeaf(json, path, reading)
  return Object.fromEntries(
    Object.entries(json).map(([name, child]) => {
      const expected = nameFault(name)
      if (expected !== undefined) refuse(reading, [decodeError([...path, name], expected, describe(name))])
      return [name, readNode(child, [...path, name], reading)]
    }),
  )
}

const readLeaf = (json: JsonRecord, path: Path, reading: Reading): null => {
  const tensor = readTensor(json, path)
  if (E.isLeft(tensor)) return refuse(reading, tensor.left)
  reading.bytes += tensor.right.data.byteLength
  if (reading.bytes > byteBudget) return refuse(reading, [decodeError(path, `at most ${byteBudget} bytes in all`, 'more')])
  reading.leaves.push(tensor.right)
  return null
}

const refuse = (reading: Reading, errors: DecodeErrors): null => {
  errors.forEach(error => reading.errors.push(error))
  return null
}

const readTensor = (json: JsonRecord, path: Path): Either<DecodeErrors, TensorData> => {
  const { dtype, shape, data, ...others } = json
  const unknown = Object.keys(others)[0]
  if (unknown !== undefined) return failure([...path, unknown], 'no field beside dtype, shape and data', describeData(others[unknown]))
  if (dtype !== 'f32' && dtype !== 'i32' && dtype !== 'bool')
    return failure([...path, 'dtype'], "'f32', 'i32' or 'bool'", describeData(dtype))
  return pipe(
    decodeShape(shape, dtype, [...path, 'shape']),
    E.chain(sizes =>
      typeof data === 'string'
        ? readBase64(data, dtype, sizes, path)
        : Array.isArray(data)
          ? readValues(data, dtype, sizes, path)
          : noData(data, path),
    ),
  )
}

const noData = (data: Json | undefined, path: Path): Either<DecodeErrors, never> =>
  failure([...path, 'data'], 'base64 or a list of values', describeData(data))

const readBase64 = (text: string, dtype: TensorDType, shape: ReadonlyArray<number>, path: Path): Either<DecodeErrors, TensorData> => {
  const bytes = fromBase64(text)
  if (bytes === undefined) return failure([...path, 'data'], 'base64 with padding', describe(text))
  const expected = sizeOf(shape) * bytesPerValue[dtype]
  if (bytes.length !== expected)
    return failure([...path, 'data'], `${expected} bytes for ${describeTensor({ dtype, shape })}`, `${bytes.length} bytes`)
  return checkValues(tensorFromBytes(dtype, shape, bytes), [...path, 'data'], 'allow')
}

const readValues = (
  values: ReadonlyArray<Json>,
  dtype: TensorDType,
  shape: ReadonlyArray<number>,
  path: Path,
): Either<DecodeErrors, TensorData> => {
  if (values.length !== sizeOf(shape))
    return failure([...path, 'data'], `${sizeOf(shape)} values for ${describeTensor({ dtype, shape })}`, String(values.length))
  const faults = values.flatMap((value, i) => {
    const expected = valueFault[dtype](value)
    return expected === undefined ? [] : [{ i, expected, value }]
  })
  if (faults.length > 0) {
    const shown = faults
      .slice(0, errorLimit)
      .map(({ i, expected, value }) => decodeError([...path, 'data', i], expected, describeData(value)))
    return E.left(faults.length > errorLimit ? [...shown, moreErrors(faults.length - errorLimit)] : shown)
  }
  const numbers = values.map(Number)
  switch (dtype) {
    case 'f32':
      return E.right({ dtype, shape, data: Float32Array.from(numbers) })
    case 'i32':
      return E.right({ dtype, shape, data: Int32Array.from(numbers) })
    case 'bool':
      return E.right({ dtype, shape, data: Uint8Array.from(numbers) })
    default:
      return dtype satisfies never
  }
}

/** What was expected in the place of a value that will not do. */
const valueFault: { readonly [D in TensorDType]: (value: Json) => string | undefined } = {
  f32: value => {
    if (typeof value !== 'number') return 'a number'
    const rounded = Math.fround(value)
    if (!Number.isFinite(rounded)) return 'a number in the range of float32'
    return rounded === 0 && value !== 0 ? 'a number that float32 does not round to 0' : undefined
  },
  i32: value => ((Number.isInteger(value) && (value as number) | 0) === value ? undefined : 'an integer in the range of int32'),
  bool: value => (typeof value === 'boolean' ? undefined : 'true or false'),
}

type JsonRecord = { readonly [key: string]: Json }

const isRecord = (json: Json): json is JsonRecord => typeof json === 'object' && json !== null && !Array.isArray(json)
