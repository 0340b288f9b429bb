import { entries, grad, leaves, mapTree, scan, showPath, stopGradient, tidy } from '@diffeo/core'
import type { Params, Tree } from '@diffeo/core'
import { allocates, equal, near, ok, suite, throws, useTestBackend } from '@diffeo/testing'
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { evaluate } from '../evaluate/evaluate.ts'
import { optimize } from '../passes/optimize.ts'
import { print } from '../print.ts'
import type { Program } from '../program.ts'
import { trace } from './trace.ts'

const vector = { shape: [2], dtype: 'float32' } as const

const all = (tree: Tree<Tensor>): Tensor => leaves<Tensor>(tree).reduce<Tensor>((sum, x) => tf.add(sum, tf.sum(tf.square(x))), tf.scalar(0))
const first = <P extends Params>(f: (p: P) => Tensor): ((p: P) => P) => grad(f)
const second = <P extends Params>(f: (p: P) => Tensor): ((p: P) => P) => grad((p: P) => all(grad(f)(p)))
const third = <P extends Params>(f: (p: P) => Tensor): ((p: P) => P) => grad((p: P) => all(second(f)(p)))

const dataOf = (tree: Tree<Tensor>): ReadonlyArray<ArrayLike<number>> => leaves<Tensor>(tree).map(x => x.dataSync())

/** What a function gives eagerly, traced, and optimized. */
const agree = <P extends Params>(f: (p: P) => Tree<Tensor>, params: P, tolerance = 2e-5): Program => {
  const { program } = allocates(0, () => trace(f as (p: Params) => Tree<Tensor>, params as Params))
  const eager = tidy(() => dataOf(f(params)))
  const inputs = dataOf(params)
  for (const [name, p] of [
    ['traced', program],
    ['optimized', optimize(program)],
  ] as const)
    leaves(evaluate(p, inputs, { precision: 'float64' })).forEach((data, i) =>
      near(data, eager[i]!, {
        atol: tolerance * Math.max(1, ...Array.from(eager[i]!, Math.abs)),
        what: `${name} ${showPath(entries(p.outputs)[i]![0])}`,
      }),
    )
  return program
}

/** A recurrent network: captured weights, rows, a carry, and something kept of each step. */
const at = () => ({
  h: tf.tensor1d([0.5, -1]),
  xs: tf.tensor2d([[0.3, 1], [-0.4, 0.2], [1, -2], [0.1, 0.6]]), // prettier-ignore
  w: tf.tensor2d([[0.7, -0.2], [0.4, 0.3]]), // prettier-ignore
  b: tf.scalar(0.1),
})
type At = ReturnType<typeof at>

const cell = (p: At, h: Tensor, x: Tensor): Tensor =>
  tf.tanh(tf.add(tf.reshape(tf.matMul(tf.reshape(h, [1, 2]), p.w), [2]), tf.add(x, p.b)))

const scanned =
  (reverse: boolean) =>
  (p: At): Tensor => {
    const { carry, ys } = scan((h: Tensor, x: Tensor) => ({ carry: cell(p, h, x), y: tf.mul(h, x) }), p.h, p.xs, { reverse })
    return tf.add(tf.sum(tf.sin(carry)), tf.sum(tf.square(ys)))
  }
const unrolled =
  (reverse: boolean) =>
  (p: At): Tensor => {
    let [h, sum]: readonly [Tensor, Tensor] = [p.h, tf.scalar(0)]
    for (const i of reverse ? [3, 2, 1, 0] : [0, 1, 2, 3]) {
      const x = tf.reshape(tf.slice(p.xs, [i, 0], [1, 2]), [2])
      sum = tf.add(sum, tf.sum(tf.square(tf.mul(h, x))))
      h = cell(p, h, x)
    }
    return tf.add(tf.sum(tf.sin(h)), sum)
  }

const s = suite('scan in a trace')
s.before(() => useTestBackend('cpu'))

s.test('a scan is one node; what its body captures are inputs', () => {
  const { program } = trace(
    (c, xs, w) => scan((h: Tensor, x: Tensor) => ({ carry: tf.add(tf.mul(h, w), x), y: h }), c, xs),
    vector,
    { shape: [3, 2], dtype: 'float32' } as const,
    vector,
  )
  equal(
    print(optimize(program)),
    [
      'input   %0 f32[2]  arg0',
      'input   %1 f32[3,2]  arg1',
      'input   %2 f32[2]  arg2',
      '        %3 f32[2], %4 f32[3,2] = scan{body=(2 nodes) carries=1 xs=1 length=3 reverse=false} %0 %1 %2',
      '        | input   %0 f32[2]  carry0',
      '        | input   %1 f32[2]  x0',
      '        | input   %2 f32[2]  captured0',
      '        |         %3 f32[2] = mul %0 %2',
      '        |         %4 f32[2] = add %3 %1',
      '        | output  [0]: %4',
      '        | output  [1]: %0',
      'output  carry: %3',
      'output  ys: %4',
    ].join('\n'),
  )
  equal(structuredClone(program), program)
  const results = leaves(evaluate(program, [[1, 2], [1, 1, 2, 2, 3, 3], [2, 10]])).map(data => [...data]) // prettier-ignore
  equal(results, [
    [19, 2123],
    [1, 2, 3, 21, 8, 212],
  ])
})

for (const reverse of [false, true])
  s.test(`values and derivatives up to the third are those of the loop that is written out${reverse ? ', in reverse' : ''}`, () => {
    const p = at()
    agree((q: At) => [scanned(reverse)(q), unrolled(reverse)(q)], p)
    agree((q: At) => [first(scanned(reverse))(q), first(unrolled(reverse))(q)], p)
    agree((q: At) => [second(scanned(reverse))(q), second(unrolled(reverse))(q)], p, 1e-4)
    // the loop that is written out alone: eagerly, the scan's third derivative is that of the tape
    const program = trace((q: At) => [third(scanned(reverse))(q), third(unrolled(reverse))(q)], p).program
    const results = leaves(evaluate(program, dataOf(p), { precision: 'float64' }))
    results.slice(0, 4).forEach((data, i) => near(data, results[i + 4]!, { rtol: 1e-9, atol: 1e-9 }))
    tf.dispose(p)
  })

s.test('a program has as many nodes for many steps as for few', () => {
  const nodes = (length: number, f: (p: At) => Tree<Tensor>): number => {
    const p = { ...at(), xs: tf.ones([length, 2]) }
    const { program } = trace(f as unknown as (p: Params) => Tree<Tensor>, p as Params)
    tf.dispose(p)
    return program.nodes.length
  }
  for (const f of [scanned(false), first(scanned(false)), second(scanned(false))] as ReadonlyArray<(p: At) => Tree<Tensor>>)
    equal(nodes(40, f), nodes(3, f))
})

s.test('the gradient runs the loop forward once, and keeps no more than it needs', () => {
  const p = at()
  const scans = (q: Program): ReadonlyArray<number> => q.nodes.flatMap(node => (node.op === 'scan' ? [node.outputs.length] : []))
  const value = optimize(trace((q: At) => scanned(false)(q), p).program)
  equal(scans(value), [2])
  const gradient = optimize(trace((q: At) => first(scanned(false))(q), p).program)
  // forward: the carry, what is kept, the carries; back: dh, dw, db and dxs
  equal(scans(gradient), [3, 4])
  const onlyW = optimize(trace((q: At) => first(scanned(false))(q).w, p).program)
  equal(scans(onlyW), [3, 2])
  tf.dispose(p)
})

s.test('trees, integers, and numbers that are not differentiated', () => {
  const p = { x: tf.tensor1d([0.5, -0.3]), n: tf.tensor1d([2, 1, 3], 'int32') }
  const f = (q: typeof p): Tensor => {
    const { carry, ys } = scan(
      ({ x, count }, { n }) => ({
        carry: { x: tf.mul(tf.sin(x), tf.cast(n, 'float32')), count: tf.add(count, n) },
        y: { n: count, half: [tf.mul(x, 0.5)] as const },
      }),
      { x: q.x as Tensor, count: tf.scalar(7, 'int32') as Tensor },
      { n: q.n },
    )
    return tf.add(
      tf.sum(tf.mul(carry.x, tf.cast(carry.count, 'float32'))),
      tf.sum(tf.mul(ys.half[0], tf.cast(tf.reshape(ys.n, [3, 1]), 'float32'))),
    )
  }
  const { program } = trace((x, n) => [f({ x, n } as typeof p), grad((v: Tensor) => f({ x: v, n } as typeof p))(x)], p.x, p.n)
  const eager = tidy(() => dataOf([f(p), grad((v: Tensor) => f({ ...p, x: v as typeof p.x }))(p.x)]))
  leaves(evaluate(program, dataOf(p))).forEach((data, i) => near(data, eager[i]!, { rtol: 1e-5 }))
  tf.dispose(p)
})

s.test('a scan in the body of a scan, which captures from both', () => {
  const p = { c: tf.tensor1d([0.3, -0.2]), xs: tf.tensor2d([[1, 2], [0.5, -1], [0.2, 0.1]]), w: tf.scalar(0.6) } // prettier-ignore
  const inner = (h: Tensor, x: Tensor, w: Tensor): Tensor =>
    scan((v: Tensor, row: Tensor) => ({ carry: tf.add(tf.mul(tf.tanh(v), w), tf.mul(row, x)), y: v }), h, tf.stack([x, tf.neg(x), h])).carry
  const f = (q: typeof p): Tensor => {
    const shared = tf.exp(q.w)
    return tf.sum(scan((h: Tensor, x: Tensor) => ({ carry: inner(h, x, tf.mul(shared, tf.sum(h))), y: h }), q.c, q.xs).ys)
  }
  agree(f, p)
  agree((q: typeof p) => first(f)(q), p)
  agree((q: typeof p) => second(f)(q), p, 1e-4)
  tf.dispose(p)
})

s.test('what is captured is kept for the gradient, after the tidy in which it was made', () => {
  const p = { w: tf.scalar(0.6) }
  const f = (q: typeof p): Tensor =>
    tidy(() => {
      const [u, c] = [tf.exp(q.w), tf.sin(q.w)]
      return tf.sum(scan((h: Tensor) => ({ carry: tf.mul(tf.tanh(h), u), y: {} }), c, {}, { length: 3 }).carry)
    })
  agree((q: typeof p) => [f(q), first(f)(q), second(f)(q)], p)
  p.w.dispose()
})

s.test('rules of gradients hold inside of a body: stopGradient, relu at 0, elu far out', () => {
  const p = { x: tf.tensor1d([0, 1, -90, 95]) }
  const f = (q: typeof p): Tensor =>
    tf.sum(
      scan(
        (sum: Tensor, k: Tensor) => ({
          carry: tf.add(sum, tf.mul(k, tf.add(tf.add(tf.relu(q.x), tf.elu(q.x)), tf.mul(q.x, stopGradient(q.x))))),
          y: {},
        }),
        tf.zeros([4]),
        tf.tensor1d([1, 2]),
      ).carry,
    )
  agree((q: typeof p) => first(f)(q), p)
  p.x.dispose()
})

s.test('tensors from outside that the body captures can be differentiated, too', () => {
  const [w, x] = [tf.scalar(0.5), tf.scalar(2)]
  const f = (v: Tensor): Tensor => scan((h: Tensor) => ({ carry: tf.mul(h, v), y: {} }), x, {}, { length: 3 }).carry
  const { program } = trace(y => tf.mul(y, tf.grad(v => tf.sum(f(v)))(w)), { shape: [], dtype: 'float32' } as const)
  near(leaves(evaluate(program, [[1]]))[0]!, [2 * 3 * 0.25])
  tf.dispose([w, x])
})

s.test('constants outside of a body are constants inside, once the program is optimized', () => {
  const w = tf.tensor1d([2, 3])
  const { program } = trace(x => {
    const two = tf.fill([2], 2)
    return scan((h: Tensor) => ({ carry: tf.add(tf.mul(h, two), tf.square(w)), y: {} }), x, {}, { length: 4 }).carry
  }, vector)
  const [node] = optimize(program).nodes
  ok(node?.op === 'scan' && node.inputs.length === 1 && node.body.constants.length === 2 && node.body.nodes.length === 2)
  w.dispose()
})

s.test('a body may read no traced tensor, and nothing leaks when it throws', () => {
  const body = (f: (h: Tensor) => Tensor) => (): unknown =>
    trace(x => grad((v: Tensor) => tf.sum(scan((h: Tensor) => ({ carry: f(h), y: {} }), v, {}, { length: 2 }).carry))(x), vector)
  allocates(0, () => {
    throws(
      body(h => tf.mul(h, h.dataSync()[0]!)),
      /expected no read of a traced tensor, got one of f32\[2\], made by the argument carry0/,
    )
    throws(
      body(h => {
        tf.exp(h)
        throw new Error('half way')
      }),
      /half way/,
    )
    throws(
      body(h => tf.sum(h)),
      /^scan: expected a carry of float32\[2\] of a step, got float32\[\] at \$$/,
    )
    const slot: { escaped?: Tensor } = {}
    throws(() => {
      trace(x => {
        const { carry } = scan((h: Tensor) => ({ carry: (slot.escaped = tf.exp(h)), y: {} }), x, {}, { length: 2 })
        return tf.add(carry, slot.escaped!)
      }, vector)
    }, /disposed|escaped/)
  })
  ok(!tf.engine().isTapeOn() && tf.getBackend() === 'cpu')
})

s.test('mapTree of parameters stacked along a new axis: layers as rows', () => {
  const layers = [0.3, -0.5, 0.8, 0.1].map(v => ({ w: tf.tensor1d([v, 2 * v]), b: tf.scalar(v) }))
  const stacked = (p: typeof layers): (typeof layers)[0] =>
    mapTree((_: Tensor, path) => tf.stack(p.map(layer => layer[path[0] as 'w'])), p[0]!) as (typeof layers)[0]
  const f = (p: typeof layers): Tensor =>
    tf.sum(scan((h: Tensor, { w, b }) => ({ carry: tf.tanh(tf.add(tf.mul(h, w), b)), y: {} }), tf.tensor1d([1, -1]), stacked(p)).carry)
  agree((p: typeof layers) => [f(p), first(f)(p), second(f)(p)], layers)
  tf.dispose(layers)
})

s.run()
