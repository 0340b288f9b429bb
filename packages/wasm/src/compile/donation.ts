import { leaves } from '@diffeo/core'
import { fuse, isElementwise, sizeOf, typesOf, usesOf } from '@diffeo/program'
import type { Program, Step, Value } from '@diffeo/program'

/**
 * For each result the donated input whose memory it may take, if any: of the same size, and no longer read once the result is
 * written, or read in the loop that writes it, place by place.
 */
export const handOvers = (program: Program, donated: ReadonlyArray<number>): ReadonlyArray<number | undefined> => {
  if (donated.length === 0) return []
  const steps = fuse(program)
  const types = typesOf(program)
  const results = leaves<Value>(program.outputs)
  const written = writtenAt(steps)
  const reads = readsOf(program, steps)
  const isReadBefore = (input: Value, at: number): boolean => {
    const all = reads.get(input) ?? []
    const last = all.at(-1)
    return last === undefined || last.step < at || (last.step === at && all.every(({ step, inPlace }) => step < at || inPlace))
  }
  const free = new Set(donated.filter(i => !results.includes(i)))
  return results.map((value, j) => {
    const at = written.get(value)
    if (at === undefined || results.indexOf(value) !== j) return undefined
    for (const input of free) {
      if (sizeOf(types[input]!.shape) !== sizeOf(types[value]!.shape) || !isReadBefore(input, at)) continue
      free.delete(input)
      return input
    }
    return undefined
  })
}

const writtenAt = (steps: ReadonlyArray<Step>): ReadonlyMap<Value, number> =>
  new Map(steps.flatMap((step, i) => step.outputs.map(value => [value, i] as const)))

interface Read {
  readonly step: number
  /** By a loop that reads each number where it writes one. */
  readonly inPlace: boolean
}

/** The steps that read each value, themselves or through a reshape, in order. */
const readsOf = (program: Program, steps: ReadonlyArray<Step>): ReadonlyMap<Value, ReadonlyArray<Read>> => {
  const { first } = usesOf(program)
  const root = new Map<Value, Value>()
  const reads = new Map<Value, Read[]>()
  steps.forEach((step, i) => {
    for (const value of step.inputs) {
      const source = root.get(value) ?? value
      const users = step.nodes.map(at => program.nodes[at]!).filter(node => node.inputs.includes(value))
      const inPlace = step.kind === 'loop' && users.every(isElementwise)
      reads.set(source, [...(reads.get(source) ?? []), { step: i, inPlace }])
    }
    if (step.kind === 'alias') root.set(first[step.nodes[0]!]!, root.get(step.inputs[0]!) ?? step.inputs[0]!)
  })
  return reads
}
