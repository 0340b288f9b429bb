import { leaves } from '@diffeo/core'
import { equal, near, ok, suite } from '@diffeo/testing'
import { builder } from '../builder.ts'
import type { Builder } from '../builder.ts'
import { evaluate } from '../evaluate/evaluate.ts'
import { print } from '../print.ts'
import type { DType, Program, Type, Value } from '../program.ts'
import { commonSubexpressions } from './cse.ts'
import { deadCode } from './dead-code.ts'
import { simplifyLoops } from './loops.ts'
import { optimize } from './optimize.ts'

const of = (dtype: DType, ...shape: ReadonlyArray<number>): Type => ({ shape, dtype })
const float = (...shape: ReadonlyArray<number>): Type => of('float32', ...shape)

const program = (types: ReadonlyArray<Type>, f: (b: Builder, ...inputs: Value[]) => ReadonlyArray<Value>): Program => {
  const b = builder()
  return b.finish([...f(b, ...types.map((type, i) => b.input({ ...type, name: `x${i}` })))])
}
const scanOf = (body: Program, carries: number, xs: number, length = 3) =>
  ({ op: 'scan', body, carries, xs, length, reverse: false }) as const

const shown = (p: Program): ReadonlyArray<string> =>
  print(p)
    .split('\n')
    .slice(p.inputs.length)
    .map(line => line.trim())
const run = (p: Program, inputs: ReadonlyArray<ReadonlyArray<number>>): ReadonlyArray<ReadonlyArray<number>> =>
  leaves(evaluate(p, inputs)).map(data => [...data])

const s = suite('passes over loops')

s.test('results that nothing uses, and carries and inputs that only they need, are left out', () => {
  const body = program([float(), float(), float(), float(), float()], (b, h, dead, x, unused, w) => {
    const next = b.node({ op: 'mul' }, h, w)
    return [b.node({ op: 'add' }, next, x), b.node({ op: 'add' }, dead, unused), next, b.node({ op: 'exp' }, dead), h]
  })
  const before = program([float(), float(3), float(3), float()], (b, h, x, unused, w) => {
    const [last, , kept] = b.nodes(scanOf(body, 2, 2), [h, w, x, unused, w])
    return [last!, kept!]
  })
  const after = simplifyLoops(before)
  equal(shown(deadCode(after)), [
    '%4 f32[], %5 f32[3] = scan{body=(2 nodes) carries=1 xs=1 length=3 reverse=false} %0 %1 %3',
    '| input   %0 f32[]  x0',
    '| input   %1 f32[]  x2',
    '| input   %2 f32[]  x4',
    '|         %3 f32[] = mul %0 %2',
    '|         %4 f32[] = add %3 %1',
    '| output  [0]: %4',
    '| output  [1]: %3',
    'output  [0]: %4',
    'output  [1]: %5',
  ])
  const inputs = [[2], [1, 2, 3], [4, 5, 6], [0.5]]
  equal(run(after, inputs), run(before, inputs))
  ok(simplifyLoops(after) === after)
})

s.test('a carry that another one needs stays, though nothing uses it after', () => {
  const body = program([float(), float(), float()], (b, h, g, x) => [b.node({ op: 'add' }, h, g), b.node({ op: 'mul' }, g, x)])
  const p = program([float(), float(3)], (b, h, x) => [b.nodes(scanOf(body, 2, 1), [h, h, x])[0]!])
  ok(simplifyLoops(p) === p)
})

s.test('a carry that no step changes is what it was, and is not carried', () => {
  const body = program([float(2), float(2), float(2)], (b, h, same, x) => [
    b.node({ op: 'add' }, b.node({ op: 'mul' }, h, same), x),
    same,
    same,
  ])
  const before = program([float(2), float(2), float(3, 2)], (b, h, same, x) => [...b.nodes(scanOf(body, 2, 1), [h, same, x])])
  const after = simplifyLoops(before)
  equal(shown(after)[0], '%3 f32[2], %4 f32[3,2] = scan{body=(2 nodes) carries=1 xs=1 length=3 reverse=false} %0 %2 %1')
  equal(after.outputs, [3, 1, 4])
  const inputs = [[1, 2], [3, -1], [1, 2, 3, 4, 5, 6]] // prettier-ignore
  equal(run(after, inputs), run(before, inputs))
})

s.test('constants stand inside, rows of one number too; inputs and results that are the same are one', () => {
  const body = program([float(2), float(2), float(2), float(2), float(2), float(2)], (b, h, x, ones, c, w, again) => {
    const next = b.node(
      { op: 'add' },
      b.node({ op: 'mul' }, h, c),
      b.node({ op: 'sub' }, b.node({ op: 'mul' }, x, ones), b.node({ op: 'mul' }, w, again)),
    )
    return [next, next, h, next]
  })
  const before = program([float(2), float(3, 2), float(2)], (b, h, x, w) => {
    const c = b.constant({ ...float(2), data: Float32Array.of(2, 3) })
    return [...b.nodes(scanOf(body, 1, 2), [h, x, b.fill([3, 2], 'float32', 1), c, w, w])]
  })
  const after = simplifyLoops(before)
  equal(shown(after).slice(0, 7), [
    '%3 f32[2], %4 f32[3,2], %5 f32[3,2] = scan{body=(5 nodes) carries=1 xs=1 length=3 reverse=false} %0 %1 %2',
    '| input   %0 f32[2]  x0',
    '| input   %1 f32[2]  x1',
    '| input   %2 f32[2]  x4',
    '| const   %3 f32[2] = 1',
    '| const   %4 f32[2] = [2, 3]',
    '|         %5 f32[2] = mul %0 %4',
  ])
  equal(after.outputs, [3, 4, 5, 4])
  const inputs = [[1, 2], [1, 2, 3, 4, 5, 6], [0.5, -1]] // prettier-ignore
  equal(run(after, inputs), run(before, inputs))
})

s.test('loops of one body and inputs are merged; others are kept apart', () => {
  const square = (): Program => program([float(), float()], (b, h, x) => [b.node({ op: 'add' }, b.node({ op: 'square' }, h), x)])
  const [body, twin] = [square(), square()]
  const p = program([float(), float(3)], (b, h, x) =>
    [scanOf(body, 1, 1), scanOf(body, 1, 1), scanOf(twin, 1, 1), { ...scanOf(body, 1, 1), reverse: true }].map(loop => b.node(loop, h, x)),
  )
  equal(commonSubexpressions(p).nodes.length, 3)
})

s.test('the bodies of loops are optimized, those in bodies too', () => {
  const inner = program([float(2), float(2)], (b, h, w) => [
    b.node({ op: 'mul' }, b.node({ op: 'log' }, b.node({ op: 'exp' }, h)), b.node({ op: 'neg' }, b.node({ op: 'neg' }, w))),
  ])
  const body = program([float(2), float(2)], (b, h, x) => {
    const same = b.node({ op: 'reshape', shape: [2] }, h)
    return [b.node({ op: 'add' }, b.node(scanOf(inner, 1, 0, 2), same, x), b.node({ op: 'mul' }, x, b.fill([2], 'float32', 1)))]
  })
  const before = program([float(2), float(3, 2)], (b, h, x) => [b.node(scanOf(body, 1, 1), h, x)])
  const after = optimize(before)
  equal(shown(after), [
    '%2 f32[2] = scan{body=(2 nodes) carries=1 xs=1 length=3 reverse=false} %0 %1',
    '| input   %0 f32[2]  x0',
    '| input   %1 f32[2]  x1',
    '|         %2 f32[2] = scan{body=(1 nodes) carries=1 xs=0 length=2 reverse=false} %0 %1',
    '|         | input   %0 f32[2]  x0',
    '|         | input   %1 f32[2]  x1',
    '|         |         %2 f32[2] = mul %0 %1',
    '|         | output  [0]: %2',
    '|         %3 f32[2] = add %2 %1',
    '| output  [0]: %3',
    'output  [0]: %2',
  ])
  const inputs = [[1, 2], [1, 2, 3, 4, 5, 6]] // prettier-ignore
  near(run(after, inputs).flat(), run(before, inputs).flat(), { rtol: 1e-6 })
  ok(optimize(after) === after)
})

s.run()
