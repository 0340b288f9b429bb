import { equal, ok, suite, throws } from '@diffeo/testing'
import { func, get, seq } from '../asm/control.ts'
import { f32 } from '../asm/scalar.ts'
import { allocator } from './allocator.ts'
import { createRuntime } from './runtime.ts'

const s = suite('runtime')

const randomNumbers = (seed: number): (() => number) => {
  const state = { value: seed }
  return () => (state.value = (Math.imul(state.value, 1664525) + 1013904223) >>> 0) / 2 ** 32
}

s.test('20,000 random blocks: aligned, none overlaps another, all comes back', () => {
  const next = randomNumbers(3)
  const ends: number[] = []
  const memory = allocator(1001, end => ends.push(end))
  const live: { address: number; bytes: number }[] = []
  const owner = new Int32Array(2 ** 18).fill(-1) // by 16 bytes
  const mark = (address: number, bytes: number, before: number, now: number): void => {
    for (let i = address / 16; i < (address + bytes) / 16; i++) {
      ok(owner[i] === before, `block at ${address}`)
      owner[i] = now
    }
  }
  for (let step = 0; step < 20_000; step++) {
    if (live.length < 20 || (live.length < 200 && next() < 0.5)) {
      const bytes = Math.floor(next() < 0.1 ? next() * 20_000 : next() * 300)
      const address = memory.allocate(bytes)
      ok(address % 16 === 0 && address >= 1001 && address + bytes <= Math.max(...ends.slice(-1), ...ends))
      mark(address, Math.max(bytes, 1), -1, address)
      live.push({ address, bytes: Math.max(bytes, 1) })
    } else {
      const [{ address, bytes }] = live.splice(Math.floor(next() * live.length), 1) as [(typeof live)[number]]
      mark(address, bytes, address, -1)
      memory.free(address)
    }
    equal(memory.stats().blocks, live.length)
  }
  live.forEach(({ address }) => memory.free(address))
  const { reserved } = memory.stats()
  equal(memory.stats(), { blocks: 0, live: 0, reserved })
  const whole = memory.allocate(reserved)
  equal(memory.stats(), { blocks: 1, live: reserved, reserved }, 'what is free has become one block again')
  throws(() => memory.free(whole + 16), /^free: expected the address of a block in use, got/)
  memory.free(whole)
  throws(() => memory.free(whole), /^free: expected the address of a block in use/)
})

s.test('the same sizes again and again need no more memory', () => {
  const memory = allocator(16, () => undefined)
  const round = (): void => [100, 5000, 16, 700, 5000].map(memory.allocate).forEach(memory.free)
  round()
  const { reserved } = memory.stats()
  for (let i = 0; i < 1000; i++) round()
  equal(memory.stats(), { blocks: 0, live: 0, reserved })
})

s.test('a failed growth leaves the allocator as it was', () => {
  const memory = allocator(16, end => {
    if (end > 10_000) throw new RangeError('no more')
  })
  const kept = memory.allocate(4000)
  const before = memory.stats()
  throws(() => memory.allocate(9000), /no more/)
  equal(memory.stats(), before)
  memory.free(kept)
  ok(memory.allocate(9000) > 0)
})

s.test('numbers go in and come out, and survive that the memory grows', () => {
  const runtime = createRuntime()
  const a = runtime.upload([1, 2, 3])
  const b = runtime.upload(Int32Array.of(-1, 2 ** 31 - 1), 'int32')
  const before = runtime.memory.buffer.byteLength
  const big = runtime.allocate(8 * before)
  runtime.write(big, Float32Array.of(5))
  ok(runtime.memory.buffer.byteLength > 8 * before)
  equal([...runtime.read(a, 3)], [1, 2, 3])
  equal([...runtime.read(b, 2, 'int32')], [-1, 2 ** 31 - 1])
  equal([...runtime.read(big, 1)], [5])
  runtime.free(big)
  const s1 = runtime.scratch(100)
  equal(runtime.scratch(50), s1)
  const { blocks } = runtime.stats()
  runtime.scratch(10_000)
  equal(runtime.stats().blocks, blocks)
})

s.test('a kernel is compiled once for its name', () => {
  const runtime = createRuntime()
  const built: string[] = []
  const double = {
    name: 'double',
    func: () => {
      built.push('double')
      return func('double', [['p', 'i32']], p => seq(f32.store(get(p), f32.mul(f32.load(get(p)), f32.const(2)))))
    },
  }
  const p = runtime.upload([1.5])
  runtime.call(double, [p])
  runtime.call({ ...double }, [p])
  equal([...runtime.read(p, 1)], [6])
  equal([built.length, runtime.kernels()], [1, 1])
})

s.test('memory beyond 4 GiB is an error that says so', () => {
  throws(() => createRuntime().allocate(2 ** 32 + 5), /^allocate: expected memory up to \d+ bytes, got \d+ and no more/)
})

s.run()
