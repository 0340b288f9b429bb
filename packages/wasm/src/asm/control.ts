import { expr, operand, stmt } from './code.ts'
import type { Expr, Func, I32, Label, Local, Stmt, ValueType } from './code.ts'
import { i32 } from './scalar.ts'

type Params = ReadonlyArray<readonly [name: string, type: ValueType]>
type LocalsOf<P extends Params> = { readonly [I in keyof P]: P[I] extends readonly [string, infer T extends ValueType] ? Local<T> : never }

/** A new local variable. It is zero until it is set. */
export const local = <T extends ValueType>(type: T, name = ''): Local<T> => ({ type, name })

/** The value of a local. */
export const get = <T extends ValueType>(variable: Local<T>): Expr<T> =>
  expr(variable.type, { _tag: 'local', opcode: 0x20, local: variable })

/** Sets a local; a number stands for an i32 constant. */
export const set = <T extends ValueType>(variable: Local<T>, value: T extends 'i32' ? I32 : Expr<T>): Stmt =>
  stmt([
    operand(`local.set ${variable.name}`, variable.type, typeof value === 'number' ? i32.const(value) : value),
    { _tag: 'local', opcode: 0x21, local: variable },
  ])

/**
 * An expression that is evaluated where it is first met and kept in a local: later uses read the local. It is evaluated again
 * after the end of the block, loop or branch in which it was met. It must not depend on a local that changes between its uses.
 */
export const share = <T extends ValueType>(value: Expr<T>): Expr<T> =>
  expr(value.type, { _tag: 'share', local: local(value.type), code: value.code })

/** Statements, one after another. */
export const seq = (...parts: ReadonlyArray<Stmt>): Stmt => stmt(parts.map(part => part.code))

/** An expression after statements. */
export const after = <T extends ValueType>(first: Stmt, value: Expr<T>): Expr<T> => expr(value.type, [first.code, value.code])

/** `block`: a branch to its label leaves it. */
export const block = (body: (label: Label) => Stmt): Stmt => labelled(0x02, body)

/** `loop`: a branch to its label begins it again. */
export const loop = (body: (label: Label) => Stmt): Stmt => labelled(0x03, body)

const labelled = (opcode: 0x02 | 0x03, body: (label: Label) => Stmt): Stmt => {
  const label: Label = { name: opcode === 0x02 ? 'block' : 'loop' }
  return stmt({ _tag: 'block', opcode, label, body: body(label).code })
}

/** Branches to a label. */
export const br = (label: Label): Stmt => stmt({ _tag: 'branch', opcode: 0x0c, label })

/** Branches to a label when the condition is not zero. */
export const brIf = (label: Label, condition: Expr<'i32'>): Stmt =>
  stmt([operand('br_if', 'i32', condition), { _tag: 'branch', opcode: 0x0d, label }])

/** Runs `yes` when the condition is not zero, else `no`. */
export const when = (condition: Expr<'i32'>, yes: Stmt, no?: Stmt): Stmt =>
  stmt([operand('if', 'i32', condition), { _tag: 'if', result: undefined, yes: yes.code, no: no?.code }])

/** One of two values; only the chosen one is evaluated. */
export const choose = <T extends ValueType>(condition: Expr<'i32'>, yes: Expr<T>, no: Expr<T>): Expr<T> =>
  expr(yes.type, [operand('if', 'i32', condition), { _tag: 'if', result: yes.type, yes: yes.code, no: operand('if', yes.type, no) }])

/** One of two values; both are evaluated. */
export const select = <T extends ValueType>(condition: Expr<'i32'>, yes: Expr<T>, no: Expr<T>): Expr<T> =>
  expr(yes.type, [
    yes.code,
    operand('select', yes.type, no),
    operand('select', 'i32', condition),
    yes.type === 'v128' ? [0x1c, 1, 0x7b] : 0x1b,
  ])

/** A function whose result is the value of its body: statements first, then one expression, or none. */
export const func = <const P extends Params, R extends ValueType | undefined = undefined>(
  name: string,
  params: P,
  body: (...locals: LocalsOf<P>) => R extends ValueType ? Expr<R> : Stmt,
  result?: R,
): Func => {
  const locals = params.map(([title, type]) => local(type, title))
  return {
    name,
    params: locals,
    result,
    body: () => {
      const value: Expr | Stmt = body(...(locals as unknown as LocalsOf<P>)) // made from params, in order
      if (value.type !== (result ?? 'void')) throw new TypeError(`${name}: expected a body of type ${result ?? 'void'}, got ${value.type}`)
      return value.code
    },
  }
}

const call = (target: Func, args: ReadonlyArray<Expr | number>): ReadonlyArray<Expr['code']> => {
  if (args.length !== target.params.length)
    throw new TypeError(`call ${target.name}: expected ${target.params.length} arguments, got ${args.length}`)
  return [
    ...args.map((arg, i) =>
      operand(
        `call ${target.name}, argument ${target.params[i]!.name}`,
        target.params[i]!.type,
        typeof arg === 'number' ? i32.const(arg) : arg,
      ),
    ),
    { _tag: 'call', func: target },
  ]
}

/**
 * Calls a function that gives nothing.
 *
 * @throws TypeError when number or types of the arguments do not fit, or the function gives a value
 */
export const invoke = (target: Func, ...args: ReadonlyArray<Expr | number>): Stmt => {
  if (target.result !== undefined) throw new TypeError(`call ${target.name}: expected a function without result, got ${target.result}`)
  return stmt(call(target, args))
}

/**
 * The value of a function call.
 *
 * @throws TypeError when number or types of the arguments do not fit, or the function gives another type
 */
export const apply = <T extends ValueType>(type: T, target: Func, ...args: ReadonlyArray<Expr | number>): Expr<T> => {
  if (target.result !== type) throw new TypeError(`call ${target.name}: expected a result of type ${type}, got ${target.result ?? 'none'}`)
  return expr(type, call(target, args))
}
