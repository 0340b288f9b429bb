import { tidy } from '@diffeo/core'
import type { Params } from '@diffeo/core'
import { add } from '@tensorflow/tfjs-core'
import { leafwise } from './leafwise.ts'

/**
 * The parameters after a step: params + updates, leaf by leaf.
 *
 * @throws TypeError when the trees differ in structure, RangeError when leaves differ in shape, naming the path
 */
export const applyUpdates = <P extends Params>(params: P, updates: Params): P =>
  // leafwise keeps the structure, and P is a structure of tensors
  tidy(() => leafwise('applyUpdates', { params, updates }, ({ params: p, updates: u }) => add(p, u)) as P)
