import { decodeSafetensors, encodeSafetensors } from '@diffeo/codec'
import { nsf } from '@diffeo/core'
import { equal, ok, rejects, suite, useTestBackend } from '@diffeo/testing'
import { memory } from '@tensorflow/tfjs-core'
import * as E from 'fp-ts/lib/Either.js'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fit } from '../fit/fit.ts'
import type { Model } from './contract.ts'
import { decodeModel, loadModel } from './load.ts'
import { ModelFileError } from './model-file-error.ts'

const s = suite('model files of fits')
s.before(() => useTestBackend('wasm'))

const rows = Array.from({ length: 60 }, (_, i) => ({ a: Math.sin(i) * 3 + i / 7, b: Math.cos(2.3 * i) + i / 31 }))

const fitted = (): Promise<Model> =>
  fit(rows, { flow: nsf({ layers: 3, hidden: [4], bins: 3 }), epochs: 1, baselines: false, calibration: false })

const inTemporary = async (body: (path: string) => Promise<void>): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'diffeo-model-'))
  try {
    await body(join(folder, 'm.safetensors'))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The file as version 1 wrote it: one text for everything, flows tagged 'transformed', no checksums. */
const asVersion1 = (bytes: Uint8Array): Uint8Array => {
  const file = decodeSafetensors(bytes)
  if (E.isLeft(file)) throw new Error('the file does not read')
  const { spec, schema, record, event, context, tree } = file.right.metadata as { readonly [k: string]: string }
  const older = spec!.replaceAll('"_tag":"flow"', '"_tag":"transformed"')
  const config = `{"spec":${older},"schema":${schema},"record":${record},"event":${event},"context":${context}}`
  return encodeSafetensors({
    tensors: file.right.tensors,
    metadata: { format: 'diffeo', version: '1', library: '0.0.1', config, tree: tree! },
  })
}

s.test('a file of version 1 is migrated and gives the same log-densities', () =>
  inTemporary(async path => {
    const model = await fitted()
    await writeFile(path, asVersion1(model.encode()))
    const loaded = await loadModel(path)
    equal([...(await loaded.logProb(rows))], [...(await model.logProb(rows))])
    ok(Buffer.from(loaded.encode()).equals(model.encode()), 'written again it is a file of the present version')
    model.dispose()
    loaded.dispose()
  }),
)

s.test('what is wrong with a file is said with its path, and leaks nothing', () =>
  inTemporary(async path => {
    const model = await fitted()
    const bytes = model.encode()
    const before = memory().numTensors
    const text = new TextDecoder('latin1').decode(bytes)
    const changed = (from: string, to: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(from, to), 'latin1'))
    const cases: ReadonlyArray<readonly [Uint8Array, RegExp]> = [
      [new Uint8Array(0), /safetensors|bytes|header/i],
      [bytes.slice(0, bytes.length - 5), /m\.safetensors: /],
      [changed('\\"bins\\":3', '\\"bins\\":4'), /CRC-32|damaged|checksum/i],
      [Uint8Array.from(Buffer.from('PK\x03\x04 a zip file')), /zip/i],
    ]
    for (const [content, expected] of cases) {
      await writeFile(path, content)
      await rejects(() => loadModel(path), expected)
    }
    await rejects(() => loadModel(`${path}.none`), /none/)
    const error = await loadModel(path).catch((e: unknown) => e)
    ok(error instanceof ModelFileError && error.errors.length > 0)
    ok(E.isLeft(decodeModel(bytes.slice(0, 100))))
    equal(memory().numTensors, before)
    model.dispose()
  }),
)

s.run()
