import { defineOp, grad, leaves, tidy } from '@diffeo/core'
import type { Tree } from '@diffeo/core'
import { allocates, equal, near, ok, suite, throws, useTestBackend } from '@diffeo/testing'
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { evaluate } from '../evaluate/evaluate.ts'
import { commonSubexpressions } from '../passes/cse.ts'
import { deadCode } from '../passes/dead-code.ts'
import { inlineCustom } from '../passes/inline-custom.ts'
import { optimize } from '../passes/optimize.ts'
import { print } from '../print.ts'
import type { Node, Program } from '../program.ts'
import { trace } from './trace.ts'

type Scale = { readonly scale: number }

const composites = { two: 0 }
const two = defineOp<Scale>({
  name: 'traced.two',
  composite: ([x, y], { scale }) => {
    composites.two += 1
    return [tf.mul(scale, tf.mul(x!, tf.exp(y!))), tf.mul(tf.square(x!), y!)]
  },
})
const threeSquares = defineOp({ name: 'traced.threeSquares', composite: ([d, x]) => [tf.mul(d!, tf.mul(3, tf.square(x!)))] })
const cube = defineOp({
  name: 'traced.cube',
  composite: ([x]) => [tf.mul(x!, tf.square(x!))],
  vjp: ([d], [x]) => threeSquares([d!, x!], {}),
})
const nested = defineOp({ name: 'traced.nested', composite: ([x]) => [tf.exp(cube([tf.neg(x!)], {})[0]!)] })
const slope = defineOp({ name: 'traced.slope', composite: ([x]) => [grad((v: Tensor) => tf.sum(tf.pow(v, 4)))(x!)] })
const hostSin = defineOp({
  name: 'traced.sin',
  host: ([x]) => [Float32Array.from(x!, Math.sin)],
  shape: ([x]) => [x!],
  vjp: ([d], [x]) => [tf.mul(d!, tf.cos(x!))],
})

const vector = { shape: [3], dtype: 'float32' } as const
const scalar = { shape: [], dtype: 'float32' } as const
const xs = [0.7, -1.2, 0.4]
const ys = [0.3, 0.2, -0.9]

const results = (program: Program, ...inputs: ReadonlyArray<ReadonlyArray<number>>): ReadonlyArray<ReadonlyArray<number>> =>
  leaves(evaluate(program, inputs)).map(data => [...data])
const eagerly = (
  f: (...x: Tensor[]) => Tree<Tensor>,
  ...inputs: ReadonlyArray<ReadonlyArray<number>>
): ReadonlyArray<ReadonlyArray<number>> => tidy(() => leaves(f(...inputs.map(x => tf.tensor1d([...x])))).map(t => [...t.dataSync()]))
const customs = ({ nodes }: Program): ReadonlyArray<string> => nodes.flatMap(node => (node.op === 'custom' ? [node.name] : []))
const all = (): boolean => false

/** What a function gives eagerly, traced, inlined and optimized. */
const agree = (f: (...x: Tensor[]) => Tree<Tensor>, inputs: ReadonlyArray<ReadonlyArray<number>>): Program => {
  const { program } = allocates(0, () => trace(f as (x: Tensor, y: Tensor) => Tree<Tensor>, vector, vector))
  const given = program.inputs.map((_, i) => inputs[i]!)
  const eager = eagerly(f, ...inputs).flat()
  for (const p of [program, inlineCustom(program, all), optimize(program), optimize(inlineCustom(program, all))])
    near(results(p, ...given).flat(), eager, { atol: 2e-5, rtol: 2e-5 })
  return program
}

const s = suite('custom ops in a trace')
s.before(() => useTestBackend('cpu'))

s.test('an op is one node that carries its composite', () => {
  const program = agree((x, y) => two([x, y], { scale: 2 }), [xs, ys])
  equal(
    print(program),
    [
      'input   %0 f32[3]  arg0',
      'input   %1 f32[3]  arg1',
      '        %2 f32[3], %3 f32[3] = custom{name=traced.two attrs={"scale":2} composite=(5 nodes)} %0 %1',
      'output  [0]: %2',
      'output  [1]: %3',
    ].join('\n'),
  )
  equal(structuredClone(program), program)
})

s.test('the composite is traced once for its types and attributes', () => {
  const before = composites.two
  const at = (size: number, scale: number): unknown =>
    trace(x => two([x, tf.exp(two([x, x], { scale })[0]!)], { scale }), { shape: [size], dtype: 'float32' } as const).program.nodes
  at(5, 1)
  at(5, 1)
  equal(composites.two, before + 1)
  at(5, 1.5)
  at(6, 1.5)
  equal(composites.two, before + 3)
})

const derivatives: Readonly<Record<string, (x: Tensor, y: Tensor) => Tensor>> = {
  'the first output': (x, y) => tf.sum(tf.sin(two([x, y], { scale: 2 })[0]!)),
  'the second output': (x, y) => tf.sum(tf.square(two([x, y], { scale: 2 })[1]!)),
  'both outputs': (x, y) => tf.sum(tf.mul(...(two([tf.tanh(x), y], { scale: 2 }) as [Tensor, Tensor]))),
  'a rule that is an op': (x, y) => tf.sum(tf.mul(y, cube([x], {})[0]!)),
  'an op inside of an op': (x, y) => tf.sum(tf.mul(y, nested([x], {})[0]!)),
  'a gradient inside of an op': (x, y) => tf.sum(tf.mul(y, slope([x], {})[0]!)),
  'a host op': (x, y) => tf.sum(tf.mul(y, hostSin([tf.square(x)], {})[0]!)),
}
for (const [name, f] of Object.entries(derivatives))
  s.test(`first and second derivative by ${name}`, () => {
    const first = (x: Tensor, y: Tensor): readonly [Tensor, Tensor] => {
      const g = grad((p: { readonly x: Tensor; readonly y: Tensor }) => f(p.x, p.y))({ x, y })
      return [g.x, g.y]
    }
    const second = (x: Tensor, y: Tensor): Tensor => {
      const [gx, gy] = first(x, y)
      return tf.sum(tf.add(tf.square(gx), gy))
    }
    agree((x, y) => first(x, y), [xs, ys])
    agree((x, y) => [grad((v: Tensor) => second(v, y))(x), grad((v: Tensor) => second(x, v))(y)], [xs, ys])
  })

s.test('an output that is not used adds nothing to the gradient', () => {
  const gradient = (use: number): Program =>
    optimize(inlineCustom(trace((x, y) => grad((v: Tensor) => tf.sum(two([v, y], { scale: 2 })[use]!))(x), vector, vector).program, all))
  ok(!print(gradient(1)).includes('exp'))
  ok(!print(gradient(0)).includes('square'))
})

s.test('equal ops are merged, unused ones left out, and a composite inlined shares what it computes', () => {
  const { program } = trace(
    (x, y) => {
      two([y, y], { scale: 1 })
      const [p, q] = [two([x, y], { scale: 1 }), two([tf.reshape(x, [3]), y], { scale: 1 })]
      return tf.add(tf.add(p[0]!, q[0]!), two([x, y], { scale: 3 })[0]!)
    },
    vector,
    vector,
  )
  equal(customs(program).length, 4)
  equal(customs(commonSubexpressions(deadCode(program))).length, 2)
  equal(customs(optimize(program)).length, 2)
  const inlined = optimize(inlineCustom(program, all))
  equal(customs(inlined), [])
  equal(inlined.nodes.filter(node => (node as Node).op === 'exp').length, 1)
})

s.test('inlineCustom keeps what it is told to keep, and gives the program back where nothing goes', () => {
  const { program } = trace((x, y) => [nested([x], {})[0]!, two([x, y], { scale: 1 })[1]!, hostSin([x], {})[0]!], vector, vector)
  ok(inlineCustom(program, () => true) === program)
  equal(customs(inlineCustom(program, name => name === 'traced.two')), ['traced.two', 'traced.sin'])
  equal(customs(inlineCustom(program, name => name === 'traced.cube')), ['traced.cube', 'traced.sin'])
  near(
    results(
      inlineCustom(program, name => name === 'traced.cube'),
      xs,
      ys,
    ).flat(),
    results(program, xs, ys).flat(),
    { rtol: 1e-6 },
  )
})

s.test('a host op runs when the program is evaluated, in float32; without its module that is an error', () => {
  const { program } = trace(x => hostSin([tf.mul(x, 2)], {})[0]!, vector)
  equal(program.nodes.at(-1), { op: 'custom', name: 'traced.sin', attrs: '{}', composite: null, inputs: [2], outputs: [vector] })
  near(
    results(program, xs)[0]!,
    xs.map(x => Math.sin(2 * x)),
  )
  near(
    leaves(evaluate(program, [xs], { precision: 'float64' }))[0]!,
    xs.map(x => Math.sin(2 * x)),
  )
  const elsewhere = { ...program, nodes: program.nodes.map(node => ({ ...node, name: 'traced.unknown' }) as Node) }
  throws(() => evaluate(elsewhere, [xs]), /^evaluate: expected a composite or a host op, got neither for 'traced\.unknown'; /)
})

s.test('an op of numbers that are known can be read', () => {
  const { program } = trace(x => (hostSin([tf.tensor1d([1, 2])], {})[0]!.dataSync()[0]! > 0 ? tf.neg(x) : x), scalar)
  equal(results(program, [2]), [[-2]])
})

s.test('errors: what a composite captures, what it throws, and leaks of neither', () => {
  const slot: { held?: Tensor } = {}
  const capturing = defineOp({ name: 'traced.capturing', composite: ([x]) => [tf.mul(x!, slot.held!)] })
  const failing = defineOp({
    name: 'traced.failing',
    composite: ([x]) => {
      tf.exp(x!)
      throw new Error('half way')
    },
  })
  allocates(0, () =>
    throws(
      () =>
        trace(x => {
          slot.held = tf.exp(x)
          return [...capturing([x], {})]
        }, vector),
      /^traced\.capturing: expected no tensor of an enclosing trace in Multiply, got one made by Exp; give it to the op as an input$/,
    ),
  )
  allocates(0, () => throws(() => trace(x => grad((v: Tensor) => tf.sum(failing([v], {})[0]!))(x), vector), /half way/))
  throws(() => trace(x => tf.tensor1d(two([x, x], { scale: 2 })[0]!.dataSync()), vector), /got one of f32\[3\], made by traced\.two; /)
  equal([tf.getBackend(), tf.engine().isTapeOn()], ['cpu', false])
})

s.run()
