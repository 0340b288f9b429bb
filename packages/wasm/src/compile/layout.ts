import { dataOf, memoryPlan } from '@diffeo/program'
import { leaves } from '@diffeo/core'
import type { Constant, MemoryPlan, Program, Step, Value } from '@diffeo/program'
import { moved } from './address.ts'
import type { Address } from './address.ts'

/** Numbers that a compiled program reads and that no call changes. */
export interface Constants {
  readonly bytes: number
  readonly parts: ReadonlyArray<{ readonly bytes: number; readonly data: Float32Array | Int32Array }>
}

/** A block of constants in the making. */
export interface ConstantBlock {
  readonly place: (data: Float32Array | Int32Array) => Address
  readonly finish: () => Constants
}

/** As numbers lie in memory: a bool is an int32. */
export const inMemory = (constant: Constant): Float32Array | Int32Array => {
  const data = dataOf(constant)
  return data instanceof Uint8Array ? Int32Array.from(data) : data
}

/** An empty block; each array begins at a multiple of 16 and has room behind it for a vector that is read there. */
export const constantBlock = (): ConstantBlock => {
  const parts: Array<{ readonly bytes: number; readonly data: Float32Array | Int32Array }> = []
  const places = new Map<object, Address>()
  let next = 0
  return {
    place: data => {
      const known = places.get(data)
      if (known !== undefined) return known
      const address: Address = { base: 'constants', bytes: next }
      places.set(data, address)
      parts.push({ bytes: next, data })
      next += Math.ceil(data.length / 4) * 16
      return address
    },
    finish: () => ({ bytes: next, parts }),
  }
}

/** Where the values of a program lie: the pointers of the table are those of the inputs, then of the results. */
export interface Layout {
  readonly plan: MemoryPlan
  readonly addressOf: (value: Value) => Address
  readonly isKept: (value: Value) => boolean
  /** Results that some other value stands for: inputs, constants and those that are given twice. */
  readonly copies: ReadonlyArray<{ readonly from: Value; readonly to: Address }>
}

export const layoutOf = (program: Program, steps: ReadonlyArray<Step>, block: ConstantBlock): Layout => {
  const plan = memoryPlan(program, steps)
  const outside = program.inputs.length + program.constants.length
  const slots = new Map<Value, Address>()
  const copies: Array<{ readonly from: Value; readonly to: Address }> = []
  leaves<Value>(program.outputs).forEach((value, i) => {
    const to: Address = { base: { slot: program.inputs.length + i }, bytes: 0 }
    if (value < outside || slots.has(value)) copies.push({ from: value, to })
    else slots.set(value, to)
  })
  const constants = new Map<Value, Address>()
  const constantOf = (value: Value): Address => {
    const known = constants.get(value)
    if (known !== undefined) return known
    const placed = block.place(inMemory(program.constants[value - program.inputs.length]!))
    constants.set(value, placed)
    return placed
  }
  const addressOf = (value: Value): Address => {
    if (value < program.inputs.length) return { base: { slot: value }, bytes: 0 }
    if (value < outside) return constantOf(value)
    const place = plan.places[value]!
    if (place.kind === 'own') return slots.get(value)!
    if (place.kind === 'alias') return addressOf(place.of)
    if (place.kind === 'arena') return moved({ base: 'arena', bytes: 0 }, place.offset)
    throw new RangeError(`compile: expected a place for value %${value}, got none`)
  }
  return { plan, addressOf, isKept: value => plan.places[value]!.kind !== 'none', copies }
}
