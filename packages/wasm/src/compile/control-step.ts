import { sizeOf } from '@diffeo/program'
import type { Node, Type, Value } from '@diffeo/program'
import type { Expr, Func, I32, Local, Stmt } from '../asm/code.ts'
import { block, br, brIf, get, invoke, local, loop, select, seq, set } from '../asm/control.ts'
import { countUp } from '../asm/loops.ts'
import { i32 } from '../asm/scalar.ts'
import { loopKernel } from '../kernels/loop.ts'
import { loopArguments } from '../kernels/loop-structure.ts'
import type { LoopStructure } from '../kernels/loop-structure.ts'
import type { Kernel } from '../runtime/runtime.ts'
import { addressCode, moved } from './address.ts'
import type { Address, Bases } from './address.ts'
import type { Calls, ControlCall, Translated } from './call.ts'
import type { Context } from './context.ts'

type Scan = Extract<Node, { readonly op: 'scan' }>
type While = Extract<Node, { readonly op: 'while' }>

const bytesOf = ({ shape }: Type): number => 4 * sizeOf(shape)
const padded = (bytes: number): number => Math.ceil(bytes / 16) * 16

/** Memory in a row behind an address. */
const areas = (start: Address): { readonly take: (bytes: number) => Address; readonly used: () => number } => {
  let next = start
  return {
    take: bytes => {
      const area = next
      next = moved(next, padded(bytes))
      return area
    },
    used: () => next.bytes - start.bytes,
  }
}

/** A program inside another one: its table of pointers and its arena lie in the scratch memory of the step. */
interface Body {
  readonly translated: Translated
  readonly table: Address
  readonly arena: Address
}

const bodyIn = (translated: Translated, pointers: number, take: (bytes: number) => Address): Body => ({
  translated,
  table: take(4 * pointers),
  arena: take(translated.arena + 64), // kernels read a little behind their inputs
})

const run = ({ table, arena }: Body, func: Func, bases: Bases): Stmt =>
  invoke(func, addressCode(arena, bases), get(bases.constants), addressCode(table, bases))

const point = ({ table }: Body, slot: number, to: I32, bases: Bases): Stmt =>
  i32.store(addressCode(moved(table, 4 * slot), bases), typeof to === 'number' ? i32.const(to) : to)

/** Two buffers for each carry: a step reads one and writes the other. */
const buffersOf = (carries: ReadonlyArray<Type>, take: (bytes: number) => Address): ReadonlyArray<readonly [Address, Address]> =>
  carries.map(carry => [take(bytesOf(carry)), take(bytesOf(carry))] as const)

/**
 * A scan as a loop around one function: each step reads the carries where the last one wrote them, and rows of xs where they lie; the last
 * step writes the results.
 */
export const scanStep = (context: Context, node: Scan, first: Value): Calls => {
  const { types, addressOf, isKept, scratch } = context
  const { body: program, carries, xs, length, reverse } = node
  const { take, used } = areas(scratch)
  const results = node.outputs.length
  const body = bodyIn(context.translate(program), program.inputs.length + results, take)
  const inputs = node.inputs.map(addressOf)
  const carried = node.outputs.slice(0, carries)
  const buffers = buffersOf(carried, take)
  const spare = node.outputs.map((type, i) =>
    isKept(first + i) ? undefined : i < carries ? buffers[i]![(length - 1) % 2 === 0 ? 0 : 1] : take(bytesOf(type) / Math.max(1, length)),
  )
  const outputs = node.outputs.map((_, i) => spare[i] ?? addressOf(first + i))
  const rowBytes = (type: Type): number => bytesOf(type) / Math.max(1, length)

  const code: ControlCall['code'] = (bases, [func]) => {
    const n = local('i32', 'step')
    const at = (address: Address): Expr<'i32'> => addressCode(address, bases)
    const row = (): Expr<'i32'> => (reverse ? i32.sub(length - 1, get(n)) : get(n))
    const isOdd = (): Expr<'i32'> => i32.and(get(n), 1)
    const captured = inputs.slice(carries + xs).map((address, i) => point(body, carries + xs + i, at(address), bases))
    const carriesIn = buffers.map(([even, odd], c) =>
      point(body, c, select(i32.eqz(get(n)), at(inputs[c]!), select(isOdd(), at(even), at(odd))), bases),
    )
    const rows = inputs
      .slice(carries, carries + xs)
      .map((address, i) =>
        point(body, carries + i, i32.add(at(address), i32.mul(row(), rowBytes(types[node.inputs[carries + i]!]!))), bases),
      )
    const carriesOut = buffers.map(([even, odd], c) =>
      point(
        body,
        program.inputs.length + c,
        select(i32.eq(get(n), length - 1), at(outputs[c]!), select(isOdd(), at(odd), at(even))),
        bases,
      ),
    )
    const kept = outputs.slice(carries).map((address, i) => {
      const slot = program.inputs.length + carries + i
      const to = spare[carries + i] === undefined ? i32.add(at(address), i32.mul(row(), rowBytes(node.outputs[carries + i]!))) : at(address)
      return point(body, slot, to, bases)
    })
    return seq(
      ...captured,
      set(n, 0),
      countUp(n, i32.const(length), 1, seq(...carriesIn, ...rows, ...carriesOut, ...kept, run(body, func!, bases))),
    )
  }
  return { calls: [{ bodies: [body.translated], code }], scratch: used() }
}

/** A while loop: the condition and the body read the carries where the last step wrote them. */
export const whileStep = (context: Context, node: While, first: Value): Calls => {
  const { ar, addressOf, isKept, scratch } = context
  const { cond: condition, body: program, carries } = node
  const { take, used } = areas(scratch)
  const inputs = node.inputs.map(addressOf)
  const asked = bodyIn(context.translate(condition), condition.inputs.length + 1, take)
  const body = bodyIn(context.translate(program), program.inputs.length + carries, take)
  const answer = take(4)
  const buffers = buffersOf(node.outputs, take)

  const code: ControlCall['code'] = (bases, [conditionFunc, bodyFunc], kernelFunc) => {
    const at = (address: Address): Expr<'i32'> => addressCode(address, bases)
    const odd = local('i32', 'odd')
    const current = node.outputs.map((_, c) => local('i32', `carry ${c}`))
    const constants = (to: Body): ReadonlyArray<Stmt> =>
      inputs.slice(carries).map((address, i) => point(to, carries + i, at(address), bases))
    const given = (to: Body): ReadonlyArray<Stmt> => current.map((p, c) => point(to, c, get(p), bases))
    const next = (c: number): Expr<'i32'> => select(get(odd), at(buffers[c]![1]), at(buffers[c]![0]))
    const step = seq(
      ...given(body),
      ...current.map((_, c) => point(body, program.inputs.length + c, next(c), bases)),
      run(body, bodyFunc!, bases),
      ...current.map((p, c) => set(p, next(c))),
      set(odd, i32.eqz(get(odd))),
    )
    const ask = seq(...given(asked), run(asked, conditionFunc!, bases))
    return seq(
      ...constants(asked),
      ...constants(body),
      point(asked, condition.inputs.length, at(answer), bases),
      ...current.map((p, c) => set(p, at(inputs[c]!))),
      set(odd, 0),
      block(done => loop(again => seq(ask, brIf(done, i32.eqz(i32.load(at(answer)))), step, br(again)))),
      ...node.outputs.flatMap((type, c) => (isKept(first + c) ? [copyCode(type, current[c]!, at(addressOf(first + c)), kernelFunc)] : [])),
    )
  }
  /** Copies as many numbers from where a local points. */
  const copyCode = (type: Type, from: Local<'i32'>, to: Expr<'i32'>, kernelFunc: (kernel: Kernel) => Func): Stmt => {
    const structure: LoopStructure = { axes: 1, inputs: [{ type: type.dtype, inner: 'contiguous' }], steps: [], outputs: [{ value: 0 }] }
    const args = loopArguments<Expr<'i32'>>(structure, {
      sizes: [sizeOf(type.shape)],
      inputs: [{ address: get(from), strides: [1] }],
      outputs: [{ address: to, strides: [] }],
    })
    return invoke(kernelFunc(loopKernel(ar, structure)), ...args)
  }
  return { calls: [{ bodies: [asked.translated, body.translated], code }], scratch: used() }
}
