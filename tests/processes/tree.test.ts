import { decodeTree, encodeTree, treeFromBytes, treeToBytes } from '@diffeo/codec'
import { build, key, leaves, maf, nsf } from '@diffeo/core'
import type { Params } from '@diffeo/core'
import { equal, ok, suite, useTestBackend } from '@diffeo/testing'
import { tensor, tidy } from '@tensorflow/tfjs-core'
import * as E from 'fp-ts/lib/Either.js'
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const s = suite('parameter trees across processes')
s.before(() => useTestBackend('cpu'))

const echo = fileURLToPath(new URL('echo-tree.ts', import.meta.url))

/** Sends text or bytes to another process, which makes tensors of them and writes them back. */
const throughAnother = (form: 'json' | 'bytes', input: string | Uint8Array): Buffer => {
  const done = spawnSync(process.execPath, ['--import', 'tsx', echo, form], { input, maxBuffer: 2 ** 28 })
  ok(done.status === 0, done.stderr.toString())
  return done.stdout
}

const bitsOf = (tree: Params): ReadonlyArray<ReadonlyArray<number>> =>
  leaves(tree).map(leaf => [...leaf.shape, ...new Uint32Array(leaf.dataSync<'float32'>().slice().buffer)])

const dispose = (tree: Params): void => leaves(tree).forEach(leaf => leaf.dispose())

const trees: ReadonlyArray<readonly [string, () => Params]> = [
  ['a spline flow', () => build(nsf({ layers: 3 }), { event: [4], context: [2] }).init(key(0))],
  ['an autoregressive flow', () => build(maf({ layers: 2 }), { event: [5] }).init(key(1))],
  [
    'special values',
    () =>
      tidy(() => ({
        a: tensor([0, -0, NaN, Infinity, -Infinity, 1e-45, -1e-40, 3.4e38, 0.1]),
        b: [{}, [], tensor([[1, 2]])],
        '0': tensor(7),
      })),
  ],
]

trees.forEach(([name, make]) => {
  s.test(`${name}: JSON there and back, bit for bit`, () => {
    const tree = make()
    const back = decodeTree(JSON.parse(throughAnother('json', JSON.stringify(encodeTree(tree))).toString()))
    ok(E.isRight(back))
    equal(bitsOf(back.right), bitsOf(tree))
    dispose(tree)
    dispose(back.right)
  })
  s.test(`${name}: bytes there and back, bit for bit`, () => {
    const tree = make()
    const sent = treeToBytes(tree)
    const received = throughAnother('bytes', sent)
    ok(received.equals(sent), 'the same bytes')
    const back = treeFromBytes(received)
    ok(E.isRight(back))
    equal(bitsOf(back.right), bitsOf(tree))
    dispose(tree)
    dispose(back.right)
  })
})

s.run()
