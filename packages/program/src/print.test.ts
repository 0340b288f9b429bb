import { equal, ok, suite } from '@diffeo/testing'
import { builder } from './builder.ts'
import { print, toDot } from './print.ts'
import type { Program } from './program.ts'

const example = (): Program => {
  const b = builder()
  const x = b.input({ shape: [2, 3], dtype: 'float32', name: 'x' })
  b.fill([7], 'float32', 3)
  const w = b.constant({ shape: [3, 2], dtype: 'float32', data: Float32Array.of(0.1, 2, -3, 4, 5, 6) })
  const y = b.node({ op: 'matmul', transposeA: false, transposeB: false }, x, w)
  const sum = b.node({ op: 'reduce', kind: 'sum', axes: [0, 1] }, y)
  const zero = b.fill([], 'float32', -0)
  return b.finish({ loss: b.node({ op: 'max' }, sum, zero), y })
}

const s = suite('print')

s.test('one line for each value; a constant that nothing uses is left out', () => {
  equal(
    print(example()),
    [
      'input   %0 f32[2,3]  x',
      'const   %1 f32[3,2] = [0.1, 2, -3, ...]',
      'const   %2 f32[] = -0',
      '        %3 f32[2,2] = matmul{transposeA=false transposeB=false} %0 %1',
      '        %4 f32[] = reduce{kind=sum axes=[0,1]} %3',
      '        %5 f32[] = max %4 %2',
      'output  loss: %5',
      'output  y: %3',
    ].join('\n'),
  )
})

s.test('as a graph', () => {
  const dot = toDot(example())
  ok(dot.startsWith('digraph program {') && dot.endsWith('}'))
  ok(dot.includes('  v0 [shape=box label="x\\nf32[2,3]"]'))
  ok(dot.includes('  v0 -> v3\n  v1 -> v3'))
  ok(dot.includes('  out0 [shape=doublecircle label="loss"]\n  v5 -> out0'))
})

s.test('a custom op shows the size of its composite, and further results hang on it', () => {
  const b = builder()
  const x = b.input({ shape: [2], dtype: 'float32', name: 'x' })
  const inner = builder()
  const y = inner.input({ shape: [2], dtype: 'float32', name: 'y' })
  const composite = inner.finish([inner.node({ op: 'exp' }, y), inner.node({ op: 'neg' }, y)])
  const [e, n] = b.nodes({ op: 'custom', name: 'both', attrs: '{}', composite }, [x])
  const program = b.finish([n!, e!])
  ok(print(program).includes('%1 f32[2], %2 f32[2] = custom{name=both attrs={} composite=(2 nodes)} %0\noutput  [0]: %2'))
  ok(toDot(program).includes('v2 [shape=point]\n  v1 -> v2'))
})

s.run()
