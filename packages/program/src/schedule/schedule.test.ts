import { equal, ok, suite } from '@diffeo/testing'
import { builder } from '../builder.ts'
import type { Builder } from '../builder.ts'
import type { Node, Program, Value } from '../program.ts'
import { earlyResults } from './early-results.ts'
import { fuse } from './fuse.ts'
import { memoryPlan } from './memory-plan.ts'

const matrix = { op: 'matmul', transposeA: false, transposeB: false } as const

const program = (body: (b: Builder, x: Value, w: Value, bias: Value) => Value | ReadonlyArray<Value>): Program => {
  const b = builder()
  const x = b.input({ shape: [4, 3], dtype: 'float32', name: 'x' })
  const w = b.input({ shape: [3, 5], dtype: 'float32', name: 'w' })
  const bias = b.input({ shape: [5], dtype: 'float32', name: 'bias' })
  return b.finish(body(b, x, w, bias))
}

/** Each step as `kind: ops -> outputs`. */
const shown = (p: Program): ReadonlyArray<string> =>
  fuse(p).map(({ kind, nodes, outputs }) => `${kind}: ${nodes.map(i => p.nodes[i]!.op).join(' ')} -> ${outputs.join(' ')}`)

const layer = (b: Builder, x: Value, w: Value, bias: Value): Value =>
  b.node({ op: 'tanh' }, b.node({ op: 'add' }, b.node(matrix, x, w), b.node({ op: 'broadcast', shape: [4, 5], axes: [1] }, bias)))

const s = suite('schedule')

s.test('a product takes its bias and activation', () => {
  equal(shown(program(layer)), ['matmul: matmul broadcast add tanh -> 6'])
})

s.test('a loop takes the functions before it and ends in reductions', () => {
  const p = program((b, x) => {
    const e = b.node({ op: 'exp' }, b.node({ op: 'neg' }, x))
    return b.node({ op: 'log' }, b.node({ op: 'reduce', kind: 'sum', axes: [1] }, e))
  })
  equal(shown(p), ['loop: neg exp reduce -> 5', 'loop: log -> 6'])
})

s.test('a broadcast that a product and the loop after it read is in memory for the product', () => {
  const p = program((b, x, w, bias) => {
    const other = b.node({ op: 'exp' }, b.node(matrix, x, w))
    const wide = b.node({ op: 'broadcast', shape: [4, 5], axes: [1] }, bias)
    const all = b.node({ op: 'broadcast', shape: [5, 5], axes: [1] }, bias)
    return b.node({ op: 'add' }, b.node(matrix, wide, all), b.node({ op: 'mul' }, wide, other))
  })
  const steps = fuse(p)
  const product = steps.find(({ outputs }) => outputs.includes(p.outputs as Value))!
  ok(product.kind === 'matmul' && product.inputs.includes(5), shown(p).join('\n'))
  ok(steps.some(({ outputs }) => outputs.includes(5)))
})

s.test('what is used later too is an output of its step', () => {
  const p = program((b, x, w, bias) => {
    const y = layer(b, x, w, bias)
    const norm = b.node({ op: 'reduce', kind: 'sum', axes: [0, 1] }, y)
    return b.node({ op: 'mul' }, y, b.node({ op: 'broadcast', shape: [4, 5], axes: [] }, norm))
  })
  equal(shown(p), ['matmul: matmul broadcast add tanh -> 6', 'loop: reduce -> 7', 'loop: broadcast mul -> 9'])
})

s.test('a broadcast is repeated in every step that reads it, and kept for those that cannot', () => {
  const p = program((b, x, w, bias) => {
    const row = b.node({ op: 'broadcast', shape: [4, 5], axes: [1] }, bias)
    const y = b.node({ op: 'add' }, b.node(matrix, x, w), row)
    const t = b.node({ op: 'transpose', perm: [1, 0] }, y)
    const z = b.node({ op: 'mul' }, b.node({ op: 'transpose', perm: [1, 0] }, t), row)
    return [z, b.node({ op: 'transpose', perm: [1, 0] }, row)]
  })
  equal(shown(p), [
    'matmul: broadcast matmul add -> 3 5',
    'single: transpose -> 6',
    'single: transpose -> 7',
    'loop: broadcast mul -> 8',
    'single: transpose -> 9',
  ])
})

s.test('no step waits for itself', () => {
  // exp is used by the last mul, and by a transpose that this waits for
  const p = program((b, x) => {
    const e = b.node({ op: 'exp' }, x)
    const t = b.node({ op: 'transpose', perm: [1, 0] }, b.node({ op: 'transpose', perm: [1, 0] }, e))
    return b.node({ op: 'mul' }, e, t)
  })
  equal(shown(p), ['loop: exp -> 3', 'single: transpose -> 4', 'single: transpose -> 5', 'loop: mul -> 6'])
})

s.test('values share memory when they do not live at once, reshapes lie where their argument does, and loops write in place', () => {
  const p = program((b, x) => {
    const t = b.node({ op: 'transpose', perm: [1, 0] }, x)
    const flat = b.node({ op: 'reshape', shape: [12] }, t)
    const e = b.node({ op: 'exp' }, flat)
    const r = b.node({ op: 'reverse', axes: [0] }, e)
    return b.node({ op: 'cumulative', kind: 'sum', axis: 0, exclusive: false, reverse: false }, r)
  })
  const { bytes, peak, places } = memoryPlan(p)
  equal(places.slice(3), [
    { kind: 'arena', offset: 0, bytes: 48 },
    { kind: 'alias', of: 3 },
    { kind: 'arena', offset: 0, bytes: 48 },
    { kind: 'arena', offset: 48, bytes: 48 },
    { kind: 'own' },
  ])
  equal([bytes, peak], [96, 96])
  ok(places.slice(0, 3).every(({ kind }) => kind === 'own'))
})

s.test('what only one step sees has no memory', () => {
  const { bytes, places } = memoryPlan(program(layer))
  equal(bytes, 0)
  equal(
    places.map(({ kind }) => kind),
    ['own', 'own', 'own', 'none', 'none', 'none', 'own'],
  )
})

s.test('the gradient of relu takes the sums of its columns, where they are asked for before it is used', () => {
  const p = program((b, x, w) => {
    const zero = b.fill([4, 5], 'float32', 0)
    const h = b.node({ op: 'exp' }, zero)
    const before = b.node({ op: 'reduce', kind: 'max', axes: [1] }, h)
    const gated = b.node({ op: 'select' }, b.node({ op: 'gt' }, h, zero), b.node(matrix, x, w), zero)
    const sums = b.node({ op: 'reduce', kind: 'sum', axes: [0] }, gated)
    const rows = b.node({ op: 'reduce', kind: 'sum', axes: [1] }, gated)
    return [before, sums, rows]
  })
  equal(shown(p), ['loop: exp reduce -> 4 5', 'matmul: gt matmul select reduce -> 8 9', 'loop: reduce -> 10'])
})

s.test('what a reshape makes a result of is written to the place of the result', () => {
  const p = program((b, x) => b.node({ op: 'reshape', shape: [12] }, b.node({ op: 'exp' }, x)))
  const { bytes, places } = memoryPlan(p)
  equal(bytes, 0)
  equal(places.slice(3), [{ kind: 'alias', of: 4 }, { kind: 'own' }])
})

s.test('what only results need runs when what it needs is there, and when all others have read what it replaces', () => {
  const p = program((b, x, w, bias) => {
    const y = layer(b, x, w, bias)
    const turned = { ...matrix, transposeA: true }
    const gradient = b.node(turned, x, y)
    const back = b.node({ ...matrix, transposeB: true }, y, w)
    const other = b.node(turned, x, back)
    const sum = b.node({ op: 'reduce', kind: 'sum', axes: [0] }, y)
    const [scaled] = b.nodes({ op: 'custom', name: 'scale', attrs: '{}', composite: null }, [sum], [{ shape: [5], dtype: 'float32' }])
    return [b.node({ op: 'sub' }, w, gradient), b.node({ op: 'neg' }, other), b.node({ op: 'sub' }, bias, scaled!)]
  })
  const custom = (node: Node): boolean => node.op === 'custom'
  const early = earlyResults(p, custom)
  equal(
    early.nodes.map(({ op }) => op),
    ['matmul', 'broadcast', 'add', 'tanh', 'matmul', 'matmul', 'sub', 'matmul', 'neg', 'reduce', 'custom', 'sub'],
  )
  equal(early.outputs, [9, 11, 14])
  equal(early.nodes[6]!.inputs, [1, 7])
  ok(earlyResults(early, custom) === early)
})

s.run()
