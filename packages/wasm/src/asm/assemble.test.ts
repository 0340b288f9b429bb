import { equal, ok, suite, throws } from '@diffeo/testing'
import { assemble } from './assemble.ts'
import type { Func, Label } from './code.ts'
import { after, apply, block, br, brIf, choose, func, get, invoke, local, loop, select, seq, set, share, when } from './control.ts'
import { floatBytes, signed, unsigned } from './leb128.ts'
import { bump, countUp, forEach } from './loops.ts'
import { f32, f64, i32, i64 } from './scalar.ts'
import { f32x4, f64x2, i32x4, i64x2, shuffle32, v128 } from './simd.ts'
import { features } from '../features.ts'

const memory = new WebAssembly.Memory({ initial: 1 })
const run = (target: Func, ...args: ReadonlyArray<number | bigint>): unknown => {
  const bytes = assemble({ exports: { run: target } })
  ok(WebAssembly.validate(bytes), `${target.name} validates`)
  return (new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } }).exports['run'] as (...x: typeof args) => unknown)(
    ...args,
  )
}

const s = suite('assembler')

s.test('LEB128 and floats as the binary format writes them', () => {
  equal(unsigned(0), [0])
  equal(unsigned(624485), [0xe5, 0x8e, 0x26])
  equal(unsigned(2 ** 32 - 1), [0xff, 0xff, 0xff, 0xff, 0x0f])
  equal(signed(-123456), [0xc0, 0xbb, 0x78])
  equal(signed(63), [0x3f])
  equal(signed(64), [0xc0, 0x00])
  equal(signed(-64), [0x40])
  equal(signed(-(2n ** 63n)), [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f])
  equal(floatBytes(1.5, 32), [0, 0, 0xc0, 0x3f])
})

s.test('every scalar and vector instruction validates', () => {
  const operands = { i32: i32.const(1), i64: i64.const(1), f32: f32.const(1), f64: f64.const(1), v128: f32x4.const(1) }
  const attempt = (name: string, f: (...args: ReadonlyArray<never>) => unknown): void => {
    const candidates = Object.values(operands)
    const lists = candidates.flatMap(a => [
      [a],
      [a, a],
      [a, a, a],
      [a, i32.const(0)],
      [a, 0],
      [i32.const(0), a],
      [a, 0, i32.const(1)],
      [a, 0, i64.const(1)],
      [a, 0, f32.const(1)],
      [a, 0, f64.const(1)],
      [i32.const(0), a, 0],
      [f32x4.const(1), f32x4.const(2), Array.from({ length: 16 }, (_, i) => i)],
    ])
    const valid = lists.filter(list => {
      try {
        const value = f(...(list as unknown as ReadonlyArray<never>)) as { readonly type: string; readonly code: never }
        if (value === undefined || list.length < f.length - 1) return false
        const bytes = assemble({
          exports: { f: { name, params: [], result: value.type === 'void' ? undefined : (value.type as 'i32'), body: () => value.code } },
        })
        return WebAssembly.validate(bytes)
      } catch {
        return false
      }
    })
    ok(valid.length > 0, `${name} validates with some operands`)
  }
  ok(features().relaxedSimd)
  for (const [space, table] of Object.entries({ i32, i64, f32, f64, v128, i32x4, i64x2, f32x4, f64x2 }))
    for (const [name, f] of Object.entries(table)) if (name !== 'const') attempt(`${space}.${name}`, f as never)
})

s.test('constants, arithmetic, conversion', () => {
  equal(
    run(
      func('f', [['x', 'i32']], x => i32.add(get(x), -7), 'i32'),
      5,
    ),
    -2,
  )
  equal(
    run(
      func('f', [['x', 'i64']], x => i64.mul(get(x), i64.const(-(2n ** 40n))), 'i64'),
      3n,
    ),
    -3n * 2n ** 40n,
  )
  equal(
    run(
      func('f', [['x', 'f32']], x => f32.mul(get(x), f32.const(0.1)), 'f32'),
      3,
    ),
    Math.fround(3 * Math.fround(0.1)),
  )
  equal(
    run(
      func('f', [['x', 'i32']], x => f64.div(f64.convertI32S(get(x)), f64.const(3)), 'f64'),
      1,
    ),
    1 / 3,
  )
})

s.test('loops, branches, calls, recursion', () => {
  const sum = func(
    'sum',
    [['n', 'i32']],
    n => {
      const total = local('i32', 'total')
      return after(
        seq(
          set(total, 0),
          forEach(get(n), i => bump(total, i)),
        ),
        get(total),
      )
    },
    'i32',
  )
  equal(run(sum, 10), 45)
  equal(run(sum, 0), 0)
  const odd = func(
    'odd',
    [['n', 'i32']],
    n => {
      const [i, total] = [local('i32'), local('i32')]
      return after(
        block(done =>
          loop(again =>
            seq(
              brIf(done, i32.geU(get(i), get(n))),
              when(i32.and(get(i), 1), bump(total, get(i)), bump(total, 100)),
              bump(i, 1),
              br(again),
            ),
          ),
        ),
        get(total),
      )
    },
    'i32',
  )
  equal(run(odd, 5), 304)
  const factorial: Func = func(
    'factorial',
    [['n', 'i32']],
    n => choose(i32.eqz(get(n)), i32.const(1), i32.mul(get(n), apply('i32', factorial, i32.sub(get(n), 1)))),
    'i32',
  )
  equal(run(factorial, 6), 720)
  equal(
    run(
      func('f', [['x', 'i32']], x => apply('i32', sum, i32.add(get(x), 1)), 'i32'),
      4,
    ),
    10,
  )
  const steps = func(
    'steps',
    [['to', 'i32']],
    to => {
      const [i, n] = [local('i32'), local('i32')]
      return after(seq(set(i, 3), countUp(i, get(to), 4, bump(n, 1))), get(n))
    },
    'i32',
  )
  equal(
    [3, 4, 7, 8, 2].map(n => run(steps, n)),
    [0, 1, 1, 2, 0],
  )
})

s.test('a shared expression is evaluated once, and again after its block', () => {
  const counter = func('counter', [], () => after(i32.store(0, i32.add(i32.load(0), 1)), i32.load(0)), 'i32')
  const value = share(apply('i32', counter))
  new Int32Array(memory.buffer)[0] = 0
  equal(run(func('f', [], () => i32.add(i32.mul(value, 10), i32.add(value, value)), 'i32')), 12)
  equal(new Int32Array(memory.buffer)[0], 1)
  const inside = share(apply('i32', counter))
  const kept = local('i32')
  equal(run(func('f', [], () => after(when(i32.const(1), set(kept, inside)), i32.add(i32.mul(get(kept), 10), inside)), 'i32')), 23)
})

s.test('memory, lanes, shuffles, select', () => {
  const words = new Float32Array(memory.buffer)
  words.set([1, 2, 3, 4, 5, 6, 7, 8])
  run(
    func('f', [['p', 'i32']], p =>
      seq(
        v128.store(get(p), shuffle32(v128.load(0), v128.load(0, 16), [7, 0, 5, 2])),
        v128.store64Lane(get(p), v128.load(0), 1, 16),
        v128.store32Lane(get(p), v128.load32Splat(0, 20), 3, 24),
        v128.store(get(p), v128.load32Lane(16, v128.load(0), 2), 32),
        v128.store(get(p), select(i32.const(0), f32x4.const(1), f32x4.const(2)), 48),
        v128.store(get(p), i32x4.const(1, 2, 3, 4), 64),
      ),
    ),
    64,
  )
  equal([...words.slice(16, 23)], [8, 1, 6, 3, 3, 4, 6])
  equal([...words.slice(24, 32)], [1, 2, 5, 4, 2, 2, 2, 2])
  equal([...new Int32Array(memory.buffer).slice(32, 36)], [1, 2, 3, 4])
})

s.test('constants inside a loop are set before it', () => {
  const f = func(
    'f',
    [['n', 'i32']],
    n =>
      after(
        seq(
          v128.store(0, f32x4.const(0)),
          forEach(get(n), () => v128.store(0, f32x4.add(v128.load(0), f32x4.const(1.5)))),
        ),
        f32.load(0),
      ),
    'f32',
  )
  equal(run(f, 4), 6)
})

s.test('imports of functions, and several exports', () => {
  const sum = func(
    'sum',
    [
      ['a', 'i32'],
      ['b', 'i32'],
    ],
    (a, b) => i32.add(get(a), get(b)),
    'i32',
  )
  const bytes = assemble({
    imports: [{ module: 'kernels', name: 'sum', func: sum }],
    exports: {
      one: func('one', [], () => apply('i32', sum, 2, 3), 'i32'),
      two: func('two', [], () => invoke(func('noop', [], () => seq()))),
    },
  })
  const imports = { env: { memory }, kernels: { sum: (a: number, b: number) => 100 * a + b } }
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports)
  equal((exports['one'] as () => number)(), 203)
  equal((exports['two'] as () => void)(), undefined)
})

s.test('mistakes are named while building', () => {
  const vector = f32x4.const(1)
  throws(() => i32.add(vector as never, 1), /^i32.add: expected an operand of type i32, got v128/)
  throws(() => f32x4.add(vector, f32.const(1) as never), /^f32x4.add: expected an operand of type v128, got f32/)
  throws(() => set(local('f32', 'x'), 1 as never), /^local.set x: expected an operand of type f32, got i32/)
  throws(() => run(func('f', [], () => f32.const(1) as never, 'i32')), /^f: expected a body of type i32, got f32/)
  const callee = func('g', [['x', 'f32']], x => get(x), 'f32')
  throws(() => apply('f32', callee), /^call g: expected 1 arguments, got 0/)
  throws(() => apply('f32', callee, 1), /^call g, argument x: expected an operand of type f32, got i32/)
  throws(() => invoke(callee, f32.const(1)), /^call g: expected a function without result, got f32/)
  const escaped: { label?: Label } = {}
  block(label => {
    escaped.label = label
    return seq()
  })
  throws(() => run(func('f', [], () => br(escaped.label!))), /^f: expected a branch inside its block, got one outside/)
})

s.run()
