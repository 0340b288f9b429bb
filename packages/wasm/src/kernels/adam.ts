import type { Arithmetic } from '../math/arithmetic.ts'
import type { Kernel } from '../runtime/runtime.ts'
import { loopKernel } from './loop.ts'
import { loopArguments } from './loop-structure.ts'
import type { LoopStructure } from './loop-structure.ts'

const inputs = ['params', 'grads', 'mu', 'nu'] as const
/** The numbers of a step, in their order in memory: 1 - b1^t and 1 - b2^t are `correction1` and `correction2`. */
const scalars = ['learningRate', 'b1', 'b2', 'rest1', 'rest2', 'eps', 'epsRoot', 'correction1', 'correction2', 'weightDecay'] as const

const names: ReadonlyArray<string> = [
  ...inputs,
  ...scalars,
  ...['fresh mu', 'kept mu', 'mu out', 'square', 'fresh nu', 'kept nu', 'nu out'],
  ...['mu hat', 'nu hat', 'inside', 'root', 'outside', 'direction', 'decay', 'decayed', 'step', 'params out'],
]
const value = (name: string): number => names.indexOf(name)
const mul = (a: string, b: string): LoopStructure['steps'][number] => ({ op: 'mul', a: value(a), b: value(b) })
const add = (a: string, b: string): LoopStructure['steps'][number] => ({ op: 'add', a: value(a), b: value(b) })
const div = (a: string, b: string): LoopStructure['steps'][number] => ({ op: 'div', a: value(a), b: value(b) })

const structure: LoopStructure = {
  axes: 1,
  inputs: [
    ...inputs.map(() => ({ type: 'float32', inner: 'contiguous' }) as const),
    ...scalars.map(() => ({ type: 'float32', inner: 'broadcast' }) as const),
  ],
  steps: [
    mul('rest1', 'grads'),
    mul('b1', 'mu'),
    add('fresh mu', 'kept mu'),
    { op: 'square', x: value('grads') },
    mul('rest2', 'square'),
    mul('b2', 'nu'),
    add('fresh nu', 'kept nu'),
    div('mu out', 'correction1'),
    div('nu out', 'correction2'),
    add('nu hat', 'epsRoot'),
    { op: 'sqrt', x: value('inside') },
    add('root', 'eps'),
    div('mu hat', 'outside'),
    mul('weightDecay', 'params'),
    add('direction', 'decay'),
    mul('learningRate', 'decayed'),
    { op: 'sub', a: value('params'), b: value('step') },
  ],
  outputs: ['params out', 'mu out', 'nu out'].map(name => ({ value: value(name) })),
}

/**
 * One step of Adam for one leaf (Kingma & Ba 2015, algorithm 1; with a weight decay AdamW's): parameters, gradients and both moments
 * are read once, new parameters and moments written, in place where the addresses are equal. Rounded as `@diffeo/optim`'s adam does in eager float32.
 *
 *   mu = (1 - b1) g + b1 mu    nu = (1 - b2) g^2 + b2 nu    p - lr (mu^ / (sqrt(nu^ + epsRoot) + eps) + decay p)
 */
export const adamKernel = (ar: Arithmetic): Kernel => ({ ...loopKernel(ar, structure), name: `adam ${ar.name}` })

/** Addresses of a leaf's arrays; `scalars` is that of the numbers that `adamScalars` gives. */
export interface AdamCall {
  readonly params: number
  readonly grads: number
  readonly mu: number
  readonly nu: number
  readonly paramsOut: number
  readonly muOut: number
  readonly nuOut: number
  readonly scalars: number
  readonly count: number
}

/** The arguments of the Adam kernel. */
export const adamArguments = (call: AdamCall): ReadonlyArray<number> =>
  loopArguments(structure, {
    sizes: [call.count],
    inputs: [
      ...inputs.map(name => ({ address: call[name], strides: [1] })),
      ...scalars.map((_, i) => ({ address: call.scalars + 4 * i, strides: [0] })),
    ],
    outputs: [call.paramsOut, call.muOut, call.nuOut].map(address => ({ address, strides: [] })),
  })

/** The numbers of step `count` (1 is the first) as they lie in memory. */
export const adamScalars = ({
  learningRate,
  count,
  b1 = 0.9,
  b2 = 0.999,
  eps = 1e-8,
  epsRoot = 0,
  weightDecay = 0,
}: {
  readonly learningRate: number
  readonly count: number
  readonly b1?: number
  readonly b2?: number
  readonly eps?: number
  readonly epsRoot?: number
  readonly weightDecay?: number
}): Float32Array => Float32Array.of(learningRate, b1, b2, 1 - b1, 1 - b2, eps, epsRoot, 1 - b1 ** count, 1 - b2 ** count, weightDecay)
