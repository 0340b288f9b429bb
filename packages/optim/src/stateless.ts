import { tidy } from '@diffeo/core'
import type { Params } from '@diffeo/core'
import type { EmptyState, GradientTransformation } from './contracts.ts'

/** A transformation without state from a function of gradients and parameters, which must return new tensors. */
export const stateless = (f: (grads: Params, params: Params) => Params): GradientTransformation<EmptyState> => ({
  init: () => [],
  update: (grads, _, params) => tidy(() => ({ updates: f(grads, params), state: [] })),
})
