import * as tf from '@tensorflow/tfjs-core'
import { readFileSync } from 'node:fs'
import * as E from 'fp-ts/lib/Either.js'
import type { Either } from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import {
  coupling,
  mlp,
  repeat,
  build,
  builtins,
  chain,
  elementwise,
  flow,
  invert,
  affine,
  key,
  leaves,
  nsf,
  rationalQuadratic,
  register,
  reverse,
  standardNormal,
} from '@diffeo/core'
import type { FlowSpec, Params, Shape, Tree } from '@diffeo/core'
import { allocates, equal, is, near, ok, suite, throws, useTestBackend } from '@diffeo/testing'
import { withChecksums } from './checksums.ts'
import { report } from './decode-error.ts'
import type { DecodeErrors } from './decode-error.ts'
import { fields, finite, integer } from './fields.ts'
import { migrations } from './migrations.ts'
import { modelFile } from './model-file.ts'
import type { Model } from './model-file.ts'
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts'
import type { SafetensorsFile } from './safetensors.ts'
import { toHost } from './tree-data.ts'
import { libraryVersion, modelVersion } from './version.ts'

const right = <A>(result: Either<DecodeErrors, A>): A => {
  if (E.isLeft(result)) throw new Error(report(result.left))
  return result.right
}
const wrong = (result: Either<DecodeErrors, unknown>): string => {
  if (E.isRight(result)) throw new Error('expected errors, got a value')
  return report(result.left)
}

type Schema = { readonly columns: ReadonlyArray<string> }
type FitRecord = { readonly epochs: number; readonly loss: number }
const schema = fields<Schema>('schema', { columns: t.readonlyArray(t.string, 'a list of names') })
const record = fields<FitRecord>('record', {
  epochs: integer(0),
  loss: finite(),
})
const like = ({
  spec,
  event,
  context,
}: {
  readonly spec: FlowSpec
  readonly event: Shape
  readonly context: Tree<Shape> | undefined
}): Params => build(spec, { event, ...(context === undefined ? {} : { context }) }).init(key(0))
const file = modelFile({ schema, record })
/** Frees the tensors that served as a template. */
const checkedFile = modelFile({ schema, record, like: sizes => shapesOf(like(sizes)) })
const shapesOf = (params: Params): Tree<{ readonly shape: Shape; readonly dtype: string }> => {
  const { structure, leaves: host } = toHost(params)
  leaves(params).forEach(leaf => leaf.dispose())
  const next = host.values()
  const place = (node: Tree<null>): Tree<{ readonly shape: Shape; readonly dtype: string }> =>
    node === null
      ? next.next().value!
      : Array.isArray(node)
        ? node.map(place)
        : Object.fromEntries(Object.entries(node).map(([k, v]) => [k, place(v)]))
  return place(structure)
}

const spec = flow({ base: standardNormal(), bijector: invert(chain(elementwise(affine()), reverse())) })
const model = (): Model<Schema, FitRecord> => ({
  spec,
  params: {
    base: {},
    bijector: [
      {
        theta: tf.tensor3d([
          [
            [0.5, -0],
            [1e-45, 2],
          ],
        ]),
        transformer: {},
      },
      {},
    ],
  },
  schema: { columns: ['größe', 'constructor'] },
  record: { epochs: 3, loss: 0.1 + 0.2 },
  event: [2],
  context: undefined,
})
const dispose = (params: Params): void => leaves(params).forEach(leaf => leaf.dispose())
const bytesOfModel = (): Uint8Array<ArrayBuffer> => {
  const m = model()
  const bytes = file.encode(m)
  dispose(m.params)
  return bytes
}
/** The file with other contents, and checksums that hold. */
const changed = (change: (file: SafetensorsFile) => SafetensorsFile): Uint8Array =>
  encodeSafetensors(withChecksums(change(right(decodeSafetensors(bytesOfModel())))))
const withText = (key: string, text: string): Uint8Array => changed(f => ({ ...f, metadata: { ...f.metadata, [key]: text } }))
const without = (key: string): Uint8Array =>
  changed(f => ({ ...f, metadata: Object.fromEntries(Object.entries(f.metadata).filter(([k]) => k !== key)) }))
const ascii = (text: string): Uint8Array => Uint8Array.from(text, c => c.charCodeAt(0))

const s = suite('model files')
s.before(() => useTestBackend())

s.test('decode(encode(model)) is the model, bit for bit', () => {
  const m = model()
  for (const codec of [file, checkedFile]) {
    const bytes = allocates(0, () => codec.encode(m))
    const read = allocates(1, () => right(codec.decode(bytes)))
    equal({ ...read, params: toHost(read.params) }, { ...m, params: toHost(m.params) })
    dispose(read.params)
  }
  dispose(m.params)
})

s.test('a context that is a tree of shapes comes back', () => {
  for (const context of [undefined, [3], [], [[2], [3, 4]], { a: [1], b: [[], { c: [2] }] }] as ReadonlyArray<Tree<Shape> | undefined>) {
    const m = { ...model(), context }
    const read = right(file.decode(file.encode(m)))
    equal(read.context, context)
    dispose(read.params)
    dispose(m.params)
  }
})

s.test('the same model gives the same bytes, and reading and writing changes nothing', () => {
  const bytes = bytesOfModel()
  equal([...bytesOfModel()], [...bytes])
  const read = right(file.decode(bytes))
  equal([...file.encode(read)], [...bytes])
  dispose(read.params)
})

s.test('a spline flow comes back, builds, and gives the same log-densities', () => {
  const built = build(nsf({ layers: 3, bins: 4 }), { event: [2], context: [1] })
  const params = built.init(key(3))
  const bytes = checkedFile.encode({ ...model(), spec: built.spec, params, event: [2], context: [1] })
  const read = right(checkedFile.decode(bytes))
  const again = build(read.spec, { event: read.event, context: read.context! })
  const [x, c] = [
    tf.tensor2d([
      [0.3, -1],
      [2, 0.1],
    ]),
    tf.tensor2d([[1], [2]]),
  ]
  const [before, after] = [built.logProb(params, x, c), again.logProb(read.params as never, x, c)]
  equal([...after.dataSync()], [...before.dataSync()])
  tf.dispose([before, after])
  tf.dispose([x, c])
  dispose(params)
  dispose(read.params)
})

s.test('metadata are readable texts', () => {
  const { metadata } = right(decodeSafetensors(bytesOfModel()))
  is(metadata['format'], 'diffeo')
  is(metadata['version'], String(modelVersion))
  is(metadata['library'], libraryVersion)
  is(metadata['spec'], JSON.stringify(spec))
  is(metadata['record'], '{"epochs":3,"loss":0.30000000000000004}')
})

s.test('the library version is that of the package', () => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { readonly version: string }
  is(libraryVersion, version)
  is(modelVersion, migrations.length + 1)
})

s.test('every truncation is found, and no tensor is left', () => {
  const bytes = bytesOfModel()
  allocates(0, () => {
    for (let n = 0; n < bytes.length; n++) ok(E.isLeft(file.decode(bytes.subarray(0, n))), `cut to ${n}`)
  })
})

s.test('every flipped bit is found, and no tensor is left', () => {
  const bytes = bytesOfModel()
  allocates(0, () => {
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      bytes[bit >> 3]! ^= 1 << (bit & 7)
      ok(E.isLeft(file.decode(bytes)), `bit ${bit & 7} of byte ${bit >> 3}`)
      bytes[bit >> 3]! ^= 1 << (bit & 7)
    }
  })
  ok(E.isRight(decodeSafetensors(bytes)))
})

const notModels: ReadonlyArray<readonly [string, Uint8Array, RegExp]> = [
  ['empty', new Uint8Array(0), /^\$: expected a safetensors file, got 0 bytes$/],
  [
    'of another program',
    readFileSync(new URL('../../../tests/fixtures/from-python.safetensors', import.meta.url)),
    /^__metadata__\.format: expected 'diffeo', got nothing: a safetensors file of another program$/,
  ],
  ['of another format', withTextFormat('pt'), /__metadata__\.format: expected 'diffeo', got 'pt'/],
  ['zip', ascii('PK\x03\x04................'), /a zip archive \(\.npz, or a PyTorch \.pt: pickles are never loaded\)/],
  ['pickle', ascii('\x80\x02}q\x00X\x05\x00\x00\x00model'), /a Python pickle, which is never loaded/],
  ['gzip', ascii('\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03xxxx'), /gzip-compressed data/],
  ['JSON', ascii('{"format": "diffeo"}'), /got JSON/],
  ['CSV', ascii('a,b\n1,2\n3,4\n'), /^\$: expected a safetensors file, got a header length of/],
]
function withTextFormat(format: string): Uint8Array {
  return encodeSafetensors({ tensors: new Map(), metadata: { format } })
}

for (const [name, bytes, expected] of notModels)
  s.test(`no model file: ${name}`, () => {
    const message = wrong(file.decode(bytes))
    ok(expected.test(message), `expected ${expected}, got: ${message}`)
  })

const wrongTexts: ReadonlyArray<readonly [string, string, RegExp]> = [
  ['version', '3', /^__metadata__\.version: expected a version from 1 to 2, got 3; to read it, install diffeo 0\.1\.0$/],
  ['version', '0', /^__metadata__\.version: expected a version from 1 to 2, got '0'$/],
  ['version', '-1', /got '-1'$/],
  ['version', '2.0', /got '2\.0'$/],
  ['version', 'two', /got 'two'$/],
  ['version', '99999999999', /got '99999999999'$/],
  ['version', '1', /^__metadata__\.config: expected the contents of a model file of version 1, got nothing$/],
  ['spec', '{', /^spec: expected a key in double quotes, got the end \(line 1, column 2\)$/],
  [
    'spec',
    '{"_tag":"flow","base":{"_tag":"standardNormal"},"bijector":{"_tag":"chian"}}',
    /^spec\.bijector\._tag: expected a bijector, .* \(did you mean 'chain'\?\), got 'chian'$/,
  ],
  ['spec', '{"_tag":"standardNormal"}', /^spec\._tag: expected 'flow', got 'standardNormal'$/],
  ['schema', '{"columns":["a",1]}', /^schema\.columns\[1\]: expected string, got 1$/],
  ['schema', '{"columns":[],"columns":[]}', /^schema\.columns: expected each key once/],
  ['record', '{"epochs":-1,"loss":0}', /^record\.epochs: expected an integer >= 0, got -1$/],
  ['record', '{"epochs":1,"loss":null}', /^record\.loss: expected a finite number, got null$/],
  ['event', '[]', /^event: expected at least one size, got \[\]$/],
  ['event', '[2.5]', /^event\[0\]: expected an integer >= 1, got 2\.5$/],
  ['event', '[0]', /^event\[0\]: expected an integer >= 1, got 0$/],
  ['context', '[-1]', /^context\[0\]: expected an integer >= 1, got -1$/],
  ['context', '"1"', /^context: expected a shape or a tree of shapes, got '1'$/],
  ['tree', '{"base":{}}', /^bijector\.0\.theta: expected no tensor of this name, got one$/],
  ['tree', '[', /^__metadata__\.tree\[0\]: expected a JSON value, got the end/],
]
for (const [key, text, expected] of wrongTexts)
  s.test(`a ${key} that is wrong: ${text}`, () => {
    const bytes = withText(key, text)
    const message = allocates(0, () => wrong(file.decode(bytes)))
    ok(expected.test(message), `expected ${expected}, got: ${message}`)
  })

for (const key of ['format', 'version', 'spec', 'schema', 'record', 'event', 'context'])
  s.test(`${key} missing`, () => {
    const message = wrong(file.decode(without(key)))
    ok(new RegExp(`^(__metadata__\\.)?${key}: expected .*, got nothing`).test(message), message)
  })

s.test('without checksums it is refused', () => {
  const { tensors, metadata } = right(decodeSafetensors(bytesOfModel()))
  const { 'diffeo.crc32': _, ...others } = metadata
  is(wrong(file.decode(encodeSafetensors({ tensors, metadata: others }))), '__metadata__.diffeo.crc32: expected checksums, got nothing')
})

s.test('errors of several parts come together', () => {
  const bytes = changed(f => ({ ...f, metadata: { ...f.metadata, event: '0', spec: '1', context: '2' } }))
  equal(
    wrong(file.decode(bytes))
      .split('\n')
      .map(line => line.split(':')[0]),
    ['spec', 'event', 'context'],
  )
})

s.test('parameters of another flow are refused by their path', () => {
  const theta = (shape: ReadonlyArray<number>): Uint8Array =>
    changed(f => ({
      ...f,
      tensors: new Map([['bijector.0.theta', { dtype: 'f32', shape, data: new Float32Array(shape.reduce((a, b) => a * b)) }]]),
    }))
  is(
    allocates(0, () => wrong(checkedFile.decode(theta([1, 2, 3])))),
    'bijector[0].theta: expected f32[1,2,2], got f32[1,2,3]',
  )
  is(
    allocates(0, () => wrong(checkedFile.decode(withText('event', '[3]')))),
    'bijector[0].theta: expected f32[1,3,2], got f32[1,2,2]',
  )
  ok(
    /^spec: expected a flow that can be built, got build: expected /.test(
      allocates(0, () => wrong(checkedFile.decode(withText('event', '[2,2]')))),
    ),
  )
})

s.test('sizes that a small file claims to exhaust memory are refused before anything is built', () => {
  const claims = (text: object, event: Shape): string => {
    const bytes = changed(f => ({ ...f, metadata: { ...f.metadata, spec: JSON.stringify(text), event: JSON.stringify(event) } }))
    const started = Date.now()
    const message = allocates(0, () => wrong(checkedFile.decode(bytes)))
    ok(Date.now() - started < 1000)
    return message
  }
  const wide = (hidden: ReadonlyArray<number>, bins = 8): FlowSpec =>
    flow({ base: standardNormal(), bijector: repeat(1000, coupling(mlp({ hidden }), rationalQuadratic({ bins }))) })
  ok(/^spec: expected networks for 16 bytes of parameters, got some that take about \d+$/.test(claims(wide([20_000, 20_000]), [2])))
  ok(/^(spec|event): /.test(claims(wide([64], 999), [1000])))
  ok(
    /^spec: expected networks/.test(
      claims(flow({ base: standardNormal(), bijector: elementwise(rationalQuadratic({ bins: 999 })) }), [100_000]),
    ),
  )
  ok(
    /^event: expected at most \d+ numbers in a row of \d+ layers, got 2147483647$/.test(
      claims(flow({ base: standardNormal(), bijector: reverse() }), [2 ** 31 - 1]),
    ),
  )
  ok(/^event: /.test(claims(flow({ base: standardNormal(), bijector: repeat(9000, reverse()) }), [10_000])))
  is(claims(flow({ base: standardNormal(), bijector: repeat(100, reverse()) }), [1000]).split(':')[0], 'bijector')
})

s.test('parameters that are not finite are neither written nor read', () => {
  const m = { ...model(), params: { base: {}, bijector: [{ theta: tf.tensor3d([[[0, NaN]]]), transformer: {} }, {}] } }
  throws(() => file.encode(m), /^modelFile\.encode: bijector\.0\.theta\[1\]: expected a finite number, got NaN$/)
  dispose(m.params)
  const bytes = changed(f => ({
    ...f,
    tensors: new Map([['bijector.0.theta', { dtype: 'f32', shape: [1], data: Float32Array.of(Infinity) }]]),
  }))
  is(
    allocates(0, () => wrong(file.decode(bytes))),
    'bijector.0.theta[0]: expected a finite number, got Infinity',
  )
})

s.test('what would not be read back is not written', () => {
  const m = model()
  const refused = (change: object, expected: RegExp): void => throws(() => file.encode({ ...m, ...change }), expected)
  refused({ record: { epochs: 1, loss: NaN } }, /^modelFile\.encode: record\.loss: expected a finite number, got NaN$/)
  refused({ spec: { ...spec, bijector: { _tag: 'mine' } } }, /^modelFile\.encode: spec\.bijector\._tag: expected a bijector/)
  refused({ event: [0] }, /^modelFile\.encode: event\[0\]/)
  refused({ schema: { columns: undefined } }, /^modelFile\.encode: schema\.columns/)
  throws(
    () => checkedFile.encode({ ...m, event: [3] }),
    /^modelFile\.encode: bijector\[0\]\.theta: expected f32\[1,3,2\], got f32\[1,2,2\]$/,
  )
  dispose(m.params)
})

s.test("a user's own tag is read with its registry, and refused without", () => {
  const mine = t.type({ _tag: t.literal('mine'), strength: t.number }, 'mine')
  const registry = register(builtins, { bijector: [{ tag: 'mine', codec: mine, build: () => reverse() as never }] })
  const m = { ...model(), spec: flow({ base: standardNormal(), bijector: { _tag: 'mine', strength: 2 } as never }) }
  const bytes = modelFile({ schema, record, registry }).encode(m)
  dispose(m.params)
  const read = right(modelFile({ schema, record, registry }).decode(bytes))
  equal(read.spec, m.spec)
  dispose(read.params)
  ok(/^spec\.bijector\._tag: expected a bijector, one of /.test(wrong(file.decode(bytes))))
})

s.test('a file of version 1 is migrated, and its flow can be built', () => {
  const bytes = readFileSync(new URL('../../../tests/fixtures/model-v1.safetensors', import.meta.url))
  is(right(decodeSafetensors(bytes)).metadata['version'], '1')
  const read = allocates(2, () => right(checkedFile.decode(bytes)))
  equal(
    read.spec,
    flow({
      base: standardNormal(),
      bijector: invert(
        chain(elementwise(affine({ scale: 'exp' })), elementwise(rationalQuadratic({ bins: 2, bound: 3, knots: 'softmax' }))),
      ),
    }),
  )
  equal(read.schema, { columns: ['u', 'v'] })
  equal(read.record, { epochs: 3, loss: 1.25 })
  equal(read.event, [2])
  is(read.context, undefined)
  const [affineTheta, splineTheta] = leaves(read.params)
  near(affineTheta!.dataSync(), [0, 0.125, 0.25, 0.375], { atol: 0 })
  equal(splineTheta!.shape, [1, 2, 5])
  const x = tf.tensor2d([[0.1, 0.2]])
  const logProb = build(read.spec, { event: read.event }).logProb(read.params as never, x)
  ok(Number.isFinite(logProb.dataSync()[0]))
  tf.dispose([x, logProb])
  const again = right(decodeSafetensors(file.encode(read)))
  is(again.metadata['version'], '2')
  ok(!('config' in again.metadata))
  dispose(read.params)
})

s.test('version 1 that is broken is refused by its path', () => {
  const v1 = right(decodeSafetensors(readFileSync(new URL('../../../tests/fixtures/model-v1.safetensors', import.meta.url))))
  const read = (config: string): string => wrong(file.decode(encodeSafetensors({ ...v1, metadata: { ...v1.metadata, config } })))
  is(read('[]'), '__metadata__.config: expected a record, got []')
  ok(/^__metadata__\.config: expected/.test(read('{')))
  ok(/^spec: expected a distribution: a record with a _tag, got null/.test(read('{}')))
  ok(/^spec\.bijector\._tag/.test(read('{"spec":{"_tag":"transformed","base":{"_tag":"standardNormal"},"bijector":{"_tag":"x"}}}')))
})

s.run()
