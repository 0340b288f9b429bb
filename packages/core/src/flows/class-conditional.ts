import { embed } from '../bijectors/wrappers/embed.ts'
import { embedding } from '../networks/embedding.ts'
import { mlp } from '../networks/mlp.ts'
import type { NetworkSpec } from '../spec.ts'
import type { FlowSpec } from '../specs.ts'
import { flow } from './flow.ts'

/**
 * A flow of any recipe that is conditional on classes: p(x | class). The context holds codes 0, 1, ..., categories[i] - 1, or plain numbers where categories[i] is
 * 0; one network embeds it for all the layers. What is no code gives NaN.
 *
 * @param categories the number of categories of each column of the context
 * @param features   how many numbers the embedding has
 * @param network    of the codes, one-hot
 * @example build(classConditional(nsf(), { categories: [10] }), { event: [6], context: [1] })
 */
export const classConditional = (
  { base, bijector }: FlowSpec,
  {
    categories,
    features = 16,
    network = mlp({ hidden: [32] }),
  }: { readonly categories: ReadonlyArray<number>; readonly features?: number; readonly network?: NetworkSpec },
): FlowSpec => flow({ base, bijector: embed(embedding(categories, network), features, bijector) })
