import { entries, isBranch, showPath } from '@diffeo/core'
import type { Shape, Tree } from '@diffeo/core'
import { Tensor } from '@tensorflow/tfjs-core'
import { sameShape } from '../shape.ts'
import type { ProgramInput } from './compiler.ts'

/** The leaves of a call's arguments, in order, and a text that is the same for calls of one program. */
export interface Signature {
  readonly key: string
  readonly leaves: ReadonlyArray<ProgramInput>
}

/** What a call's arguments are made of, in order: a word for each leaf and branch, and what it is compared by. */
export type Pattern = ReadonlyArray<unknown>

/** The pattern of arguments, to recognize the like with `leavesLike`; none where a static argument is an object, which may change. */
export const patternOf = (args: ReadonlyArray<unknown>, isStatic: ReadonlyArray<boolean>): Pattern | undefined => {
  if (args.some((arg, i) => isStatic[i] && typeof arg === 'object' && arg !== null)) return undefined
  const pattern: unknown[] = [args.length]
  const walk = (arg: unknown): void => {
    if (arg instanceof Tensor) pattern.push(arg.dtype, arg.shape)
    else if (typeof arg === 'number') pattern.push('number')
    else if (arg instanceof Uint32Array) pattern.push('key', arg.length)
    else if (Array.isArray(arg)) {
      pattern.push('list', arg.length)
      arg.forEach(walk)
    } else {
      const names = Object.keys(arg as object)
      pattern.push('record', names)
      names.forEach(name => walk((arg as Readonly<Record<string, unknown>>)[name]))
    }
  }
  args.forEach((arg, i) => (isStatic[i] ? pattern.push(arg) : walk(arg)))
  return pattern
}

/**
 * The leaves of arguments, where they have that pattern: a step is called with the like again and again, and this takes a fraction of the
 * time of their signature. Arguments that are none have no pattern.
 */
export const leavesLike = (
  pattern: Pattern,
  args: ReadonlyArray<unknown>,
  isStatic: ReadonlyArray<boolean>,
): ReadonlyArray<ProgramInput> | undefined => {
  if (pattern[0] !== args.length) return undefined
  const leaves: ProgramInput[] = []
  let at = 1
  const walk = (arg: unknown): boolean => {
    const word = pattern[at++]
    if (arg instanceof Tensor) {
      leaves.push(arg)
      return arg.dtype === word && !arg.isDisposed && sameShape(arg.shape, pattern[at++] as Shape)
    }
    if (typeof arg === 'number') {
      leaves.push(arg)
      return word === 'number'
    }
    if (typeof arg !== 'object' || arg === null) return false
    if (arg instanceof Uint32Array) {
      leaves.push(arg)
      return word === 'key' && pattern[at++] === arg.length
    }
    if (Array.isArray(arg)) return word === 'list' && pattern[at++] === arg.length && arg.every(walk)
    if (word !== 'record' || !isBranch(arg as Tree<unknown>)) return false
    const [names, expected] = [Object.keys(arg), pattern[at++] as ReadonlyArray<string>]
    if (names.length !== expected.length) return false
    for (let i = 0; i < names.length; i++)
      if (names[i] !== expected[i] || !walk((arg as Readonly<Record<string, unknown>>)[names[i]!])) return false
    return true
  }
  for (let i = 0; i < args.length; i++) if (!(isStatic[i] ? Object.is(pattern[at++], args[i]) : walk(args[i]))) return undefined
  return leaves
}

/**
 * Takes the arguments of a call apart; errors begin with the name of the caller.
 *
 * @throws TypeError when an argument that is not static holds a leaf that is no tensor, number or key
 * @throws RangeError when a tensor was disposed
 */
export const signatureOf = (args: ReadonlyArray<unknown>, isStatic: ReadonlyArray<boolean>, caller = 'jit'): Signature => {
  const leaves: ProgramInput[] = []
  let key = ''
  const walk = (arg: unknown, root: number): void => {
    if (arg instanceof Tensor) {
      if (arg.isDisposed) throw disposed(caller, args, root, arg)
      key += `${arg.dtype}${arg.shape.join()};`
      leaves.push(arg)
    } else if (typeof arg === 'number') {
      key += 'n;'
      leaves.push(arg)
    } else if (arg instanceof Uint32Array) {
      key += `k${arg.length};`
      leaves.push(arg)
    } else if (Array.isArray(arg)) {
      key += '['
      for (const child of arg) walk(child, root)
      key += ']'
    } else if (isBranch(arg)) {
      key += '{'
      for (const name of Object.keys(arg)) {
        key += `${name.length} ${name}:` // no name looks like a part of the key
        walk((arg as Readonly<Record<string, unknown>>)[name], root)
      }
      key += '}'
    } else throw notAnArgument(caller, args, root, arg)
  }
  args.forEach((arg, i) => {
    if (isStatic[i]) key += `s${staticKey(caller, arg, i)};`
    else walk(arg, i)
  })
  return { key, leaves }
}

/** `arg0.layers[1].w`. */
const placeOf = (args: ReadonlyArray<unknown>, root: number, leaf: unknown): string => {
  const [path] = entries<unknown>(args[root] as Tree<unknown>).find(([, other]) => other === leaf)!
  return `arg${root}${path.length === 0 ? '' : showPath(path).replace(/^(?!\[)/, '.')}`
}

const notAnArgument = (caller: string, args: ReadonlyArray<unknown>, root: number, arg: unknown): TypeError => {
  const got = arg === null || arg === undefined ? String(arg) : `a ${typeof arg}`
  return new TypeError(
    `${caller}: expected tensors, numbers or keys, got ${got} at ${placeOf(args, root, arg)}; for what is no number name its argument: static: [${root}]`,
  )
}

/** What became of a tensor: one that was donated says so itself. */
const disposed = (caller: string, args: ReadonlyArray<unknown>, root: number, arg: Tensor): Error => {
  try {
    arg.dataSync()
  } catch (thrown) {
    if (thrown instanceof RangeError) return thrown
  }
  return new RangeError(`${caller}: expected tensors that are alive, got one that was disposed at ${placeOf(args, root, arg)}`)
}

const identities = new WeakMap<object, number>()
let named = 0

const identityOf = (value: object): number => {
  const known = identities.get(value)
  if (known !== undefined) return known
  identities.set(value, named)
  return named++
}

const isPlain = (value: object): boolean =>
  Array.isArray(value) || ArrayBuffer.isView(value) || [Object.prototype, null].includes(Object.getPrototypeOf(value) as object | null)

/** Static arguments are compared by value; functions, maps and their like by identity. */
const staticKey = (caller: string, arg: unknown, i: number): string => {
  // beside JSON: an object with one name that no other has
  const special = (what: unknown): unknown => ({ '\0': what })
  const text = JSON.stringify(arg, function (this: Readonly<Record<string, unknown>>, name, value: unknown) {
    const original = this[name] // before toJSON
    if (original instanceof Tensor)
      throw new TypeError(`${caller}: expected static arguments without tensors, got one in arg${i}; leave ${i} out of static`)
    if (name === '\0') return value
    if (original === undefined || typeof original === 'bigint' || typeof original === 'symbol') return special(String(original))
    if (typeof original === 'number' && (!Number.isFinite(original) || Object.is(original, -0)))
      return special(Object.is(original, -0) ? '-0' : String(original))
    if (typeof original === 'function' || (typeof original === 'object' && original !== null && !isPlain(original)))
      return special(identityOf(original))
    return value
  })
  return text ?? 'undefined'
}
