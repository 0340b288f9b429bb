/** The types of WebAssembly values. */
export type ValueType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128'

/** A local variable of the function that it is first met in; made by `local`, or a parameter. */
export interface Local<T extends ValueType = ValueType> {
  readonly type: T
  readonly name: string
}

/** The target of a branch. */
export interface Label {
  readonly name: string
}

/** A function: parameters, and a body that is written when the module is assembled. */
export interface Func {
  readonly name: string
  readonly params: ReadonlyArray<Local>
  readonly result: ValueType | undefined
  readonly body: () => Code
}

/** Instructions, not yet resolved: bytes, and what depends on the place where it stands. */
export type Code =
  | number
  | ReadonlyArray<Code>
  | { readonly _tag: 'local'; readonly opcode: 0x20 | 0x21 | 0x22; readonly local: Local }
  | { readonly _tag: 'block'; readonly opcode: 0x02 | 0x03; readonly label: Label; readonly body: Code }
  | { readonly _tag: 'if'; readonly result: ValueType | undefined; readonly yes: Code; readonly no: Code | undefined }
  | { readonly _tag: 'branch'; readonly opcode: 0x0c | 0x0d; readonly label: Label }
  | { readonly _tag: 'call'; readonly func: Func }
  | { readonly _tag: 'share'; readonly local: Local; readonly code: Code }
  | { readonly _tag: 'vector'; readonly bytes: ReadonlyArray<number> }

/** An expression that leaves one value of type T. */
export interface Expr<T extends ValueType = ValueType> {
  readonly type: T
  readonly code: Code
}

/** A statement: leaves nothing. */
export interface Stmt {
  readonly type: 'void'
  readonly code: Code
}

/** An i32 expression, or a number that stands for the constant. */
export type I32 = Expr<'i32'> | number

/** An expression, or what a local holds. */
export const expr = <T extends ValueType>(type: T, code: Code): Expr<T> => ({ type, code })

/** A statement of code that leaves nothing. */
export const stmt = (code: Code): Stmt => ({ type: 'void', code })

/**
 * The code of an operand.
 *
 * @throws TypeError when its type is not the one that the instruction takes
 */
export const operand = (instruction: string, type: ValueType, x: Expr): Code => {
  if (x.type !== type) throw new TypeError(`${instruction}: expected an operand of type ${type}, got ${x.type}`)
  return x.code
}
