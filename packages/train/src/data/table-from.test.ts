import * as tf from '@tensorflow/tfjs-core'
import { equal, is, rejects, suite, throws, useTestBackend } from '@diffeo/testing'
import { collect, select, type Source } from './source.ts'
import { sourceFrom, tableFrom, type Rows, type TableOptions } from './table-from.ts'

const s = suite('tables in memory')
s.before(() => useTestBackend('cpu'))

const values = async (source: Source): Promise<ReadonlyArray<number>> => [...(await collect(source)).values]

const forms: ReadonlyArray<readonly [string, () => Rows, TableOptions]> = [
  ['objects', () => [{ a: 1, b: 2 }, { a: 3, b: 4 }, { a: 5, b: 6 }], {}], // prettier-ignore
  ['objects in another order', () => [{ b: 2, a: 1 }, { a: 3, b: 4 }, { b: 6, c: 0, a: 5 }], { columns: ['a', 'b'] }], // prettier-ignore
  ['objects with text', () => [{ a: '1', b: ' 2 ' }, { a: '3.0', b: 4n }, { a: 5, b: '6e0' }], {}], // prettier-ignore
  ['lists', () => [[1, 2], [3, 4], [5, 6]], { columns: ['a', 'b'] }], // prettier-ignore
  ['typed lists', () => [Float32Array.of(1, 2), Float64Array.of(3, 4), [5, 6]], { columns: ['a', 'b'] }],
  ['columns', () => ({ a: [1, 3, 5], b: Float32Array.of(2, 4, 6) }), {}],
  ['a flat Float64Array', () => Float64Array.of(1, 2, 3, 4, 5, 6), { columns: ['a', 'b'] }],
  ['a flat Float32Array', () => Float32Array.of(1, 2, 3, 4, 5, 6), { columns: ['a', 'b'], width: 2 }],
  ['a tensor', () => tf.tensor2d([[1, 2], [3, 4], [5, 6]]), { columns: ['a', 'b'] }], // prettier-ignore
  ['an iterable', () => new Set([{ a: 1, b: 2 }, { a: 3, b: 4 }, { a: 5, b: 6 }]), {}], // prettier-ignore
  ['a generator', function* () { yield [1, 2]; yield [3, 4]; yield [5, 6] }, { columns: ['a', 'b'] }], // prettier-ignore
  ['an asynchronous iterable', async function* () { yield { a: 1, b: 2 }; yield { a: 3, b: 4 }; yield { a: 5, b: 6 } }, { columns: ['a', 'b'] }], // prettier-ignore
  ['a source', () => tableFrom({ a: [1, 3, 5], b: [2, 4, 6] }), {}],
]
for (const [what, rows, options] of forms)
  s.test(what, async () => {
    const source = tableFrom(rows(), options)
    is(source.name, 'rows')
    equal(source.columns, ['a', 'b'])
    equal(await values(source), [1, 2, 3, 4, 5, 6])
    equal(await values(source), [1, 2, 3, 4, 5, 6], 'a second reading')
    equal(await values(select(source, ['b'])), [2, 4, 6])
    const chunks: Array<readonly [number, number]> = []
    for await (const chunk of source.chunks(2)) chunks.push([chunk.firstRow, chunk.rows])
    equal(chunks, [[1, 2], [3, 1]]) // prettier-ignore
  })

s.test('names of unnamed columns', async () => {
  equal(tableFrom([[1, 2]]).columns, ['x1', 'x2'])
  equal(tableFrom(Float64Array.of(1, 2), { width: 1 }).columns, ['x1'])
  equal(tableFrom(tf.tensor1d([1, 2])).columns, ['x1'])
})

s.test('a tensor that is none of numbers', () => {
  throws(() => tableFrom(tf.tensor3d([[[1]]])), /a tensor \[N, D\] or \[N\], got one of shape \[1, 1, 1\]/)
  throws(() => tableFrom(tf.tensor1d(['a'])), /a tensor of numbers, got one of dtype string/)
  throws(() => tableFrom(tf.zeros([0, 2])), /an empty tensor of shape \[0, 2\]/)
})

s.test('rows that come once are read as they come', async () => {
  let made = 0
  const endless = async function* (): AsyncGenerator<{ readonly a: number }> {
    for (;;) yield { a: made++ }
  }
  const source = tableFrom(endless(), { columns: ['a'], once: true })
  for await (const chunk of source.chunks(10)) {
    equal([...chunk.values], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    break
  }
  is(made, 10)
  await rejects(() => collect(source), /rows that can be read again, got ones that were read/)
})

s.test('an asynchronous iterable without names is collected', async () => {
  const later = async function* (): AsyncGenerator<{ readonly u: number }> {
    yield { u: 1 }
    yield { u: 2 }
  }
  const source = await sourceFrom(later())
  equal(source.columns, ['u'])
  equal(await values(source), [1, 2])
  equal(await values(await sourceFrom([{ u: 3 }])), [3])
})

s.test('a row that is wrong is named, in a stream too', async () => {
  const stream = (function* () {
    yield [1, 2]
    yield [3]
  })()
  await rejects(() => collect(tableFrom(stream, { columns: ['a', 'b'], once: true })), /rows: row 2: expected 2 cells, got 1/)
})

s.test('inherited properties are no cells', async () => {
  const row = Object.create({ a: 1 }) as { readonly a: number }
  equal(await values(tableFrom([row], { columns: ['a', 'constructor'] })), [NaN, NaN])
})

s.test('a chunk size is a positive whole number', () =>
  rejects(async () => {
    for await (const chunk of tableFrom([[1]]).chunks(0)) void chunk
  }, /a positive whole number of rows, got 0/),
)

s.run()
