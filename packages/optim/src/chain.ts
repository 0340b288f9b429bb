import { tidy } from '@diffeo/core'
import type { Params } from '@diffeo/core'
import type { GradientTransformation, Transformed } from './contracts.ts'
import { identity } from './identity.ts'

/**
 * Applies transformations in order, the first to the gradients. The state is the list of theirs.
 *
 * @throws RangeError (from update) when the state has not one entry for each
 * @example chain(clipByGlobalNorm(5), adam(1e-3))
 */
export const chain = <S extends ReadonlyArray<Params>>(
  ...transformations: { readonly [K in keyof S]: GradientTransformation<S[K]> }
): GradientTransformation<S> => {
  const links: ReadonlyArray<GradientTransformation> = transformations
  return {
    // a list with one state for each transformation, in order, is S
    init: params => tidy(() => links.map(t => t.init(params)) as unknown as S),
    update: (grads, state, params) =>
      tidy(() => {
        if (state.length !== links.length)
          throw new RangeError(
            `chain: expected the states of ${links.length} transformations, got ${state.length}; make the state with init`,
          )
        const done = links.reduce<{ readonly updates: Params; readonly states: ReadonlyArray<Params> }>(
          ({ updates, states }, link, i) => {
            const next = link.update(updates, state[i]!, params)
            return { updates: next.updates, states: [...states, next.state] }
          },
          { updates: grads, states: [] },
        )
        const updates = links.length === 0 ? identity().update(grads, [], params).updates : done.updates
        return { updates, state: done.states as unknown as S } satisfies Transformed<S>
      }),
  }
}
