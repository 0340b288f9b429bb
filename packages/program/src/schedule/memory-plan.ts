import type { Program, Type, Value } from '../program.ts'
import { isElementwise } from '../primitives.ts'
import { sizeOf } from '../shape.ts'
import { typesOf } from '../values.ts'
import { fuse } from './fuse.ts'
import type { Step } from './fuse.ts'
import { usesOf } from './uses.ts'

/**
 * Where a value lies while a program runs: in the arena, or in the place of another value (a reshape, or what a reshape makes a result of);
 * inputs, constants and results have memory of their own, and what only one step sees has none.
 */
export type Place =
  | { readonly kind: 'arena'; readonly offset: number; readonly bytes: number }
  | { readonly kind: 'alias'; readonly of: Value }
  | { readonly kind: 'own' }
  | { readonly kind: 'none' }

/** The places of all values, and how large the arena is. `peak` is the most bytes that live at once: no plan can do with fewer. */
export interface MemoryPlan {
  readonly bytes: number
  readonly peak: number
  readonly places: ReadonlyArray<Place>
}

/** Loads and stores of four floats want this. */
const alignment = 16

interface Block {
  readonly values: ReadonlyArray<Value>
  readonly bytes: number
  readonly from: number
  readonly to: number
}

/**
 * One arena for all values between the steps of a program. Values that do not live at the same time share memory, and a value of a
 * loop takes the place of one of the same size that the loop reads last, place by place.
 */
export const memoryPlan = (program: Program, steps: ReadonlyArray<Step> = fuse(program)): MemoryPlan => {
  const types = typesOf(program)
  const places = types.map((): Place => ({ kind: 'none' }))
  const outside = program.inputs.length + program.constants.length
  for (let value = 0; value < outside; value++) places[value] = { kind: 'own' }
  usesOf(program).results.forEach(value => (places[value] = { kind: 'own' }))
  const made = new Set(steps.flatMap(step => (step.kind === 'alias' ? [] : step.outputs)))
  steps.forEach(step => {
    if (step.kind !== 'alias') return
    const [from, to] = [step.inputs[0]!, step.outputs[0]!]
    if (places[to]!.kind === 'none') places[to] = { kind: 'alias', of: from }
    else if (made.has(from) && places[from]!.kind === 'none') places[from] = { kind: 'alias', of: to }
  })
  const rootOf = (value: Value): Value => {
    const place = places[value]!
    return place.kind === 'alias' ? rootOf(place.of) : value
  }
  const lives = new Map<Value, { readonly from: number; to: number }>()
  steps.forEach((step, i) => {
    step.inputs.forEach(value => {
      const life = lives.get(rootOf(value))
      if (life !== undefined) life.to = i
    })
    step.outputs.forEach(value => places[value]!.kind === 'none' && lives.set(value, { from: i, to: i }))
  })
  const blocks = merged(steps, program, types, lives, rootOf)
  const offsets = placed(blocks)
  blocks.forEach((block, i) => block.values.forEach(value => (places[value] = { kind: 'arena', offset: offsets[i]!, bytes: block.bytes })))
  return { bytes: Math.max(0, ...blocks.map(({ bytes }, i) => offsets[i]! + bytes)), peak: peakOf(blocks, steps.length), places }
}

const bytesOf = ({ shape }: Type): number => Math.ceil((4 * sizeOf(shape)) / alignment) * alignment

/** Blocks of memory with their lives; a value that takes the place of another shares its block. */
const merged = (
  steps: ReadonlyArray<Step>,
  program: Program,
  types: ReadonlyArray<Type>,
  lives: ReadonlyMap<Value, { readonly from: number; readonly to: number }>,
  rootOf: (value: Value) => Value,
): ReadonlyArray<Block> => {
  const blockOf = new Map<Value, Block>()
  for (const [value, { from, to }] of lives) {
    const step = steps[from]!
    const fits = (root: Value): boolean =>
      types[root]!.dtype === types[value]!.dtype && sizeOf(types[root]!.shape) === sizeOf(types[value]!.shape)
    const dying = inPlace(step, value, program)
      ? step.inputs.map(rootOf).find(root => blockOf.get(root)?.to === from && fits(root) && readInPlace(step, root, program, rootOf))
      : undefined
    const host = dying === undefined ? undefined : blockOf.get(dying)
    const block: Block =
      host === undefined
        ? { values: [value], bytes: bytesOf(types[value]!), from, to }
        : { values: [...host.values, value], bytes: host.bytes, from: host.from, to: Math.max(to, from) }
    block.values.forEach(member => blockOf.set(member, block))
  }
  return [...new Set(blockOf.values())]
}

/** Whether a step writes a value in the order of its loop. */
const inPlace = (step: Step, value: Value, program: Program): boolean =>
  step.kind === 'loop' && step.nodes.some(i => isElementwise(program.nodes[i]!) && firstOf(program, i) === value)

/** Whether all nodes of a step that read a value read it in the order of the loop. */
const readInPlace = (step: Step, root: Value, program: Program, rootOf: (value: Value) => Value): boolean =>
  step.nodes.every(i => {
    const node = program.nodes[i]!
    return !node.inputs.some(value => rootOf(value) === root) || isElementwise(node) || node.op === 'reduce'
  })

const firstOf = (program: Program, i: number): Value => usesOf(program).first[i]!

/** Offsets, the largest block first, each as low as those that live at the same time let it be. */
const placed = (blocks: ReadonlyArray<Block>): ReadonlyArray<number> => {
  const offsets = new Array<number>(blocks.length).fill(0)
  const order = blocks.map((_, i) => i).sort((p, q) => blocks[q]!.bytes - blocks[p]!.bytes || blocks[p]!.from - blocks[q]!.from)
  const done: number[] = []
  for (const i of order) {
    const block = blocks[i]!
    const busy = done.filter(j => blocks[j]!.from <= block.to && block.from <= blocks[j]!.to).sort((p, q) => offsets[p]! - offsets[q]!)
    let offset = 0
    for (const j of busy) {
      if (offset + block.bytes <= offsets[j]!) break
      offset = Math.max(offset, offsets[j]! + blocks[j]!.bytes)
    }
    offsets[i] = offset
    done.push(i)
  }
  return offsets
}

const peakOf = (blocks: ReadonlyArray<Block>, steps: number): number => {
  const live = new Array<number>(steps).fill(0)
  for (const { bytes, from, to } of blocks) for (let i = from; i <= to; i++) live[i]! += bytes
  return Math.max(0, ...live)
}
