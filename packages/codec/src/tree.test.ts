import * as tf from '@tensorflow/tfjs-core'
import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import type { Either } from 'fp-ts/lib/Either.js'
import { PathReporter } from 'io-ts/lib/PathReporter.js'
import * as t from 'io-ts'
import { entries, leaves } from '@diffeo/core'
import type { Params, Tree } from '@diffeo/core'
import { allocates, equal, is, ok, suite, throws, useTestBackend } from '@diffeo/testing'
import { report } from './decode-error.ts'
import type { DecodeErrors } from './decode-error.ts'
import { decode } from './decode.ts'
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts'
import type { TensorData } from './tensor-data.ts'
import { bytesOf } from './tensor-data.ts'
import { treeFromBytes, treeToBytes } from './tree-bytes.ts'
import { toHost, toTensors } from './tree-data.ts'
import { decodeTree, decodeTreeLike, encodeTree, treeCodec } from './tree-json.ts'
import { treeFromNames } from './tree-names.ts'

const right = <A>(result: Either<DecodeErrors, A>): A => {
  if (E.isLeft(result)) throw new Error(report(result.left))
  return result.right
}
const wrong = (result: Either<DecodeErrors, unknown>): string => {
  if (E.isRight(result)) throw new Error('expected errors, got a value')
  return report(result.left)
}

/** All that a tree is: paths in order, branches (empty ones too), dtypes, shapes, bits. */
const exact = (tree: Params): unknown => {
  const { structure, leaves } = toHost(tree)
  return [JSON.stringify(structure), leaves.map(leaf => [leaf.dtype, leaf.shape, [...bytesOf(leaf)]])]
}
const dispose = (tree: Params): void => leaves(tree).forEach(leaf => leaf.dispose())

const anyLeaf: fc.Arbitrary<TensorData> = fc
  .tuple(fc.constantFrom('f32', 'i32', 'bool'), fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 4 }), fc.infiniteStream(fc.integer()))
  .map(([dtype, shape, stream]) => {
    const words = Int32Array.from({ length: shape.reduce((n, d) => n * d, 1) }, () => stream.next().value as number)
    if (dtype === 'bool') return { dtype, shape, data: Uint8Array.from(words, w => w & 1) }
    return dtype === 'i32' ? { dtype, shape, data: words } : { dtype: 'f32', shape, data: new Float32Array(words.buffer) }
  })
/** Names that look like indices, like the fields of a tensor, like methods, or that hold dots. */
const anyName = fc.oneof(
  fc.constantFrom(
    '0',
    '1',
    '00',
    '1e1',
    'a.b',
    '~',
    '~0',
    '~1',
    '$',
    'dtype',
    'shape',
    'data',
    'length',
    'toString',
    'then',
    'hasOwnProperty',
    'ключ',
  ),
  fc.stringMatching(/^[ -~]{1,5}$/),
)
const anyTree = fc.letrec<{ tree: Tree<() => TensorData> }>(tie => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    anyLeaf.map(leaf => () => leaf),
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(anyName, tie('tree'), { maxKeys: 3 }).map(d => ({ ...d })),
  ),
})).tree
const made = (tree: Tree<() => TensorData>): Params => {
  const pairs = entries(tree)
  const place = (node: Tree<() => TensorData>): Tree<null> =>
    typeof node === 'function'
      ? null
      : Array.isArray(node)
        ? node.map(place)
        : Object.fromEntries(Object.entries(node).map(([k, v]) => [k, place(v)]))
  return toTensors({ structure: place(tree), leaves: pairs.map(([, leaf]) => leaf()) })
}

const tree = (): Params => ({
  bijectors: [
    {
      w: tf.tensor2d([
        [1, -0],
        [NaN, Infinity],
      ]),
      b: tf.scalar(1e-45),
    },
    {},
    { steps: tf.tensor1d([1, -2], 'int32') },
  ],
  base: { mask: tf.tensor1d([1, 0], 'bool'), none: tf.zeros([0, 3]), list: [] },
})
const leaf = (fields: object): unknown => ({ dtype: 'f32', shape: [2], data: [1, 2], ...fields })
const nested = (depth: number): unknown => Array.from({ length: depth }).reduce<unknown>(inner => [inner], [])

const s = suite('parameter trees')
s.before(() => useTestBackend())

s.test('JSON: decode(encode(tree)) is the tree, bit for bit', () => {
  fc.assert(
    fc.property(anyTree, arbitrary => {
      const before = made(arbitrary)
      const after = right(decodeTree(JSON.parse(JSON.stringify(encodeTree(before)))))
      equal(exact(after), exact(before))
      dispose(before)
      dispose(after)
    }),
    { numRuns: 300, seed: 1 },
  )
})

s.test('bytes: decode(encode(tree)) is the tree, bit for bit', () => {
  fc.assert(
    fc.property(anyTree, arbitrary => {
      const before = made(arbitrary)
      const after = right(treeFromBytes(treeToBytes(before)))
      equal(exact(after), exact(before))
      ok(E.isRight(decodeTreeLike(before)(encodeTree(after))))
      dispose(before)
      dispose(after)
    }),
    { numRuns: 300, seed: 2 },
  )
})

s.test('another process reads and writes the same tree', () => {
  const params = tree()
  const script = `
    import '@tensorflow/tfjs-backend-cpu'
    import { readFileSync, writeSync } from 'node:fs'
    import { isRight } from 'fp-ts/lib/Either.js'
    import { decodeTree, encodeTree, treeFromBytes, treeToBytes } from '@diffeo/codec'
    const { bytes, json } = JSON.parse(readFileSync(0, 'utf8'))
    const [a, b] = [treeFromBytes(Buffer.from(bytes, 'base64')), decodeTree(json)]
    if (!isRight(a) || !isRight(b)) throw new Error('unreadable')
    writeSync(1, JSON.stringify({ bytes: Buffer.from(treeToBytes(b.right)).toString('base64'), json: encodeTree(a.right) }))`
  const input = JSON.stringify({ bytes: Buffer.from(treeToBytes(params)).toString('base64'), json: encodeTree(params) })
  const cwd = new URL('../../../tests/', import.meta.url)
  const output = execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], { input, cwd, encoding: 'utf8' })
  equal(JSON.parse(output.slice(output.indexOf('{"bytes"'))), JSON.parse(input))
  dispose(params)
})

s.test('encoding allocates no tensor, decoding one for each leaf', () => {
  const params = tree()
  const json = allocates(0, () => encodeTree(params))
  const bytes = allocates(0, () => treeToBytes(params))
  dispose(allocates(5, () => right(decodeTree(json))))
  dispose(allocates(5, () => right(treeFromBytes(bytes, { like: params }))))
  dispose(params)
})

s.test('the JSON form', () => {
  const params = { w: tf.tensor1d([1, -2]), more: [{}] }
  equal(encodeTree(params), { w: { dtype: 'f32', shape: [2], data: 'AACAPwAAAMA=' }, more: [{}] })
  dispose(params)
})

s.test('a tree written by hand has lists of numbers', () => {
  const read = right(
    decodeTree({ w: leaf({ data: [0.1, -0] }), n: { dtype: 'i32', shape: [], data: [7] }, m: { dtype: 'bool', shape: [1], data: [true] } }),
  )
  equal(
    toHost(read).leaves.map(({ data }) => [...data]),
    [[Math.fround(0.1), -0], [7], [1]],
  )
  dispose(read)
})

const bad: ReadonlyArray<readonly [string, unknown, RegExp]> = [
  ['null', null, /^\$: expected a tensor, a list or a record, got null$/],
  ['a number', 42, /^\$: .* got 42$/],
  ['undefined', undefined, /^\$: expected plain data, got nothing$/],
  ['a function', { a: () => 1 }, /^a: expected plain data, got a function$/],
  ['a number for a leaf', { a: [1] }, /^a\[0\]: expected a tensor, a list or a record, got 1$/],
  ['65 levels', nested(65), /\[0\]: expected at most 64 levels, got more$/],
  ['1,001 levels', nested(1_001), /at most 64 levels/],
  ['100,000 levels', nested(100_000), /at most 64 levels/],
  ['100,001 branches', Array.from({ length: 100_001 }, () => []), /at most 100000 lists and records/],
  ['own __proto__', JSON.parse('{"a":{"__proto__":{"dtype":"f32"}}}'), /^a\.__proto__: expected a key other than __proto__/],
  [
    'constructor',
    { a: { constructor: leaf({}) } },
    /^a\.constructor: expected a name other than __proto__, constructor, prototype, got 'constructor'$/,
  ],
  ['prototype', { prototype: leaf({}) }, /^prototype: expected a name other than/],
  ['empty name', { '': leaf({}) }, /expected a name of 1 to 256 characters, got ''$/],
  ['NUL in a name', { 'a\0': leaf({}) }, /^a\\u\{0\}: expected a name of printable characters, got 'a\\u\{0\}'$/],
  ['lone surrogate in a name', { '\ud800': leaf({}) }, /printable/],
  ['escape sequence in a name', { '\u001b[2J': leaf({}) }, /^\\u\{1b\}\[2J: /],
  ['10 MB name', { ['a'.repeat(1e7)]: leaf({}) }, /^a{59}…: expected a name of 1 to 256 characters, got 'a{77}…'$/],
  [
    'inherited fields',
    Object.create({ dtype: 'f32', shape: [], data: [1] }),
    /a plain record, got an object of a class, or one that inherits/,
  ],
  ['an object of a class', new Map(), /a plain record/],
  ['a typed array', { a: new Float32Array(2) }, /^a: expected a plain record, got a typed array$/],
  [
    'a getter',
    {
      a: {
        get dtype(): string {
          throw new Error('ran')
        },
      },
    },
    /^a\.dtype: expected plain data, got a getter$/,
  ],
  [
    'a proxy that throws',
    {
      a: new Proxy(
        {},
        {
          ownKeys: () => {
            throw new Error('boom')
          },
        },
      ),
    },
    /^a: expected plain data, got an object that threw: boom$/,
  ],
  [
    'a revoked proxy',
    (() => {
      const { proxy, revoke } = Proxy.revocable({}, {})
      revoke()
      return [proxy]
    })(),
    /^\[0\]: expected plain data, got an object that threw: /,
  ],
  ['a sparse list', { a: leaf({ data: Object.assign([], { length: 2 }) }) }, /^a\.data\[0\]: expected plain data, got nothing$/],
  ['a list of length 2^32 - 1', { a: Object.assign([], { length: 2 ** 32 - 1 }) }, /^a: expected at most 16777216 values/],
  ['unknown dtype', leaf({ dtype: 'float32' }), /^dtype: expected 'f32', 'i32' or 'bool', got 'float32'$/],
  ['shape missing', { dtype: 'f32', data: [1] }, /^shape: expected a shape: .* got nothing$/],
  ['data missing', { dtype: 'f32', shape: [1] }, /^data: expected base64 or a list of values, got nothing$/],
  ['unknown field', leaf({ stride: 1 }), /^stride: expected no field beside dtype, shape and data, got 1$/],
  ['negative size', leaf({ shape: [2, -3] }), /^shape\[1\]: expected an integer from 0 to 2147483647, got -3$/],
  ['fractional size', leaf({ shape: [2.5] }), /^shape\[0\]: .* got 2\.5$/],
  ['size as a text', leaf({ shape: ['2'] }), /^shape\[0\]: .* got '2'$/],
  ['shape null', leaf({ shape: null }), /^shape: .* got null$/],
  [
    'huge shape',
    leaf({ shape: [1e9, 1e9] }),
    /^shape: expected at most 2147483648 bytes, got \[1000000000,1000000000\], which is 4000000000000000000$/,
  ],
  ['2^32 bytes', leaf({ shape: [32768, 32769] }), /^shape: expected at most 2147483648 bytes/],
  ['huge shape with a 0', leaf({ shape: [2 ** 31 - 1, 2 ** 31 - 1, 0], data: [] }), /^shape: expected at most/],
  ['size above int32', leaf({ shape: [2 ** 31] }), /^shape\[0\]/],
  ['too few values', leaf({ shape: [3] }), /^data: expected 3 values for f32\[3\], got 2$/],
  ['too few bytes', leaf({ data: 'AACAPw==' }), /^data: expected 8 bytes for f32\[2\], got 4 bytes$/],
  ['base64 with white space', leaf({ data: 'AACAPwAA AMA=' }), /^data: expected base64 with padding, got 'AACAPwAA AMA='$/],
  ['base64 without padding', leaf({ data: 'AACAPwAAAMA' }), /base64 with padding/],
  ['base64 with stray bits', leaf({ data: 'AACAPwAAAMB=' }), /base64 with padding/],
  ['base64 with white space for padding', leaf({ shape: [1], data: 'AACAPw  ' }), /base64 with padding/],
  ['no base64', leaf({ data: 'ÄÖÜ!' }), /base64 with padding/],
  ['nested data', leaf({ data: [[1], [2]] }), /^data\[0\]: expected a number, got \[1\]\ndata\[1\]/],
  ['null in the data', leaf({ data: [1, null] }), /^data\[1\]: expected a number, got null$/],
  ['texts in the data', leaf({ data: ['1', 'NaN'] }), /^data\[0\]: expected a number, got '1'\ndata\[1\]: expected a number, got 'NaN'$/],
  ['NaN in the data', leaf({ data: [NaN, 1] }), /^data\[0\]: expected a finite number, got NaN$/],
  ['above float32', leaf({ data: [1e39, 1] }), /^data\[0\]: expected a number in the range of float32, got 1e\+39$/],
  ['below float32', leaf({ data: [1e-60, 1] }), /^data\[0\]: expected a number that float32 does not round to 0, got 1e-60$/],
  ['a fraction as i32', leaf({ dtype: 'i32', data: [1.5, 1] }), /^data\[0\]: expected an integer in the range of int32, got 1\.5$/],
  ['2^31 as i32', leaf({ dtype: 'i32', data: [2 ** 31, 1] }), /int32, got 2147483648$/],
  ['a number as bool', leaf({ dtype: 'bool', data: [1, 0] }), /^data\[0\]: expected true or false, got 1/],
  ['a bool that is 2', leaf({ dtype: 'bool', data: 'AgA=' }), /^data\[0\]: expected 0 or 1, got 2$/],
]

for (const [name, u, expected] of bad)
  s.test(`refused: ${name}`, () => {
    const started = Date.now()
    const message = allocates(0, () => wrong(decodeTree(u)))
    ok(expected.test(message), `expected ${expected}, got: ${message.slice(0, 500)}`)
    ok(message.length < 2000)
    ok(Date.now() - started < 2000)
    is(({} as Record<string, unknown>)['dtype'], undefined)
  })

s.test('100,000 texts for weights make ten errors and a count', () => {
  const message = wrong(decodeTree({ w: leaf({ shape: [100_000], data: Array.from({ length: 100_000 }, () => 'x'.repeat(50)) }) }))
  is(message.split('\n').length, 11)
  ok(message.endsWith('\nand 99990 more errors'))
  ok(message.length < 2000)
})

s.test('methods as names are plain data', () => {
  const names = ['toString', 'hasOwnProperty', 'valueOf', 'length', 'then']
  const read = right(decodeTree(Object.fromEntries(names.map(name => [name, leaf({})]))))
  equal(Object.keys(read), names)
  dispose(read)
})

s.test('a template names each path that does not fit, and gives its order of keys', () => {
  const params = { bijectors: [{ b: tf.zeros([3]), w: tf.zeros([64, 12]) }], base: {} }
  const refused = (u: unknown): string => allocates(0, () => wrong(decodeTreeLike(params)(u)))
  const w = { dtype: 'f32', shape: [64, 11], data: Array.from({ length: 64 * 11 }, () => 0) }
  const b = { dtype: 'f32', shape: [3], data: [1, 2, 3] }
  is(refused({ base: {}, bijectors: [{ w, b }] }), 'bijectors[0].w: expected f32[64,12], got f32[64,11]')
  is(refused({ base: {}, bijectors: [{ b }] }), 'bijectors[0].w: expected f32[64,12], got nothing')
  is(refused({ base: {}, bijectors: [{ w, b }, { w }] }), 'bijectors: expected a list of 1, got a list of 2')
  is(refused({ base: {}, bijectors: { '0': { w, b } } }), 'bijectors: expected a list of 1, got a record (0)')
  is(refused({ base: {}, bijectors: [w] }), 'bijectors[0]: expected a record (b, w), got f32[64,11]')
  is(refused({ base: b, bijectors: [] }), 'bijectors: expected a list of 1, got a list of 0\nbase: expected a record (), got f32[3]')
  is(refused({ bijectors: [{ w: { ...w, dtype: 'i32' }, b, extra: b }] }).split('\n').length, 3)
  const fitting = right(decodeTreeLike(params)({ base: {}, bijectors: [{ w: encodeTree(params.bijectors[0]!.w), b }] }))
  equal(
    entries(fitting).map(([path]) => path.join('.')),
    ['bijectors.0.b', 'bijectors.0.w'],
  )
  const plain = { bijectors: [{ b: { dtype: 'f32', shape: [3] }, w: { dtype: 'f32', shape: [64, 12] } }], base: {} }
  ok(E.isRight(decodeTreeLike(plain)(encodeTree(fitting))))
  dispose(fitting)
  dispose(params)
})

s.test('NaN in bytes is kept unless refused', () => {
  const params = { w: tf.tensor1d([1, NaN]) }
  const bytes = treeToBytes(params)
  is(
    allocates(0, () => wrong(treeFromBytes(bytes, { nonFinite: 'refuse' }))),
    'w[1]: expected a finite number, got NaN',
  )
  dispose(allocates(1, () => right(treeFromBytes(bytes))))
  dispose(params)
})

s.test('encoding names the path of what is no live tensor', () => {
  const gone = tf.scalar(1)
  gone.dispose()
  throws(() => encodeTree({ a: [gone] }), /^toHost: expected a live tensor, got one that was disposed of at a\[0\]$/)
  throws(() => encodeTree({ a: 5 as unknown as tf.Tensor }), /expected a tensor, got number at a$/)
  throws(() => encodeTree({ a: undefined as unknown as tf.Tensor }), /expected a tensor, got undefined at a$/)
  const text = tf.tensor1d(['x'])
  throws(() => encodeTree({ a: text }), /expected a float32, int32 or bool tensor, got string at a$/)
  text.dispose()
  const cycle: Record<string, Params> = {}
  cycle['self'] = cycle
  throws(() => encodeTree(cycle), /expected at most 64 levels, got more; does the tree hold itself\?/)
  throws(() => treeToBytes({ constructor: {} }), /expected a name other than .* at constructor$/)
})

s.test('names without a structure are read as lists and records, or refused', () => {
  const x: TensorData = { dtype: 'f32', shape: [], data: Float32Array.of(1) }
  const structure = (...names: ReadonlyArray<string>): string => {
    const result = treeFromNames({ tensors: new Map(names.map(name => [name, x])), metadata: {} })
    return E.isLeft(result) ? report(result.left) : JSON.stringify(result.right.structure)
  }
  is(structure('a.1.w', 'a.0.w', 'b~1c'), '{"a":[{"w":null},{"w":null}],"b.c":null}')
  is(structure(...Array.from({ length: 11 }, (_, i) => String(10 - i))), JSON.stringify(Array.from({ length: 11 }, () => null)))
  is(structure('$'), 'null')
  is(structure(), '{}')
  is(structure('a', 'a.b'), "a.b: expected a tensor or a branch at each name, got both at 'a'")
  is(structure('a.b', 'a'), "a: expected a tensor or a branch at each name, got both at 'a'")
  is(structure('layers.0', 'layers.2'), "layers: expected list positions 0 to 1, or names and no positions, got ['0', '2']")
  is(structure('layers.0', 'layers.00'), "layers: expected list positions 0 to 1, or names and no positions, got ['0', '00']")
  is(structure('layers.0', 'layers.1e1'), "layers: expected list positions 0 to 1, or names and no positions, got ['0', '1e1']")
  ok(/a~: expected no tensor of this name, got one/.test(structure('a~', 'a~0')))
  ok(/constructor: expected a name other/.test(structure('a.constructor')))
  ok(/at most 64 levels/.test(structure(Array.from({ length: 65 }, () => 'a').join('.'))))
})

s.test('a structure that does not fit the tensors is refused', () => {
  const x: TensorData = { dtype: 'f32', shape: [], data: Float32Array.of(1) }
  const read = (tree: string): string => wrong(treeFromNames({ tensors: new Map([['a', x]]), metadata: { tree } }))
  is(read('{"b":null}'), 'b: expected a tensor, got nothing\na: expected no tensor of this name, got one')
  is(read('{"a":1}'), '__metadata__.tree.a: expected null, a list or a record, got 1')
  ok(/__metadata__\.tree: expected a JSON value, got 'x'/.test(read('x')))
  ok(/__metadata__\.tree\.__proto__: /.test(read('{"__proto__":null}')))
  ok(/at most 64 levels/.test(read(`{"a":${'['.repeat(70)}${']'.repeat(70)}}`)))
})

s.test('a tree of float64 is refused, by name', () => {
  const bytes = encodeSafetensors({ tensors: new Map([['a.w', { dtype: 'f64', shape: [1], data: Float64Array.of(1) }]]), metadata: {} })
  ok(E.isRight(decodeSafetensors(bytes)))
  is(wrong(treeFromBytes(bytes)), '__metadata__.diffeo.crc32: expected checksums, got nothing')
})

s.test('the codec stands in larger codecs, and io-ts can report its errors', () => {
  const message = t.type({ params: treeCodec, n: t.number })
  const u = { params: { w: leaf({ shape: [3] }) }, n: 'x' }
  is(wrong(decode(message, u)), "params.w.data: expected 3 values for f32[3], got 2\nn: expected number, got 'x'")
  ok(PathReporter.report(message.decode(u))[0]!.includes('w.data: expected 3 values'))
})

s.run()
