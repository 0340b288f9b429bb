import { leaves } from '@diffeo/core'
import { sameShape, typesOf } from '@diffeo/program'
import type { CompileOptions, Executable, ProgramInput, Program, Type, Value } from '@diffeo/program'
import { Tensor } from '@tensorflow/tfjs-core'
import { storage } from '../backend/storage.ts'
import type { Gift, Storage } from '../backend/storage.ts'
import type { Address } from './address.ts'
import type { HostCall } from './call.ts'
import type { Compiled } from './compile.ts'
import { handOvers } from './donation.ts'

type Run = (arena: number, constants: number, table: number) => void

/** A compiled program over the memory of this process. */
export const executable = (program: Program, compiled: Compiled, module: WebAssembly.Module, { donated }: CompileOptions): Executable => {
  const store = storage()
  const { runtime } = store
  const constants = runtime.allocate(compiled.constants.bytes + 16)
  compiled.constants.parts.forEach(({ bytes, data }) =>
    runtime.write(constants + bytes, data, data instanceof Float32Array ? 'float32' : 'int32'),
  )
  const types = typesOf(program)
  const outputs = leaves<Value>(program.outputs).map(value => types[value]!)
  const table = runtime.allocate(4 * (program.inputs.length + outputs.length))
  const loose = looseInputs(program, store)
  // the body of a loop has an arena and a table of its own
  const host = (index: number, ...bases: ReadonlyArray<number>): void => runOnHost(store, bases, compiled.hosts[index]!)
  const instance = new WebAssembly.Instance(module, { env: { memory: runtime.memory, host } })
  const run = instance.exports['run'] as Run
  const bytes = outputs.map(type => 4 * countOf(type))
  // for each result the place among the donated inputs of the one whose memory it may take
  const handed = handOvers(program, donated)
  const given = handed.map(input => (input === undefined ? undefined : donated.indexOf(input)))
  const isAlike = handed.map((input, j) => input !== undefined && isSameType(types[input]!, outputs[j]!))
  let alive = true
  let isRunning = false

  const runOn = (pointers: ReadonlyArray<number>): void => {
    if (isRunning) throw new RangeError('jit: expected no call of a compiled function from within itself, got one')
    isRunning = true
    try {
      store.withArena(compiled.arena + 64, arena => {
        new Int32Array(runtime.memory.buffer, table, pointers.length).set(pointers)
        run(arena, constants, table)
      })
    } finally {
      isRunning = false
    }
  }

  return {
    call: inputs => {
      if (!alive) throw new RangeError('jit: expected a compiled function that is alive, got one that was disposed')
      const pointers = inputs.map((input, i) => (input instanceof Tensor ? store.bring(input) : loose.write(i, input)))
      const gifts = donated.map(i => (inputs[i] instanceof Tensor ? store.donate(inputs[i], program.inputs[i]!.name) : undefined))
      // a block that another argument has too is read longer than the donated one
      const isOnce =
        gifts.length === 0 || new Set(pointers).size === pointers.length
          ? (): boolean => true
          : (address: number): boolean => pointers.indexOf(address) === pointers.lastIndexOf(address)
      const taken = new Array<Gift | undefined>(outputs.length)
      const results: number[] = []
      const freeGifts = (): void => gifts.forEach(gift => gift !== undefined && runtime.free(store.part(gift)))
      try {
        outputs.forEach((_, j) => {
          const i = given[j]
          const gift = i === undefined ? undefined : gifts[i]
          if (gift !== undefined && isOnce(gift.address)) {
            taken[j] = gift
            gifts[i!] = undefined
          }
          results.push(taken[j]?.address ?? runtime.allocate(bytes[j]!))
        })
        runOn([...pointers, ...results])
      } catch (thrown) {
        results.forEach((address, j) => runtime.free(taken[j] === undefined ? address : store.part(taken[j])))
        freeGifts()
        throw thrown
      }
      freeGifts()
      return results.map((address, j) => {
        const { shape, dtype } = outputs[j]!
        const gift = taken[j]
        if (gift === undefined) return store.tensorAt(address, shape, dtype)
        return isAlike[j] ? store.reuse(gift, shape, dtype) : store.tensorAt(store.part(gift), shape, dtype)
      })
    },
    report: () => ({
      lines: compiled.lines,
      kernels: compiled.kernels,
      codeBytes: compiled.code.length,
      arenaBytes: compiled.arena,
      peakBytes: compiled.peak,
      constantBytes: compiled.constants.bytes,
    }),
    dispose: () => {
      if (!alive) return
      alive = false
      ;[constants, table, loose.address].forEach(runtime.free)
    },
  }
}

/** Numbers and keys among the arguments have a place of their own. */
const looseInputs = (
  { inputs }: Program,
  { runtime }: Storage,
): { readonly address: number; readonly write: (i: number, input: Exclude<ProgramInput, Tensor>) => number } => {
  const address = runtime.allocate(16 * inputs.length)
  return {
    address,
    write: (i, input) => {
      const at = address + 16 * i
      if (typeof input === 'number') runtime.write(at, [input], 'float32')
      else runtime.write(at, new Int32Array(input.buffer, input.byteOffset, input.length), 'int32')
      return at
    },
  }
}

const runOnHost = ({ runtime }: Storage, bases: ReadonlyArray<number>, call: HostCall): void => {
  const [arena, constants, table] = bases.map(address => address >>> 0) as [number, number, number] // signed, as code has them
  const resolve = ({ base, bytes }: Address): number => {
    if (typeof base === 'string') return (base === 'arena' ? arena : constants) + bytes
    return new Uint32Array(runtime.memory.buffer, table + 4 * base.slot, 1)[0]! + bytes
  }
  const inputs = call.inputs.map((address, i) => runtime.read(resolve(address), countOf(call.inputTypes[i]!), call.inputTypes[i]!.dtype))
  call.run(inputs).forEach((values, i) => runtime.write(resolve(call.outputs[i]!), values, call.outputTypes[i]!.dtype))
}

const countOf = ({ shape }: Type): number => shape.reduce((n, size) => n * size, 1)

const isSameType = (a: Type, b: Type): boolean => a.dtype === b.dtype && sameShape(a.shape, b.shape)
