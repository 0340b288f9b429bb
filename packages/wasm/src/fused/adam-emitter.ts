import { adamArguments, adamKernel } from '../kernels/adam.ts'
import type { AdamNumbers } from '../kernels/adam.ts'
import { sizeOf } from './custom.ts'
import type { Emitter } from './custom.ts'

/** `@diffeo/optim`'s op of one leaf: gradient, mu, nu and both corrections to the direction, mu and nu. */
export const adamEmitter: Emitter = (ar, { attrs, inputs }) => ({
  kernel: adamKernel(ar, attrs as AdamNumbers), // what optim's op was given
  scratch: 0,
  arguments: ({ inputs: [grads, mu, nu, correction1, correction2], outputs: [direction, muOut, nuOut] }) =>
    adamArguments({
      grads: grads!,
      mu: mu!,
      nu: nu!,
      correction1: correction1!,
      correction2: correction2!,
      direction: direction!,
      muOut: muOut!,
      nuOut: nuOut!,
      count: sizeOf(inputs[0]!.shape),
    }),
})
