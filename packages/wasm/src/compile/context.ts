import { typesOf, usesOf } from '@diffeo/program'
import type { Constant, Program, Type, Uses, Value } from '@diffeo/program'
import type { Arithmetic } from '../math/arithmetic.ts'
import type { Address } from './address.ts'
import type { Translated } from './call.ts'

/** What the translation of a step knows: the program, where its values lie, and free memory. */
export interface Context {
  readonly ar: Arithmetic
  readonly program: Program
  readonly types: ReadonlyArray<Type>
  readonly uses: Uses
  readonly addressOf: (value: Value) => Address
  /** Whether a value is used or given outside of the step that makes it. */
  readonly isKept: (value: Value) => boolean
  /** The start of memory that holds nothing between two kernels. */
  readonly scratch: Address
  /** Translates a program that runs inside this one. */
  readonly translate: (program: Program) => Translated
  /** Places numbers beside the constants. */
  readonly place: (data: Float32Array | Int32Array) => Address
}

/** What a program itself says of its values. */
export const read = (program: Program): Pick<Context, 'program' | 'types' | 'uses'> => ({
  program,
  types: typesOf(program),
  uses: usesOf(program),
})

/** The constant that a value is, if it is one. */
export const constantAt = ({ inputs, constants }: Program, value: Value): Constant | undefined =>
  value >= inputs.length ? constants[value - inputs.length] : undefined
