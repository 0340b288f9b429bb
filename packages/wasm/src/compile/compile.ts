import { fuse, sizeOf } from '@diffeo/program'
import type { Node, Program, Step } from '@diffeo/program'
import { assemble } from '../asm/assemble.ts'
import type { FuncImport } from '../asm/assemble.ts'
import type { Func, Stmt } from '../asm/code.ts'
import { func, get, invoke, seq } from '../asm/control.ts'
import type { Arithmetic } from '../math/arithmetic.ts'
import type { Kernel } from '../runtime/runtime.ts'
import { addressCode, sameAddress } from './address.ts'
import type { Address, Bases } from './address.ts'
import { inOrder, nothing } from './call.ts'
import type { Call, Calls, HostCall, Translated } from './call.ts'
import { read } from './context.ts'
import type { Context } from './context.ts'
import { scanStep, whileStep } from './control-step.ts'
import { customStep } from './custom-step.ts'
import { constantBlock, layoutOf } from './layout.ts'
import type { ConstantBlock, Constants } from './layout.ts'
import { loopStep } from './loop-step.ts'
import { copy, moveStep } from './move-step.ts'
import { productStep } from './product-step.ts'

/** A program as code: a module that imports `env.memory` and `env.host` and exports `run(arena, constants, table)`. */
export interface Compiled {
  readonly code: Uint8Array<ArrayBuffer>
  readonly constants: Constants
  /** Bytes of memory that hold nothing between two calls. */
  readonly arena: number
  /** The most bytes of values that live at once: no plan can do with fewer. */
  readonly peak: number
  readonly hosts: ReadonlyArray<HostCall>
  /** What runs, in order: one line for each step. */
  readonly lines: ReadonlyArray<string>
  /** How many different kernels there are. */
  readonly kernels: number
}

/** Lays out the memory of a program and translates its steps; its constants join the block. */
export const translate = (program: Program, ar: Arithmetic, block: ConstantBlock): Translated => {
  const steps = fuse(program)
  const layout = layoutOf(program, steps, block)
  const scratch: Address = { base: 'arena', bytes: layout.plan.bytes }
  const context: Context = {
    ...read(program),
    ar,
    addressOf: layout.addressOf,
    isKept: layout.isKept,
    scratch,
    place: block.place,
    translate: inner => translate(inner, ar, block),
  }
  const parts = steps.map(step => translated(context, step))
  const copies = layout.copies.map(({ from, to }) => {
    const { shape, dtype } = context.types[from]!
    return copy(context, dtype, [sizeOf(shape)], { address: context.addressOf(from), strides: [1] }, { address: to, strides: [1] })
  })
  return {
    steps: [
      ...steps.map((step, i) => ({ line: lineOf(program, step, parts[i]!), calls: parts[i]!.calls })),
      ...copies.map(({ calls }) => ({ line: 'copy of a result', calls })),
    ],
    arena: layout.plan.bytes + inOrder(...parts, ...copies).scratch,
    peak: layout.plan.peak,
  }
}

/** Compiles a program. Each distinct kernel stands in the module once; the step is a list of calls. */
export const compileProgram = (program: Program, ar: Arithmetic): Compiled => {
  const block = constantBlock()
  const whole = translate(program, ar, block)
  const { arena, peak, steps } = whole
  return { ...moduleOf(whole), constants: block.finish(), arena, peak, lines: steps.map(({ line }) => line) }
}

const translated = (context: Context, step: Step): Calls => {
  if (step.kind === 'loop') return loopStep(context, step)
  if (step.kind === 'matmul') return productStep(context, step)
  const { program, uses } = context
  const at = step.nodes[0]!
  const [node, value] = [program.nodes[at]!, uses.first[at]!]
  if (step.kind === 'alias' && sameAddress(context.addressOf(step.inputs[0]!), context.addressOf(value))) return nothing
  if (node.op === 'custom') return customStep(context, node, value)
  if (node.op === 'scan') return scanStep(context, node, value)
  if (node.op === 'while') return whileStep(context, node, value)
  return moveStep(context, asMove(node), value)
}

const asMove = (node: Node): Parameters<typeof moveStep>[1] => {
  switch (node.op) {
    case 'slice':
    case 'reverse':
    case 'transpose':
    case 'reshape':
    case 'pad':
    case 'concat':
    case 'gather':
    case 'scatterAdd':
    case 'arg':
    case 'cumulative':
      return node
    default:
      throw new TypeError(`compile: expected a node that stands alone, got ${node.op}`)
  }
}

const parameters = [
  ['arena', 'i32'],
  ['constants', 'i32'],
  ['table', 'i32'],
] as const

const hostImport = func('host', [['call', 'i32'], ...parameters], () => seq())

/** One function that makes all calls of a program, those of the programs inside it, and the kernels that they call. */
const moduleOf = (whole: Translated): Pick<Compiled, 'code' | 'hosts' | 'kernels'> => {
  const kernels = new Map<string, Func>()
  const hosts: HostCall[] = []
  const kernelFunc = ({ name, func: make }: Kernel): Func => {
    const known = kernels.get(name)
    if (known !== undefined) return known
    const made = make()
    kernels.set(name, made)
    return made
  }
  const callCode = (call: Call, bases: Bases, bodies: ReadonlyArray<Func>): Stmt => {
    if ('kernel' in call)
      return invoke(kernelFunc(call.kernel), ...call.args.map(arg => (typeof arg === 'number' ? arg : addressCode(arg, bases))))
    if ('bodies' in call) return call.code(bases, bodies, kernelFunc)
    return invoke(hostImport, hosts.push(call) - 1, ...[bases.arena, bases.constants, bases.table].map(get))
  }
  const programFunc = ({ steps }: Translated, name: string): Func => {
    const calls = steps.flatMap(step => step.calls)
    const bodies = calls.map(call => ('bodies' in call ? call.bodies.map((body, i) => programFunc(body, `${name} body ${i}`)) : []))
    return func(name, parameters, (arena, constants, table) =>
      seq(...calls.map((call, i) => callCode(call, { arena, constants, table }, bodies[i]!))),
    )
  }
  const imports: ReadonlyArray<FuncImport> = [{ module: 'env', name: 'host', func: hostImport }]
  const code = assemble({ exports: { run: programFunc(whole, 'run') }, imports })
  return { code, hosts, kernels: kernels.size }
}

/** `matmul [512,64] from %3 %0 %1: 1 call`. */
const lineOf = (program: Program, step: Step, { calls }: Calls): string => {
  const names = step.nodes.map(i => program.nodes[i]!).map(node => (node.op === 'custom' ? node.name : node.op))
  const where = calls.some(isOnHost) ? 'host' : calls.length === 0 ? 'no code' : `${calls.length} ${calls.length === 1 ? 'call' : 'calls'}`
  return `${step.kind} [${step.shape.join(',')}] ${[...new Set(names)].join(' ')}: ${where}`
}

/** Whether the host does the work, or some of that of a loop's body. */
const isOnHost = (call: Call): boolean =>
  'host' in call || ('bodies' in call && call.bodies.some(({ steps }) => steps.some(({ calls }) => calls.some(isOnHost))))
