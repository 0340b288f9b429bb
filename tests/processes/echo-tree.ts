/** Reads a parameter tree from standard input, as JSON or bytes, makes tensors of it, and writes it to standard output. */
import { decodeTree, encodeTree, report, treeFromBytes, treeToBytes } from '@diffeo/codec'
import { useTestBackend } from '../harness/backend.ts'
import * as E from 'fp-ts/lib/Either.js'
import { readFileSync, writeSync } from 'node:fs'

const [form] = process.argv.slice(2)
await useTestBackend('cpu')
const input = readFileSync(0)
const tree = form === 'json' ? decodeTree(JSON.parse(input.toString())) : treeFromBytes(input)
if (E.isLeft(tree)) throw new Error(report(tree.left))
const output = form === 'json' ? Buffer.from(JSON.stringify(encodeTree(tree.right))) : treeToBytes(tree.right)
for (let at = 0; at < output.length;) at += writeSync(1, output, at)
