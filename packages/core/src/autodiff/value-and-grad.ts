import { engine, zerosLike } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Params } from '../contracts.ts'
import { handle, tidy } from '../tensor.ts'
import { leaves, mapTree, unflatten } from '../tree.ts'
import { ensureRules } from './rules.ts'

interface ActiveTape {
  readonly gradientDepth: number
  activeTape: ReadonlyArray<{ readonly saved?: ReadonlyArray<Tensor> }> | null
}

/**
 * The value of a scalar function of a parameter tree, and its gradient: a tree of the same structure. A leaf that the
 * function does not use has a gradient of zeros. May be nested for higher derivatives.
 *
 * @throws TypeError when f does not return a scalar tensor
 */
export const valueAndGrad =
  <P extends Params>(f: (params: P) => Tensor): ((params: P) => { readonly value: Tensor; readonly grads: P }) =>
  params =>
    tidy(() => {
      ensureRules()
      // A handle for each leaf: one tensor standing in two leaves would otherwise get the sum of both gradients twice.
      const handles = mapTree(handle, params)
      const xs = leaves(handles)
      const scalar = (): Tensor => {
        const value = f(handles as P) // mapTree keeps the structure
        if (value?.rank !== 0) throw new TypeError(`valueAndGrad: expected f to return a scalar, got ${describe(value)}`)
        return value
      }
      if (xs.length === 0) return { value: handle(scalar()), grads: handles as P }
      const { value, grads } = taped(() => engine().gradients(scalar, [...xs], undefined, true))
      const present = grads.map((g: Tensor | null | undefined, i: number) => g ?? zerosLike(xs[i]!))
      return { value, grads: unflatten(handles, present) as P }
    })

/** The gradient of a scalar function of a parameter tree. */
export const grad =
  <P extends Params>(f: (params: P) => Tensor): ((params: P) => P) =>
  params =>
    tidy(() => valueAndGrad(f)(params).grads)

/** tfjs leaves what the tape saved alive when the function throws. */
export const taped = <A>(run: () => A): A => {
  try {
    return run()
  } catch (thrown) {
    const state = (engine() as unknown as { readonly state: ActiveTape }).state // the tape is private API
    if (state.gradientDepth === 0) {
      state.activeTape?.forEach(node => node.saved?.forEach(tensor => tensor.dispose()))
      state.activeTape = null
    }
    throw thrown
  }
}

const describe = (value: Tensor | undefined): string => (value === undefined ? 'nothing' : `a tensor of shape [${value.shape.join(', ')}]`)
