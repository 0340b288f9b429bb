import type { Code, Func, Label, Local, ValueType } from './code.ts'
import { unsigned } from './leb128.ts'

/** A function that a module imports; calls to `func` become calls to it. Its body is not used. */
export interface FuncImport {
  readonly module: string
  readonly name: string
  readonly func: Func
}

/** What a module holds: the functions by their exported names, and with them all that they call. */
export interface ModuleSource {
  readonly exports: Readonly<Record<string, Func>>
  readonly imports?: ReadonlyArray<FuncImport>
}

const typeCode: Readonly<Record<ValueType, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b }
type Bytes = ArrayLike<number>
const encoder = new TextEncoder()
const ascii = (text: string): Bytes => {
  const bytes = encoder.encode(text)
  return joined(unsigned(bytes.length), bytes)
}
/** One list after another. */
const joined = (...lists: ReadonlyArray<Bytes>): Uint8Array<ArrayBuffer> => {
  const all = new Uint8Array(lists.reduce((n, list) => n + list.length, 0))
  let at = 0
  for (const list of lists) {
    all.set(list, at)
    at += list.length
  }
  return all
}
const vector = (items: ReadonlyArray<Bytes>): Bytes => joined(unsigned(items.length), ...items)
const section = (id: number, content: Bytes): Bytes => joined([id], unsigned(content.length), content)

/**
 * A WebAssembly module in the binary format. It imports one memory, `env.memory`, holds no data, and names its functions for
 * debuggers.
 *
 * Vector constants met inside a loop are set once at the start of the function.
 *
 * @throws TypeError when a branch leaves its block, or an instruction has an operand of the wrong type
 */
export const assemble = ({ exports, imports = [] }: ModuleSource): Uint8Array<ArrayBuffer> => {
  const functions: Func[] = imports.map(({ func }) => func)
  const indexOf = (func: Func): number => {
    const known = functions.indexOf(func)
    return known >= 0 ? known : functions.push(func) - 1
  }
  const exported = Object.entries(exports).map(([name, func]) => joined(ascii(name), [0], unsigned(indexOf(func))))
  const bodies: Bytes[] = []
  for (let i = imports.length; i < functions.length; i++) bodies.push(functionBody(functions[i]!, indexOf))

  const signatures: string[] = []
  const signatureOf = (func: Func): number => {
    const bytes = joined(
      [0x60],
      vector(func.params.map(({ type }) => [typeCode[type]])),
      vector(func.result === undefined ? [] : [[typeCode[func.result]]]),
    ).join()
    const known = signatures.indexOf(bytes)
    return known >= 0 ? known : signatures.push(bytes) - 1
  }
  const typeIndices = functions.map(func => unsigned(signatureOf(func)))
  const names = functions.map((func, i) => joined(unsigned(i), ascii(func.name)))
  return joined(
    [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    section(1, vector(signatures.map(bytes => bytes.split(',').map(Number)))),
    section(
      2,
      vector([
        joined(ascii('env'), ascii('memory'), [2, 0, 0]),
        ...imports.map(({ module, name }, i) => joined(ascii(module), ascii(name), [0], typeIndices[i]!)),
      ]),
    ),
    section(3, vector(typeIndices.slice(imports.length))),
    section(7, vector(exported)),
    section(10, vector(bodies)),
    section(0, joined(ascii('name'), section(1, vector(names)))),
  )
}

interface Frame {
  readonly label: Label | undefined
  readonly isLoop: boolean
  /** Locals of what `share` evaluated here. */
  readonly shared: Set<Local>
}

const functionBody = (func: Func, indexOf: (func: Func) => number): Bytes => {
  const locals = new Map<Local, number>(func.params.map((param, i) => [param, i]))
  const declared: Local[] = []
  const constants = new Map<string, Local>()
  const bytes: number[] = []
  const frames: Frame[] = [{ label: undefined, isLoop: false, shared: new Set() }]

  const slot = (local: Local): number => {
    const known = locals.get(local)
    if (known !== undefined) return known
    locals.set(local, func.params.length + declared.length)
    return func.params.length + declared.push(local) - 1
  }
  const push = (values: ReadonlyArray<number>): void => {
    for (const value of values) bytes.push(value)
  }
  const within = (frame: Omit<Frame, 'shared'>, code: Code): void => {
    frames.push({ ...frame, shared: new Set() })
    write(code)
    frames.pop()
  }
  const writeVector = (constant: ReadonlyArray<number>): void => {
    if (!frames.some(frame => frame.isLoop)) return push([0xfd, 12, ...constant])
    const key = constant.join()
    const hoisted: Local = constants.get(key) ?? { type: 'v128', name: 'constant' }
    constants.set(key, hoisted)
    push([0x20, ...unsigned(slot(hoisted))])
  }
  const write = (code: Code): void => {
    if (typeof code === 'number') {
      bytes.push(code)
      return
    }
    if (!('_tag' in code)) {
      for (const part of code) write(part)
      return
    }
    switch (code._tag) {
      case 'local':
        return push([code.opcode, ...unsigned(slot(code.local))])
      case 'block':
        push([code.opcode, 0x40])
        within({ label: code.label, isLoop: code.opcode === 0x03 }, code.body)
        return push([0x0b])
      case 'if':
        push([0x04, code.result === undefined ? 0x40 : typeCode[code.result]])
        within({ label: undefined, isLoop: false }, code.yes)
        if (code.no !== undefined) {
          push([0x05])
          within({ label: undefined, isLoop: false }, code.no)
        }
        return push([0x0b])
      case 'branch': {
        const frame = frames.findLastIndex(({ label }) => label === code.label)
        if (frame < 0) throw new TypeError(`${func.name}: expected a branch inside its ${code.label.name}, got one outside`)
        return push([code.opcode, ...unsigned(frames.length - 1 - frame)])
      }
      case 'call':
        return push([0x10, ...unsigned(indexOf(code.func))])
      case 'share': {
        if (frames.some(({ shared }) => shared.has(code.local))) return push([0x20, ...unsigned(slot(code.local))])
        write(code.code)
        frames.at(-1)!.shared.add(code.local)
        return push([0x22, ...unsigned(slot(code.local))])
      }
      case 'vector':
        return writeVector(code.bytes)
      default:
        code satisfies never
    }
  }

  write(func.body())
  const prologue = [...constants].flatMap(([key, hoisted]) => [0xfd, 12, ...key.split(',').map(Number), 0x21, ...unsigned(slot(hoisted))])
  const declarations = vector(declared.map(({ type }) => [1, typeCode[type]]))
  const size = declarations.length + prologue.length + bytes.length + 1
  return joined(unsigned(size), declarations, prologue, bytes, [0x0b])
}
