import { leaves } from '@diffeo/core'
import type { Params } from '@diffeo/core'

/** Frees every tensor of a tree. */
export const disposeTree = (tree: Params): void => leaves(tree).forEach(tensor => tensor.dispose())
