import { equal, is, ok, suite } from '@diffeo/testing'
import fc from 'fast-check'
import { labelReader, numberReader } from './number.ts'

const s = suite('cells as numbers')
const read = numberReader()

/** The grammar of a decimal number, written independently of `Number`. */
const grammar = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/

s.test('text is a number exactly where the grammar says so', () => {
  const cell = fc.string({ unit: fc.constantFrom(...'0123456789+-.eExXobn_,aN '), maxLength: 8 })
  fc.assert(
    fc.property(cell, text => {
      const trimmed = text.trim()
      const value = read(text)
      if (grammar.test(trimmed)) return value === (Number.isFinite(Number(trimmed)) ? Number(trimmed) : undefined)
      return value === undefined || Number.isNaN(value)
    }),
    { numRuns: 5000, seed: 1 },
  )
})

s.test('every float64 survives its text', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), x => read(`${x}`) === x),
    { numRuns: 1000, seed: 2 },
  )
})

s.test('missing markers', () => {
  for (const marker of ['', ' ', 'NA', 'NaN', 'nan', 'NAN', 'null', 'NULL', 'N/A', '?', '-']) ok(Number.isNaN(read(marker)), marker)
  for (const text of ['na', 'none', '--', '??', 'Null']) is(read(text), undefined)
  const custom = numberReader(['-999', 'none'])
  ok(Number.isNaN(custom('-999')) && Number.isNaN(custom('none')) && Number.isNaN(custom('')))
  is(custom('NA'), undefined)
  is(custom('-998'), -998)
})

s.test('values that are no text', () => {
  equal([true, false, 3, 2n, new Date(2500)].map(read), [1, 0, 3, 2, 2.5])
  ok([null, undefined, NaN].every(x => Number.isNaN(read(x))))
  equal([{}, [], () => 1, 2n ** 60n, Symbol('x')].map(read), [undefined, undefined, undefined, undefined, undefined])
})

s.test('labels: numbers as they are, texts by a hash that tells them apart', () => {
  const label = labelReader()
  equal([label('7'), label(7), label(' 7.0 ')], [7, 7, 7])
  ok(Number.isNaN(label('NA')))
  const labels = new Set(Array.from({ length: 100_000 }, (_, i) => label(`station ${i}`)))
  is(labels.size, 100_000)
  ok([...labels].every(x => x !== undefined && x >= 2 ** 52 && Number.isSafeInteger(x)))
  is(label(2n ** 60n), label(2n ** 60n))
  ok(label(2n ** 60n) !== label(2n ** 60n + 1n))
})

s.run()
