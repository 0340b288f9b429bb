import { entries, isBranch, showPath } from '@diffeo/core'
import type { Tree } from '@diffeo/core'
import { Tensor } from '@tensorflow/tfjs-core'
import type { ProgramInput } from './compiler.ts'

/** The leaves of a call's arguments, in order, and a text that is the same for calls of one program. */
export interface Signature {
  readonly key: string
  readonly leaves: ReadonlyArray<ProgramInput>
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
