import { leaves } from '@diffeo/core'
import { fuse, isElementwise, sizeOf, typesOf, usesOf } from '@diffeo/program'
import type { Node, Program, Step, Uses, Value } from '@diffeo/program'

/**
 * For each result the donated input whose memory it may take, if any: of the same size, and read in the loop that writes the result,
 * place by place, or no longer read once it is written.
 */
export const handOvers = (program: Program, donated: ReadonlyArray<number>): ReadonlyArray<number | undefined> => {
  if (donated.length === 0) return []
  const steps = fuse(program)
  const types = typesOf(program)
  const uses = usesOf(program)
  const results = leaves<Value>(program.outputs)
  const written = writtenAt(steps)
  const reads = readsOf(program, uses, steps)
  const isReadInPlace = (input: Value, value: Value, at: number): boolean => {
    const all = reads.get(input) ?? []
    return all.at(-1)?.step === at && all.every(({ step, inPlace }) => step < at || inPlace) && isOfLoop(program, uses, steps[at]!, value)
  }
  const isReadBefore = (input: Value, _: Value, at: number): boolean => (reads.get(input)?.at(-1)?.step ?? -1) < at
  const free = new Set(donated.filter(i => !results.includes(i)))
  const taken = new Array<number | undefined>(results.length).fill(undefined)
  for (const mayTake of [isReadInPlace, isReadBefore])
    results.forEach((value, j) => {
      const at = written.get(value)
      if (at === undefined || taken[j] !== undefined || results.indexOf(value) !== j) return
      for (const input of free) {
        if (sizeOf(types[input]!.shape) !== sizeOf(types[value]!.shape) || !mayTake(input, value, at)) continue
        free.delete(input)
        taken[j] = input
        return
      }
    })
  return taken
}

/** The step that writes each value: one that a reshape makes a result of may be written to the result's place. */
const writtenAt = (steps: ReadonlyArray<Step>): ReadonlyMap<Value, number> => {
  const written = new Map<Value, number>()
  steps.forEach((step, i) =>
    step.outputs.forEach(value => written.set(value, (step.kind === 'alias' ? written.get(step.inputs[0]!) : undefined) ?? i)),
  )
  return written
}

/** Whether a step's loop gives a value: that of a product gives what takes more than the product, and what its kernel reads of others. */
const isOfLoop = (program: Program, { first }: Uses, step: Step, value: Value): boolean => {
  if (step.kind !== 'matmul') return true
  const [inputs, outside] = [program.inputs.length, program.inputs.length + program.constants.length]
  const made = new Set<Value>()
  for (const i of step.nodes) {
    const node = program.nodes[i]!
    const takesMore = (input: Value): boolean => made.has(input) || (step.inputs.includes(input) && (input < inputs || input >= outside))
    if (isAfterProduct(node) && node.inputs.some(takesMore)) made.add(first[i]!)
  }
  return made.has(value)
}

/** A product's kernel reads what its values are compared with, and what they are broadcast with, before it stores the last of them. */
const isAfterProduct = (node: Node): boolean => isElementwise(node) && node.op !== 'gt'

interface Read {
  readonly step: number
  /** By a loop that reads each number where it writes one. */
  readonly inPlace: boolean
}

/** The steps that read each value, themselves or through a reshape, in order. */
const readsOf = (program: Program, { first }: Uses, steps: ReadonlyArray<Step>): ReadonlyMap<Value, ReadonlyArray<Read>> => {
  const root = new Map<Value, Value>()
  const reads = new Map<Value, Read[]>()
  steps.forEach((step, i) => {
    for (const value of step.inputs) {
      const source = root.get(value) ?? value
      const users = step.nodes.map(at => program.nodes[at]!).filter(node => node.inputs.includes(value))
      const inPlace = step.kind === 'loop' ? users.every(isElementwise) : step.kind === 'matmul' && users.every(isAfterProduct)
      reads.set(source, [...(reads.get(source) ?? []), { step: i, inPlace }])
    }
    if (step.kind === 'alias') root.set(first[step.nodes[0]!]!, root.get(step.inputs[0]!) ?? step.inputs[0]!)
  })
  return reads
}
