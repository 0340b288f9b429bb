import { builder, dataOf, evaluate, isBinary, isUnary, sizeOf, typesOf } from '@diffeo/program'
import type { Node, Program, Type } from '@diffeo/program'
import { leaves } from '@diffeo/core'
import { readFileSync } from 'node:fs'
import { primitiveOf } from '../../../packages/program/src/passes/rewrite.ts'
import { showPrimitive } from '../../../packages/program/src/print.ts'

export type Values = ReadonlyArray<ArrayLike<number>>

const largest = 3.4028234663852886e38
const eps = 2 ** -24

/** The stated bounds, in units of the last place; they were measured on every 97th number. */
const ulps: ReadonlyMap<string, number> = new Map([
  ...[
    ...readFileSync(new URL('../../../packages/wasm/ERRORS.md', import.meta.url), 'utf8').matchAll(
      /^\| (\w+) *\| ([\d.]+) *\| \S+ *\| ([\d.]+)/gm,
    ),
  ].map(([, name, plain, relaxed]) => [name!, 1.05 * Math.max(Number(plain), Number(relaxed), 0.5)] as const),
  ['atan2', 3],
  ['pow', 0.51],
])

const ulpOf = (x: number): number => {
  const a = Math.abs(x)
  return a < 2 ** -126 ? 2 ** -149 : 2 ** (Math.floor(Math.log2(a)) - 23)
}

/** One node as a program. */
const alone = (node: Node, types: ReadonlyArray<Type>): Program => {
  const b = builder()
  const inputs = types.map((type, i) => b.input({ ...type, name: `x${i}` }))
  return b.finish([...b.nodes(primitiveOf(node), inputs, node.outputs)])
}

/** What a node gives for these arguments, not rounded. */
const exact = (program: Program, inputs: Values): ArrayLike<number> =>
  leaves<ArrayLike<number>>(evaluate(program, inputs, { precision: 'float64' }) as ReadonlyArray<ArrayLike<number>>)[0]!

const isFoldOf = (node: Node): boolean =>
  node.op === 'matmul' ||
  node.op === 'scatterAdd' ||
  ((node.op === 'reduce' || node.op === 'cumulative') && (node.kind === 'sum' || node.kind === 'prod'))

/** How far a result may lie from the exact one, beside the units of its last place: sums round as they go. */
const foldBounds = (
  node: Node,
  program: Program,
  types: ReadonlyArray<Type>,
  inputs: Values,
): { scale: ArrayLike<number>; terms: number } => {
  const isIndex = (i: number): boolean => node.op === 'scatterAdd' && i === 1
  const neutral = 'kind' in node && node.kind === 'prod' ? 1 : 0
  const sizesOf = inputs.map((x, i) => (isIndex(i) ? x : Array.from(x, v => (Number.isFinite(v) ? Math.abs(v) : neutral))))
  const shape = types[0]!.shape
  const terms =
    node.op === 'matmul'
      ? shape.at(node.transposeA ? -2 : -1)!
      : node.op === 'reduce'
        ? sizeOf(node.axes.map(axis => shape[axis]!))
        : shape[(node as { readonly axis: number }).axis]!
  return { scale: exact(program, sizesOf), terms }
}

/** Whether products of some of the numbers leave the range of float32, whatever the whole comes to. */
const mayOverflow = (inputs: Values): boolean => {
  let [up, down] = [0, 0]
  for (const x of Array.from(inputs[0]!)) {
    const l = x === 0 || !Number.isFinite(x) ? 0 : Math.log2(Math.abs(x))
    if (l > 0) up += l
    else down += l
  }
  return up > 125 || down < -120
}

/** The places where `actual` is not what the node makes of its arguments, in words. */
export const misses = (node: Node, types: ReadonlyArray<Type>, inputs: Values, actual: ArrayLike<number>): ReadonlyArray<string> => {
  const program = alone(node, types)
  const expected = exact(program, inputs)
  const found: string[] = []
  const miss = (i: number, e: number, allowed: number): void => {
    if (found.length < 3)
      found.push(
        `${showPrimitive(node)}(${types.map(({ dtype, shape }) => `${dtype}[${shape.join()}]`).join()}) at ${i}: expected ${e}, got ${actual[i]}, allowed ${allowed}` +
          (isUnary(node) || isBinary(node) || node.op === 'cast' ? `, arguments ${inputs.map(x => x[i]).join(', ')}` : ''),
      )
  }
  if (actual.length !== expected.length) return [`${node.op}: expected ${expected.length} numbers, got ${actual.length}`]
  const isFloat = node.outputs[0]!.dtype === 'float32'
  const fold = isFloat && isFoldOf(node) ? foldBounds(node, program, types, inputs) : undefined
  const wild = fold !== undefined && 'kind' in node && node.kind === 'prod' && mayOverflow(inputs)
  const bound = isUnary(node) || isBinary(node) ? (ulps.get(node.op) ?? 0.5) : 0.5
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i]!, expected[i]!]
    if (!isFloat) {
      if (a === e) continue
      if (node.op === 'cast' && !(Math.abs(inputs[0]![i]!) < 2 ** 31)) continue // beyond int32 engines differ
      miss(i, e, 0)
      continue
    }
    if (a === e || (Number.isNaN(a) && Number.isNaN(e))) continue
    if (wild || (fold !== undefined && fold.scale[i]! > largest)) continue
    const rounded = (bound + 0.01) * ulpOf(e) + (fold === undefined ? 0 : (fold.terms + 1) * (eps * fold.scale[i]! + 2 ** -149))
    if (Math.abs(e) + rounded >= largest && Math.abs(a) >= largest && Math.sign(a) === Math.sign(e)) continue
    if (node.op === 'floorDiv' && a === Math.floor(Math.fround(inputs[0]![i]! / inputs[1]![i]!))) continue
    if (node.op === 'mod' && a === 0 && inputs[0]![i]! % inputs[1]![i]! === 0) continue
    if (Math.abs(a - e) <= rounded) continue
    miss(i, e, rounded)
  }
  return found
}

/** A node with the types of its arguments, their numbers, and what it gave. */
export interface Applied {
  readonly node: Node
  readonly types: ReadonlyArray<Type>
  readonly inputs: Values
  readonly results: Values
}

/** The nodes of a program on what they were given, in order. */
export const appliedIn = (program: Program, values: Values): ReadonlyArray<Applied> => {
  const types = typesOf(program)
  let next = program.inputs.length + program.constants.length
  return program.nodes.map(node => {
    const results = node.outputs.map(() => values[next++]!)
    return { node, types: node.inputs.map(v => types[v]!), inputs: node.inputs.map(v => values[v]!), results }
  })
}

const noise = (i: number, run: number): number => {
  const x = Math.sin(12.9898 * (i + 1) + 78.233 * run) * 43758.5453
  return 2 * (x - Math.floor(x)) - 1
}

/**
 * All values of a program in float32, with every result of a node moved about by as much as an implementation may be off: what
 * several runs agree on is well conditioned.
 */
export const shaken = (program: Program, inputs: Values, run: number): Values => {
  const types = typesOf(program)
  const values: ArrayLike<number>[] = [...inputs, ...program.constants.map(dataOf)]
  for (const node of program.nodes) {
    const from = node.inputs.map(v => values[v]!)
    const fromTypes = node.inputs.map(v => types[v]!)
    values.push(...shakenNode(node, fromTypes, from, run))
  }
  return values
}

/** What a node gives, moved about. */
export const shakenNode = (node: Node, types: ReadonlyArray<Type>, inputs: Values, run: number): Values => {
  if (node.op === 'scan') return shakenScan(node, types, inputs, run)
  if (node.op === 'while') return shakenWhile(node, inputs, run)
  const single = alone(node, types)
  const e = exact(single, inputs)
  // beyond int32 engines differ
  if (node.op === 'cast' && node.dtype === 'int32')
    return [Int32Array.from(e, (x, i) => (Math.abs(inputs[0]![i]!) < 2 ** 31 || Number.isNaN(inputs[0]![i]!) ? x : 1000 * (run - 2)))]
  // floor of the quotient, or of what float32 makes of it
  if (node.op === 'floorDiv' && node.outputs[0]!.dtype === 'float32' && run % 2 === 1)
    return [Float32Array.from(e, (_, i) => Math.floor(Math.fround(inputs[0]![i]! / inputs[1]![i]!)))]
  if (node.outputs[0]!.dtype !== 'float32' || moves(node)) return [e]
  const fold = isFoldOf(node) ? foldBounds(node, single, types, inputs) : undefined
  return [
    Float32Array.from(e, (x, i) => {
      // a sum whose parts may overflow is any number: each run takes another one
      if (fold !== undefined && fold.scale[i]! > largest / 2) return [x, NaN, Infinity, -Infinity, 0][run % 5]!
      if (!Number.isFinite(x) || (x === 0 && fold === undefined)) return x
      const limit = bounded.includes(node.op) ? 1 : Infinity
      const moved = x + noise(i, run) * (3 * ulpOf(x) + (fold === undefined ? 0 : (fold.terms + 1) * eps * fold.scale[i]!))
      return Math.min(limit, Math.max(-limit, moved))
    }),
  ]
}

/** Functions whose values do not leave [-1, 1], rounded or not. */
const bounded: ReadonlyArray<Node['op']> = ['tanh', 'erf', 'sin', 'cos', 'sigmoid']

const outputsOf = (program: Program, inputs: Values, run: number): Values => {
  const values = shaken(program, inputs, run)
  return leaves<number>(program.outputs).map(value => values[value]!)
}

const shakenScan = (
  { body, carries, xs, length, reverse, outputs }: Extract<Node, { readonly op: 'scan' }>,
  types: ReadonlyArray<Type>,
  inputs: Values,
  run: number,
): Values => {
  const captured = inputs.slice(carries + xs)
  const kept = outputs.slice(carries).map(({ shape }) => new Array<number>(sizeOf(shape)))
  let carry: Values = inputs.slice(0, carries)
  for (let n = 0; n < length; n++) {
    const at = reverse ? length - 1 - n : n
    const rows = inputs.slice(carries, carries + xs).map((x, i) => {
      const size = sizeOf(types[carries + i]!.shape.slice(1))
      return Array.from(x).slice(at * size, (at + 1) * size)
    })
    const results = outputsOf(body, [...carry, ...rows, ...captured], run)
    carry = results.slice(0, carries)
    results.slice(carries).forEach((row, i) => Array.from(row).forEach((v, k) => (kept[i]![at * row.length + k] = v)))
  }
  return [...carry, ...kept]
}

const shakenWhile = ({ cond, body, carries }: Extract<Node, { readonly op: 'while' }>, inputs: Values, run: number): Values => {
  const constants = inputs.slice(carries)
  let carry: Values = inputs.slice(0, carries)
  while (outputsOf(cond, [...carry, ...constants], run)[0]![0] !== 0) carry = outputsOf(body, [...carry, ...constants], run)
  return carry
}

const moves = ({ op }: Node): boolean =>
  [
    'select',
    'floorDiv',
    'broadcast',
    'reshape',
    'transpose',
    'slice',
    'reverse',
    'pad',
    'concat',
    'gather',
    'neg',
    'abs',
    'sign',
    'floor',
    'ceil',
    'round',
    'max',
    'min',
    'cast',
  ].includes(op)
