import type { Tensor } from '@tensorflow/tfjs-core'
import type { Bijector, Context, Params } from '../contracts.ts'
import { handle } from '../tensor.ts'
import { mapTree } from '../tree.ts'

/** Parameters set, or moved, from statistics of a batch. */
export type Adaptation<P extends Params> = (params: P, side: 'base' | 'data', batch: Tensor, context?: Context) => P

/** What one of its parts makes of its own parameters: new handles on the same ones, where it does not adapt. */
export type PartAdaptation = (part: Bijector, params: Params, side: 'base' | 'data', batch: Tensor, context: Context | undefined) => Params

/**
 * `adapt` and `follow` of a bijector around others, each where one of the parts has it.
 *
 * @param whole what either does with the whole, given what it does with a part
 */
export const adaptationOf = <P extends Params>(
  parts: ReadonlyArray<Bijector>,
  whole: (part: PartAdaptation) => Adaptation<P>,
): { readonly adapt?: Adaptation<P>; readonly follow?: Adaptation<P> } => {
  const by = (method: 'adapt' | 'follow'): Adaptation<P> =>
    whole((part, params, side, batch, context) => part[method]?.(params, side, batch, context) ?? mapTree(handle, params))
  return {
    ...(parts.some(part => part.adapt !== undefined) && { adapt: by('adapt') }),
    ...(parts.some(part => part.follow !== undefined) && { follow: by('follow') }),
  }
}
