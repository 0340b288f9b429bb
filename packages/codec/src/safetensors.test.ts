import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import type { Either } from 'fp-ts/lib/Either.js'
import { equal, is, ok, suite, throws } from '@diffeo/testing'
import { checksumsKey, withChecksums } from './checksums.ts'
import { crc32 } from './crc32.ts'
import { report } from './decode-error.ts'
import type { DecodeErrors } from './decode-error.ts'
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts'
import type { SafetensorsFile } from './safetensors.ts'
import { bytesOf } from './tensor-data.ts'
import type { TensorData } from './tensor-data.ts'

const right = <A>(result: Either<DecodeErrors, A>): A => {
  if (E.isLeft(result)) throw new Error(report(result.left))
  return result.right
}
const wrong = (result: Either<DecodeErrors, unknown>): string => {
  if (E.isRight(result)) throw new Error('expected errors, got a value')
  return report(result.left)
}
const f32 = (shape: ReadonlyArray<number>, ...values: ReadonlyArray<number>): TensorData => ({
  dtype: 'f32',
  shape,
  data: Float32Array.from(values),
})
const fixture = (name: string): Uint8Array => readFileSync(new URL(`../../../tests/fixtures/${name}`, import.meta.url))

/** Every bit of a file's contents, comparable by `equal`. */
const exact = ({ tensors, metadata }: SafetensorsFile): unknown => [
  [...tensors]
    .map(([name, tensor]) => [name, tensor.dtype, tensor.shape, [...bytesOf(tensor)]])
    .sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1)),
  Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1)),
]

const small: SafetensorsFile = {
  tensors: new Map([
    ['a', f32([2], 1, 2)],
    ['b.0', f32([1, 2], -0, 1e-45)],
  ]),
  metadata: { note: 'x' },
}

/** A file with this header over `size` bytes of data. */
const file = (header: string | Uint8Array, size = 8): Uint8Array => {
  const json = typeof header === 'string' ? new TextEncoder().encode(header) : header
  const bytes = new Uint8Array(8 + json.length + size)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true)
  bytes.set(json, 8)
  return bytes
}
const length = (n: bigint, rest = 8): Uint8Array => {
  const bytes = new Uint8Array(8 + rest)
  new DataView(bytes.buffer).setBigUint64(0, n, true)
  return bytes
}
const entry = (fields: string): Uint8Array => file(`{"w":{${fields}}}`)
const offsets = (text: string): Uint8Array => entry(`"dtype":"F32","shape":[2],"data_offsets":${text}`)
const shape = (text: string, size = 8): Uint8Array => file(`{"w":{"dtype":"F32","shape":${text},"data_offsets":[0,${size}]}}`, size)
const named = (name: string): Uint8Array => file(`{${JSON.stringify(name)}:{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`)
const two = (a: string, b: string, size = 8): Uint8Array =>
  file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":${a}},"b":{"dtype":"F32","shape":[1],"data_offsets":${b}}}`, size)
const valid = '"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}'

const hostile: ReadonlyArray<readonly [string, Uint8Array, RegExp]> = [
  ['empty file', new Uint8Array(0), /^\$: expected a safetensors file, got 0 bytes$/],
  ['7 bytes', new Uint8Array(7), /got 7 bytes/],
  ['header longer than the file', length(1000n), /header of 1000 bytes in a file of 16; it may be truncated/],
  ['header length 2^63', length(2n ** 63n), /header length of 9223372036854775808/],
  ['header length 2^64 - 1', length(2n ** 64n - 1n), /18446744073709551615, above the limit/],
  ['header length 0', length(0n), /does not begin with \{/],
  ['header above 16 MB', length(16_000_001n), /above the limit of 16000000/],
  ['header not UTF-8', file(Uint8Array.of(0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d)), /a header in UTF-8/],
  ['overlong UTF-8', file(Uint8Array.of(0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x7d)), /a header in UTF-8/],
  ['byte-order mark', file(`\uFEFF{${valid}}`), /does not begin with \{/],
  ['not JSON', file('{nonsense}'), /a key in double quotes, got 'n' \(line 1, column 2\)/],
  ['JSON cut short', file(`{${valid}`), /',' or '\}', got the end/],
  ['two JSON values', file(`{${valid}}{}`), /nothing after the JSON value/],
  ['list', file('[]'), /does not begin with \{/],
  ['null', file('null'), /does not begin with \{/],
  [
    'the same bytes twice',
    two('[0,4]', '[0,4]', 4),
    /b\.data_offsets\[0\]: expected 4, where the tensor before it, 'a', ends, got 0: an overlap/,
  ],
  ['partial overlap', two('[0,4]', '[2,6]', 6), /an overlap/],
  ['hole at the start', two('[4,8]', '[8,12]', 12), /a\.data_offsets\[0\]: expected 0, where the data begin, got 4: a hole/],
  ['hole between', two('[0,4]', '[8,12]', 12), /a hole/],
  ['end past the file', offsets('[0,12]'), /w\.data_offsets\[1\]: expected an offset within the data, 8 bytes, got 12/],
  ['begin after end', offsets('[8,0]'), /the begin before the end, got \[8, 0\]/],
  ['negative offset', offsets('[-8,0]'), /data_offsets\[0\]: expected an integer >= 0, got -8/],
  ['one offset', offsets('[8]'), /two offsets, got \[8\]/],
  ['three offsets', offsets('[0,8,8]'), /two offsets/],
  ['fractional offset', offsets('[0,8.5]'), /data_offsets\[1\]: expected an integer/],
  ['offset 1e300', offsets('[0,1e300]'), /data_offsets\[1\]: expected an integer >= 0, got 1e\+300/],
  ['offset 1e999', offsets('[0,1e999]'), /a finite number, got 1e999/],
  ['offsets as texts', offsets('["0","8"]'), /got '0'/],
  ['offsets null', offsets('null'), /two offsets, got null/],
  ['shape too large', shape('[3]'), /w: expected 12 bytes for f32\[3\], got 8/],
  ['shape too small', shape('[1]'), /w: expected 4 bytes for f32\[1\], got 8/],
  ['product overflows 2^63', shape('[2147483647,2147483647,2147483647]'), /w\.shape: expected at most 2147483648 bytes/],
  ['product overflows beside a 0', shape('[2147483647,2147483647,0]', 0), /w\.shape: expected at most 2147483648 bytes/],
  ['product wraps to 0', shape('[4294967296,4294967296]', 0), /w\.shape\[0\]: expected an integer from 0 to 2147483647, got 4294967296/],
  ['fractional size', shape('[2.5]'), /shape\[0\]: expected an integer from 0 to 2147483647, got 2\.5/],
  ['size as text', shape('["2"]'), /shape\[0\]: .* got '2'/],
  ['negative sizes', shape('[-1,-2]'), /shape\[0\]: .* got -1/],
  ['size null', shape('[null]'), /shape\[0\]: .* got null/],
  ['shape null', shape('null'), /a list of at most 16 sizes, got null/],
  ['17 axes', shape(`[${Array.from({ length: 17 }, () => 1).join(',')}]`, 4), /at most 16 sizes/],
  ['unknown dtype', entry('"dtype":"F7","shape":[2],"data_offsets":[0,8]'), /w\.dtype: expected one of F32, .* got 'F7'/],
  ['lower-case dtype', entry('"dtype":"f32","shape":[2],"data_offsets":[0,8]'), /w\.dtype: .* got 'f32'/],
  ['dtype missing', entry('"shape":[2],"data_offsets":[0,8]'), /w\.dtype: .* got nothing/],
  ['dtype of a prototype', entry('"dtype":"constructor","shape":[2],"data_offsets":[0,8]'), /w\.dtype: .* got 'constructor'/],
  ['entry is a list', file('{"w":[]}'), /w: expected a record with dtype/],
  ['unknown field', entry(`"dtype":"F32","shape":[2],"data_offsets":[0,8],"zip":1`), /w\.zip: expected no field beside/],
  ['a name twice', file(`{${valid},${valid}}`), /w: expected each key once/],
  ['a name twice, escaped', file(`{${valid},${valid.replace('w', '\\u0077')}}`), /w: expected each key once/],
  ['__proto__', file('{"__proto__":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'), /__proto__: expected a key other than __proto__/],
  ['__proto__.x', named('__proto__.x'), /tensor names .* got '__proto__\.x'/],
  ['constructor.prototype.x', named('constructor.prototype.x'), /got 'constructor\.prototype\.x'/],
  ['empty name', named(''), /got ''/],
  ['NUL in a name', named('a\0b'), /got 'a\\u\{0\}b'/],
  ['escape sequence in a name', named('\u001b[2J'), /got '\\u\{1b\}\[2J'/],
  ['right-to-left override in a name', named('a\u202eb'), /got 'a\\u\{202e\}b'/],
  ['lone surrogate in a name', file('{"\\ud800":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'), /\\u\{d800\}/],
  ['path as a name', named('../../etc/passwd'), /got '\.\.\/\.\.\/etc\/passwd'/],
  ['very long name', named('a'.repeat(100_000)), /^\$: .{0,250}$/],
  ['metadata a list', file(`{"__metadata__":[],${valid}}`), /__metadata__: expected a record of texts, got \[\]/],
  ['metadata null', file(`{"__metadata__":null,${valid}}`), /__metadata__: expected a record of texts, got null/],
  ['metadata of numbers', file(`{"__metadata__":{"epoch":1},${valid}}`), /__metadata__\.epoch: expected a text, got 1/],
  ['trailing bytes', file(`{${valid}}`, 9), /8 bytes of data, got 9: bytes that belong to no tensor/],
  ['data without tensors', file('{}', 1), /0 bytes of data, got 1/],
  ['deep nesting', file(`{"w":${'['.repeat(10_000)}${']'.repeat(10_000)}}`), /at most 8 levels/],
  ['checksums that are none', file(`{"__metadata__":{"${checksumsKey}":"[]"},${valid}}`), /diffeo\.crc32: expected checksums/],
  [
    'checksums that do not hold',
    file(`{"__metadata__":{"${checksumsKey}":"{\\"file\\":\\"\\",\\"tensors\\":[]}"},${valid}}`),
    /w: expected contents with the CRC-32 \(none\)/,
  ],
  [
    'zip (.npz, .pt)',
    Uint8Array.from([...'PK\x03\x04aaaaaaaaaaaa'].map(c => c.charCodeAt(0))),
    /got a zip archive \(\.npz, or a PyTorch \.pt: pickles are never loaded\)/,
  ],
  ['pickle', Uint8Array.from([0x80, 0x04, 0x95, 0, 0, 0, 0, 0, 0, 0]), /a Python pickle, which is never loaded/],
  ['gzip', Uint8Array.from([0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0, 0, 0, 3]), /gzip-compressed/],
  ['JSON', new TextEncoder().encode('{"spec": {"_tag": "flow"}}'), /a safetensors file, got JSON/],
  ['NaN', file(`{${valid}}`).map((byte, i, all) => (i >= all.length - 4 ? 0xff : byte)), /w\[1\]: expected a finite number, got NaN/],
  [
    'bool that is 2',
    file('{"m":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]}}', 1).map((byte, i, all) => (i === all.length - 1 ? 2 : byte)),
    /m\[0\]: expected 0 or 1, got 2/,
  ],
]

const s = suite('safetensors')

s.test('the control of the hostile files is read', () => {
  equal([...right(decodeSafetensors(file(`{${valid}}`))).tensors], [['w', f32([2], 0, 0)]])
})

for (const [name, bytes, expected] of hostile)
  s.test(`hostile: ${name}`, () => {
    const message = wrong(decodeSafetensors(bytes))
    ok(expected.test(message), `expected ${expected}, got: ${message}`)
    ok(message.length < 2000)
    is(({} as Record<string, unknown>)['x'], undefined)
  })

s.test('what Python wrote is read bit for bit', () => {
  const { tensors, metadata } = right(decodeSafetensors(fixture('from-python.safetensors')))
  equal(metadata, { 'made by': 'Python' })
  ok(Object.is(tensors.get('scalar')?.data[0], -0))
  equal(tensors.get('scalar')?.shape, [])
  equal(tensors.get('layers.0.w'), f32([2, 3], ...Array.from({ length: 6 }, (_, i) => Math.fround(Math.fround(i / 7) - 0.5))))
  equal(tensors.get('layers.1.w'), f32([3], 1e-45, 3.4028235e38, -1.1754944e-38))
  equal(tensors.get('empty'), f32([0, 4]))
  equal(tensors.get('step'), { dtype: 'i32', shape: [4], data: Int32Array.of(0, -1, 2 ** 31 - 1, -(2 ** 31)) })
  equal(tensors.get('mask'), { dtype: 'bool', shape: [2, 2], data: Uint8Array.of(1, 0, 0, 1) })
  equal(tensors.get('bytes'), { dtype: 'u8', shape: [6], data: Uint8Array.of(0, 51, 102, 153, 204, 255) })
  equal(tensors.get('double'), { dtype: 'f64', shape: [2], data: Float64Array.of(0.1, -1e300) })
  equal([...(tensors.get('long')?.data ?? [])], [2n ** 53n + 1n, -(2n ** 63n)])
  equal(tensors.get('größe'), f32([1], 1.5))
})

for (const name of ['from-python.safetensors', 'from-python-bare.safetensors'])
  s.test(`${name}: the same contents give the bytes that Python wrote`, () => {
    equal([...encodeSafetensors(right(decodeSafetensors(fixture(name))))], [...fixture(name)])
  })

const anyTensor: fc.Arbitrary<TensorData> = fc
  .tuple(
    fc.constantFrom('f32', 'i32', 'bool', 'u8', 'f64', 'i64'),
    fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 4 }),
    fc.infiniteStream(fc.nat(255)),
  )
  .map(([dtype, shape, stream]) => {
    const width = { f32: 4, i32: 4, bool: 1, u8: 1, f64: 8, i64: 8 }[dtype]
    const bytes = Uint8Array.from({ length: width * shape.reduce((n, d) => n * d, 1) }, () => stream.next().value as number)
    if (dtype === 'bool') return { dtype, shape, data: bytes.map(b => b & 1) }
    if (dtype === 'u8') return { dtype, shape, data: bytes }
    if (dtype === 'i32') return { dtype, shape, data: new Int32Array(bytes.buffer) }
    if (dtype === 'f64') return { dtype, shape, data: new Float64Array(bytes.buffer) }
    if (dtype === 'i64') return { dtype, shape, data: new BigInt64Array(bytes.buffer) }
    return { dtype: 'f32', shape, data: new Float32Array(bytes.buffer) }
  })
const anyFile: fc.Arbitrary<SafetensorsFile> = fc.record({
  tensors: fc
    .dictionary(fc.stringMatching(/^[a-zé0-9]{1,6}(\.[a-z0-9~]{1,3}){0,2}$/), anyTensor, { maxKeys: 5 })
    .map(d => new Map(Object.entries(d))),
  metadata: fc
    .dictionary(
      fc.string().filter(key => key !== '__proto__'),
      fc.string({ unit: 'grapheme' }),
      { maxKeys: 3 },
    )
    .map(d => ({ ...d })),
})

s.test('decode(encode(file)) is the file, bit for bit, NaN payloads included', () => {
  fc.assert(
    fc.property(anyFile, contents => {
      const bytes = encodeSafetensors(withChecksums(contents))
      equal(exact(right(decodeSafetensors(bytes, { nonFinite: 'allow', checksums: 'required' }))), exact(withChecksums(contents)))
      is(Number(new DataView(bytes.buffer).getBigUint64(0, true)) % 8, 0)
    }),
    { numRuns: 300, seed: 1 },
  )
})

s.test('random bytes, and random bytes behind a valid length, never throw', () => {
  const random = fc.uint8Array({ maxLength: 200 })
  fc.assert(
    fc.property(random, bytes => void decodeSafetensors(bytes)),
    { numRuns: 1000, seed: 2 },
  )
  fc.assert(
    fc.property(random, bytes => E.isLeft(decodeSafetensors(file(bytes)))),
    { numRuns: 1000, seed: 3 },
  )
  const json = fc.json({ maxDepth: 4 }).map(text => file(`{"w":${text}}`))
  fc.assert(
    fc.property(json, bytes => E.isLeft(decodeSafetensors(bytes))),
    { numRuns: 1000, seed: 4 },
  )
})

s.test('every truncation is found', () => {
  const bytes = encodeSafetensors(withChecksums(small))
  for (let n = 0; n < bytes.length; n++) ok(E.isLeft(decodeSafetensors(bytes.subarray(0, n))), `cut to ${n}`)
})

s.test('every flipped bit is found; in the data the tensor is named', () => {
  const bytes = encodeSafetensors(withChecksums(small))
  const data = bytes.length - 16
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = bytes.slice()
    flipped[bit >> 3]! ^= 1 << (bit & 7)
    const result = decodeSafetensors(flipped, { checksums: 'required', nonFinite: 'allow' })
    ok(E.isLeft(result), `bit ${bit & 7} of byte ${bit >> 3}`)
    if (bit >> 3 >= data) ok((bit >> 3 < data + 8 ? /^a: / : /^b\.0: /).test(wrong(result)), wrong(result))
  }
})

s.test('swapped values of two tensors of one shape are found', () => {
  const contents = withChecksums({
    tensors: new Map([
      ['a', f32([1], 1)],
      ['b', f32([1], 2)],
    ]),
    metadata: {},
  })
  const bytes = encodeSafetensors(contents)
  const data = bytes.length - 8
  bytes.set(Uint8Array.of(...bytes.slice(data + 4), ...bytes.slice(data, data + 4)), data)
  is(wrong(decodeSafetensors(bytes)).split('\n').length, 2)
})

s.test('nothing outside of a view is read, and tensors are copies', () => {
  const bytes = encodeSafetensors(small)
  const pool = Buffer.alloc(bytes.length + 400, 0x53)
  pool.set(bytes, 200)
  const view = pool.subarray(200, 200 + bytes.length)
  const read = right(decodeSafetensors(view)).tensors.get('a')!
  pool.fill(0)
  equal(read, f32([2], 1, 2))
  is(read.data.buffer.byteLength, 8)
  for (let end = 0; end < bytes.length; end++) ok(E.isLeft(decodeSafetensors(pool.fill(0x53).subarray(200, 200 + end))))
})

s.test('shared memory is read', () => {
  const bytes = encodeSafetensors(small)
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length))
  shared.set(bytes)
  equal(right(decodeSafetensors(shared)).tensors.get('a'), f32([2], 1, 2))
})

s.test('what is no Uint8Array is an error', () => {
  for (const u of [undefined, null, 'x', 5, [], {}, new Float32Array(4), new ArrayBuffer(16)])
    ok(/a Uint8Array/.test(wrong(decodeSafetensors(u as unknown as Uint8Array))))
})

s.test('a lie about the length allocates nothing', () => {
  const before = process.memoryUsage().arrayBuffers
  for (const [, bytes] of hostile) decodeSafetensors(bytes)
  ok(process.memoryUsage().arrayBuffers - before < 10e6)
})

s.test('at most ten errors are listed', () => {
  const entries = Array.from({ length: 500 }, (_, i) => `"t${i}":{"dtype":"F99","shape":[],"data_offsets":[0,0]}`)
  const message = wrong(decodeSafetensors(file(`{${entries.join(',')}}`, 0)))
  is(message.split('\n').length, 11)
  ok(/\nand 490 more errors$/.test(message))
})

s.test('encoding refuses a wrong shape and a bad name', () => {
  throws(() => encodeSafetensors({ tensors: new Map([['a', f32([3], 1)]]), metadata: {} }), /expected 12 bytes for f32\[3\], got 4 at a/)
  throws(() => encodeSafetensors({ tensors: new Map([['a..b', f32([1], 1)]]), metadata: {} }), /expected a tensor name, got "a\.\.b"/)
})

s.test('contents in another order give the same bytes', () => {
  const reversed = { tensors: new Map([...small.tensors].reverse()), metadata: small.metadata }
  equal([...encodeSafetensors(withChecksums(reversed))], [...encodeSafetensors(withChecksums(small))])
})

s.test('CRC-32 is the usual one, and can be continued', () => {
  const bytes = new TextEncoder().encode('123456789')
  is(crc32(bytes), 0xcbf43926)
  is(crc32(bytes.subarray(4), crc32(bytes.subarray(0, 4))), 0xcbf43926)
})

s.run()
