import { leaves } from '@diffeo/core'
import type { Tree } from '@diffeo/core'
import { evaluate, inlineCustom, sizeOf, typesOf } from '@diffeo/program'
import type { Node, Numbers, Program, Value } from '@diffeo/program'
import { nextDown, nextUp } from '../laws/oracle/float32.ts'

/** The outputs of a traced function in float64, for given numbers of its inputs. */
export type Outputs = ReadonlyArray<ArrayLike<number>>

/** A traced function of coefficients and, as its last input, of x: in float64. */
export interface Oracle {
  /** Its outputs at x. */
  readonly exact: (given: ReadonlyArray<ArrayLike<number>>, x: ArrayLike<number>) => Outputs
  /** The same where all that does not depend on x is rounded to float32, to either side at random: as float32 may have it. */
  readonly rounded: (given: ReadonlyArray<ArrayLike<number>>, x: ArrayLike<number>, random: () => number) => Outputs
}

const outputsOf = (tree: Tree<Numbers>): Outputs => leaves<Numbers>(tree)

const alone = (node: Node, types: Program['inputs']): Program => ({
  version: 1,
  inputs: types,
  constants: [],
  nodes: [{ ...node, inputs: node.inputs.map((_, i) => i) }],
  outputs: node.outputs.map((_, i) => types.length + i),
})

/** A float32 number to it, another to one of its two neighbours. */
const roundedTo32 =
  (random: () => number) =>
  (v: number): number => {
    const near = Math.fround(v)
    if (near === v || !Number.isFinite(near)) return v
    if (random() < 0.5) return near
    return near > v ? nextDown(near) : nextUp(near)
  }

/** The part of a program that depends on its last input, as a program of all else that it uses. */
interface Split {
  readonly dependent: ReadonlyArray<boolean>
  readonly used: ReadonlyArray<Value>
  readonly rest: Program
}

const splitOf = (program: Program): Split => {
  const types = typesOf(program)
  const x = program.inputs.length - 1
  const dependent = types.map((_, value) => value === x)
  let value = program.inputs.length + program.constants.length
  const starts = program.nodes.map(node => {
    const start = value
    const depends = node.inputs.some(input => dependent[input])
    node.outputs.forEach(() => (dependent[value++] = depends))
    return start
  })
  const later = program.nodes.filter((_, i) => dependent[starts[i]!])
  const outputs = leaves<Value>(program.outputs)
  const used = [...new Set([...later.flatMap(node => node.inputs), ...outputs])].filter(v => !dependent[v])
  const places = new Map([...used, x].map((v, i) => [v, i]))
  program.nodes.forEach((node, i) => {
    if (dependent[starts[i]!]) node.outputs.forEach((_, k) => places.set(starts[i]! + k, places.size))
  })
  const place = (v: Value): Value => places.get(v)!
  return {
    dependent,
    used,
    rest: {
      version: 1,
      inputs: [...used, x].map(v => ({ ...types[v]!, name: `v${v}` })),
      constants: [],
      nodes: later.map(node => ({ ...node, inputs: node.inputs.map(place) })),
      outputs: outputs.map(place),
    },
  }
}

/** @param traced whose last input is x */
export const oracleOf = (traced: Program): Oracle => {
  const program = inlineCustom(traced, () => false)
  const { dependent, used, rest } = splitOf(program)
  const types = typesOf(program)
  const constants: Program = { ...program, inputs: [], nodes: [], outputs: program.constants.map((_, i) => i) }
  return {
    exact: (given, x) => outputsOf(evaluate(program, [...given, x], { precision: 'float64' })),
    rounded: (given, x, random) => {
      const values: ArrayLike<number>[] = [...given, x, ...outputsOf(evaluate(constants, [], { precision: 'float64' }))]
      const round = roundedTo32(random)
      program.nodes.forEach(node => {
        if (dependent[values.length]) {
          values.push(...node.outputs.map(() => []))
          return
        }
        const inputs = node.inputs.map(v => ({ ...types[v]!, name: `v${v}` }))
        const results = outputsOf(
          evaluate(
            alone(node, inputs),
            node.inputs.map(v => values[v]!),
            { precision: 'float64' },
          ),
        )
        values.push(...results.map((result, k) => (node.outputs[k]!.dtype === 'float32' ? Float64Array.from(result, round) : result)))
      })
      return outputsOf(evaluate(rest, [...used.map(v => values[v]!), x], { precision: 'float64' }))
    },
  }
}

/** How many numbers the inputs before the last one hold. */
export const sizesOf = (program: Program): ReadonlyArray<number> => program.inputs.map(({ shape }) => sizeOf(shape))
