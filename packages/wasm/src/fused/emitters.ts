import { autoregressiveEmitter } from './autoregressive-emitter.ts'
import type { Emitter } from './custom.ts'
import { randomEmitters } from './random-emitters.ts'
import { splineEmitter, splineVjpEmitter } from './spline-emitter.ts'

/** The custom ops of elementwise functions alone, which run in the loops around them. */
export const loopOps: ReadonlySet<string> = new Set(['adam'])

/** The custom ops that have fused kernels. */
export const customEmitters: Readonly<Record<string, Emitter>> = {
  ...randomEmitters,
  autoregressiveForward: autoregressiveEmitter('forward'),
  autoregressiveInverse: autoregressiveEmitter('inverse'),
  rationalQuadraticForward: splineEmitter('forward'),
  rationalQuadraticForwardVjp: splineVjpEmitter('forward'),
  rationalQuadraticInverse: splineEmitter('inverse'),
  rationalQuadraticInverseVjp: splineVjpEmitter('inverse'),
}
