import type { Contestant } from '../work.ts'

/** The contestants in this language; each is loaded alone, in a process of its own. */
export const contestants = {
  diffeo: async () => (await import('./diffeo.ts')).compiled(false),
  'diffeo-workers': async () => (await import('./workers.ts')).workers,
  'diffeo-plain': async () => (await import('./diffeo.ts')).compiled(true),
  'diffeo-eager': async () => (await import('./diffeo.ts')).uncompiled,
  'tfjs-wasm': async () => (await import('./diffeo.ts')).uncompiledTfjsRules,
  'jax-js': async () => (await import('./jax-js.ts')).jaxJs,
} as const satisfies { readonly [name: string]: () => Promise<Contestant> }

export type ContestantName = keyof typeof contestants

export const isContestant = (name: string): name is ContestantName => Object.hasOwn(contestants, name)
