import { entries, showPath } from '@diffeo/core'
import { programsIn } from './bodies.ts'
import type { Constant, Node, Program, Value } from './program.ts'
import { showType } from './shape.ts'

/**
 * A program as text, one line for each input, constant, node and output:
 *
 *   input   %0 f32[512,2]  arg0
 *   const   %1 f32[] = 0.5
 *           %2 f32[512,2] = mul %0 %1
 *   output  %2
 *
 * A constant of many numbers shows the first three; the programs inside of a loop stand below it, each line after a `|`.
 */
export const print = (program: Program): string => {
  const lines: string[] = []
  let next = 0
  for (const input of program.inputs) lines.push(`input   %${next++} ${showType(input)}  ${input.name}`)
  for (const constant of program.constants) lines.push(`const   %${next++} ${showType(constant)} = ${showConstant(constant)}`)
  for (const node of program.nodes) {
    const results = node.outputs.map(type => `%${next++} ${showType(type)}`).join(', ')
    lines.push(`        ${results} = ${[showPrimitive(node), ...node.inputs.map(value => `%${value}`)].join(' ')}`)
    if (node.op !== 'custom')
      programsIn(node).forEach(body =>
        lines.push(
          ...print(body)
            .split('\n')
            .map(line => `        | ${line}`),
        ),
      )
  }
  for (const [path, value] of entries<Value>(program.outputs))
    lines.push(`output  ${path.length === 0 ? '' : `${showPath(path)}: `}%${value}`)
  return lines.join('\n')
}

/** The name of a node's primitive with its attributes: `reduce{kind=sum axes=[1]}`. */
export const showPrimitive = ({ op, inputs: _inputs, outputs: _outputs, ...attributes }: Node): string => {
  const shown = Object.entries(attributes).map(([name, value]) => `${name}=${showAttribute(value)}`)
  return shown.length === 0 ? op : `${op}{${shown.join(' ')}}`
}

const showAttribute = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.join(',')}]`
  return typeof value === 'object' && value !== null ? `(${(value as Program).nodes.length} nodes)` : String(value)
}

const showConstant = (constant: Constant): string => {
  if ('fill' in constant) return showNumber(constant.fill)
  const { data } = constant
  return `[${[...data.subarray(0, 3)].map(showNumber).join(', ')}${data.length > 3 ? ', ...' : ''}]`
}

const showNumber = (x: number): string => (Object.is(x, -0) ? '-0' : String(Number(x.toPrecision(6))))

/** A program as a graph in the DOT language of Graphviz: inputs as boxes, constants as notes, outputs as double circles. */
export const toDot = (program: Program): string => {
  const lines = ['digraph program {', '  node [fontname="monospace"]']
  let next = 0
  for (const input of program.inputs) lines.push(`  v${next++} [shape=box label=${quoted(`${input.name}\n${showType(input)}`)}]`)
  for (const constant of program.constants)
    lines.push(`  v${next++} [shape=note label=${quoted(`${showConstant(constant)}\n${showType(constant)}`)}]`)
  for (const node of program.nodes) {
    const name = `v${next}`
    lines.push(`  ${name} [label=${quoted(`${showPrimitive(node)}\n${node.outputs.map(showType).join(', ')}`)}]`)
    for (const value of node.inputs) lines.push(`  v${value} -> ${name}`)
    // the further results of a node are drawn as points that hang on it
    node.outputs.slice(1).forEach((_, i) => lines.push(`  v${next + i + 1} [shape=point]`, `  ${name} -> v${next + i + 1}`))
    next += node.outputs.length
  }
  entries<Value>(program.outputs).forEach(([path, value], i) =>
    lines.push(`  out${i} [shape=doublecircle label=${quoted(path.length === 0 ? 'output' : showPath(path))}]`, `  v${value} -> out${i}`),
  )
  return [...lines, '}'].join('\n')
}

const quoted = (text: string): string => JSON.stringify(text)
