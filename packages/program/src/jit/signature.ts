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
      if (arg.isDisposed) arg.dataSync() // says what became of it
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
        key += `${name}:`
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

const notAnArgument = (caller: string, args: ReadonlyArray<unknown>, root: number, arg: unknown): TypeError => {
  const got = arg === null || arg === undefined ? String(arg) : `a ${typeof arg}`
  const [path] = entries<unknown>(args[root] as Tree<unknown>).find(([, leaf]) => leaf === arg)!
  const place = `arg${root}${path.length === 0 ? '' : showPath(path).replace(/^(?!\[)/, '.')}`
  return new TypeError(
    `${caller}: expected tensors, numbers or keys, got ${got} at ${place}; for what is no number name its argument: static: [${root}]`,
  )
}

const functions = new WeakMap<object, number>()
let named = 0

/** Static arguments are compared by value, functions by identity. */
const staticKey = (caller: string, arg: unknown, i: number): string => {
  const text = JSON.stringify(arg, (_, value: unknown) => {
    if (typeof value === 'function') {
      if (!functions.has(value)) functions.set(value, named++)
      return `function ${functions.get(value)}`
    }
    if (value instanceof Tensor)
      throw new TypeError(`${caller}: expected static arguments without tensors, got one in arg${i}; leave ${i} out of static`)
    return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value
  })
  return text ?? 'undefined'
}
