import type { Arithmetic } from '../math/arithmetic.ts'
import type { Kernel } from '../runtime/runtime.ts'
import { loopKernel, loopName } from './loop.ts'
import { loopArguments } from './loop-structure.ts'
import type { LoopStep, LoopStructure } from './loop-structure.ts'

/** The numbers of `@diffeo/optim`'s scaleByAdam that do not change. */
export interface AdamNumbers {
  readonly b1: number
  readonly b2: number
  readonly eps: number
  readonly epsRoot: number
}

const arrays = ['grads', 'mu', 'nu'] as const
const corrections = ['correction1', 'correction2'] as const
const names: ReadonlyArray<string> = [
  ...[...arrays, ...corrections],
  ...['b1', 'b2', 'rest1', 'rest2', 'eps', 'epsRoot'],
  ...['fresh mu', 'kept mu', 'mu out', 'square', 'fresh nu', 'kept nu', 'nu out'],
  ...['mu hat', 'nu hat', 'inside', 'root', 'outside', 'direction'],
]
const value = (name: string): number => names.indexOf(name)
const of = (op: 'mul' | 'add' | 'div', a: string, b: string): LoopStep => ({ op, a: value(a), b: value(b) })
const constant = (number: number): LoopStep => ({ op: 'constant', type: 'float32', value: number })

const structureOf = ({ b1, b2, eps, epsRoot }: AdamNumbers): LoopStructure => ({
  axes: 1,
  inputs: [
    ...arrays.map(() => ({ type: 'float32', inner: 'contiguous' }) as const),
    ...corrections.map(() => ({ type: 'float32', inner: 'broadcast' }) as const),
  ],
  steps: [
    ...[b1, b2, 1 - b1, 1 - b2, eps, epsRoot].map(constant),
    of('mul', 'rest1', 'grads'),
    of('mul', 'b1', 'mu'),
    of('add', 'fresh mu', 'kept mu'),
    { op: 'square', x: value('grads') },
    of('mul', 'rest2', 'square'),
    of('mul', 'b2', 'nu'),
    of('add', 'fresh nu', 'kept nu'),
    of('div', 'mu out', 'correction1'),
    of('div', 'nu out', 'correction2'),
    of('add', 'nu hat', 'epsRoot'),
    { op: 'sqrt', x: value('inside') },
    of('add', 'root', 'eps'),
    of('div', 'mu hat', 'outside'),
  ],
  outputs: ['direction', 'mu out', 'nu out'].map(name => ({ value: value(name) })),
})

/**
 * Adam's direction for one leaf (Kingma & Ba 2015, algorithm 1): the gradient and both moments are read once, the direction and the new
 * moments written, in place where the addresses are equal. Rounded as `@diffeo/optim`'s scaleByAdam does in eager float32.
 *
 *   mu = (1 - b1) g + b1 mu    nu = (1 - b2) g^2 + b2 nu    (mu / correction1) / (sqrt(nu / correction2 + epsRoot) + eps)
 */
export const adamKernel = (ar: Arithmetic, numbers: AdamNumbers): Kernel => {
  const structure = structureOf(numbers)
  return { name: loopName(ar, structure), func: () => loopKernel(ar, structure).func() }
}

/** Addresses of a leaf's arrays, of 1 - b1^t and of 1 - b2^t, and how many numbers the leaf has. */
export interface AdamCall<A = number> {
  readonly grads: A
  readonly mu: A
  readonly nu: A
  readonly correction1: A
  readonly correction2: A
  readonly direction: A
  readonly muOut: A
  readonly nuOut: A
  readonly count: number
}

/** The arguments of the Adam kernel. */
export const adamArguments = <A>(call: AdamCall<A>): ReadonlyArray<A | number> =>
  loopArguments<A>(structureOf({ b1: 0, b2: 0, eps: 0, epsRoot: 0 }), {
    sizes: [call.count],
    inputs: [
      ...arrays.map(name => ({ address: call[name], strides: [1] })),
      ...corrections.map(name => ({ address: call[name], strides: [0] })),
    ],
    outputs: [call.direction, call.muOut, call.nuOut].map(address => ({ address, strides: [] })),
  })
