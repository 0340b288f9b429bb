import { report, treeFromBytes, treeToBytes } from '@diffeo/codec'
import { leaves } from '@diffeo/core'
import * as E from 'fp-ts/lib/Either.js'

/** Makes tensors of the bytes of a tree, on the active backend, and bytes of the tensors. */
export const echoTree = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => {
  const tree = treeFromBytes(bytes)
  if (E.isLeft(tree)) throw new Error(report(tree.left))
  const back = treeToBytes(tree.right)
  leaves(tree.right).forEach(leaf => leaf.dispose())
  return back.slice()
}
