import type { Transformer } from '../contracts.ts'

const known = new WeakSet<Transformer>()

/** Marks a transformer as the one that its spec stands for. */
export const ofSpec = <T extends Transformer>(transformer: T): T => {
  known.add(transformer)
  return transformer
}

/** Whether a transformer is one of diffeo's own, which can be made again from its spec; a copy with another function is not. */
export const isOfSpec = (transformer: Transformer): boolean => known.has(transformer)
