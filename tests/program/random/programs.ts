import { builder, inlineCustom, sizeOf, typesOf } from '@diffeo/program'
import type { Builder, Data, Primitive, Program, Type, Value } from '@diffeo/program'
import { defineOp } from '@diffeo/core'
import fc from 'fast-check'
import { binaries, binaryDType, unaries, unaryDType } from '../../../packages/program/src/primitives.ts'

/** A random program: each step is numbers that choose a primitive, its arguments and its attributes. */
export interface Plan {
  /** Whether NaN, infinities, zeros of both signs, subnormal and huge numbers stand among the inputs. */
  readonly special: boolean
  readonly seed: number
  readonly steps: ReadonlyArray<ReadonlyArray<number>>
  readonly results: ReadonlyArray<number>
}

const draws = fc.array(fc.nat(1 << 20), { minLength: 6, maxLength: 6 })

export const plans: fc.Arbitrary<Plan> = fc.record({
  special: fc.boolean(),
  seed: fc.nat(1000),
  steps: fc.array(draws, { minLength: 1, maxLength: 24, size: 'max' }),
  results: fc.array(fc.nat(1 << 20), { minLength: 1, maxLength: 4 }),
})

/** A whole number below n. */
export type Pick = (n: number) => number

const mixed = (a: number, b: number): number => {
  let x = Math.imul(a ^ Math.imul(b + 0x9e3779b9, 0x85ebca6b), 0xc2b2ae35)
  x ^= x >>> 15
  return (Math.imul(x, 0x27d4eb2f) ^ (x >>> 13)) >>> 0
}

/** The numbers of a step in turn; what comes after them is made of them. */
const picker = (numbers: ReadonlyArray<number>): Pick => {
  let used = 0
  return n => {
    const turn = Math.floor(used / numbers.length)
    const number = numbers[used++ % numbers.length]!
    return (turn === 0 ? number : mixed(number, turn)) % n
  }
}

const sizes = [1, 2, 3, 4, 5, 7, 8, 17, 1, 2, 3, 4, 5, 8, 3, 0]
const most = 1500

const shapeOf = (pick: Pick, rank: number): number[] => {
  const shape: number[] = []
  for (let axis = 0; axis < rank; axis++) {
    const size = sizes[pick(sizes.length)]!
    shape.push(sizeOf(shape) * size > most ? 1 : size)
  }
  return shape
}

const specials = [NaN, Infinity, -Infinity, 0, -0, 1, -1, 1e-40, -1e-45, 3e38, -3.4e38, 1e-30, 88.8, -104, 0.5, 2.5, -1.5, 1e9]
const wholes = [0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 46341, -7, 3]

/** Numbers of a type, the same for the same salt. */
export const numbers = ({ shape, dtype }: Type, salt: number, special: boolean): Data => {
  const count = sizeOf(shape)
  const at = (i: number): number => mixed(salt + 1, i)
  const isSpecial = (i: number): boolean => special && at(i + 7919) % 4 === 0
  if (dtype === 'bool') return Uint8Array.from({ length: count }, (_, i) => (at(i) >>> 5) % 2)
  if (dtype === 'int32')
    return Int32Array.from({ length: count }, (_, i) => (isSpecial(i) ? wholes[at(i) % wholes.length]! : (at(i) % 19) - 9))
  return Float32Array.from({ length: count }, (_, i) =>
    isSpecial(i) ? specials[at(i) % specials.length]! : (at(i) / 2 ** 32 - 0.5) * [4, 4, 4, 40][salt % 4]!,
  )
}

interface Work {
  readonly b: Builder
  readonly values: Value[]
  readonly special: boolean
  readonly salt: () => number
  /** How deep in bodies of loops. */
  readonly depth: number
}

type Step = (work: Work, pick: Pick) => Value | ReadonlyArray<Value> | undefined

const typed = ({ b, values }: Work, fits: (type: Type) => boolean): ReadonlyArray<Value> => values.filter(value => fits(b.typeOf(value)))

const one = (work: Work, pick: Pick, fits: (type: Type) => boolean = () => true): Value | undefined => {
  const fitting = typed(work, fits)
  // later values are likelier: chains grow long
  return fitting.length === 0 ? undefined : fitting[Math.max(pick(fitting.length), pick(fitting.length))]
}

const constant = ({ b, special, salt }: Work, type: Type, pick: Pick): Value => {
  const number = numbers({ shape: [], dtype: type.dtype }, salt(), special)[0]!
  return pick(2) === 0 ? b.fill(type.shape, type.dtype, number) : b.constant({ ...type, data: numbers(type, salt(), special) })
}

/** Output axes for the axes of an argument, aligned at the end or at the start. */
const alignments = (from: ReadonlyArray<number>, to: ReadonlyArray<number>): ReadonlyArray<ReadonlyArray<number>> => {
  if (from.length > to.length) return []
  const all = [to.length - from.length, 0].map(start => from.map((_, i) => start + i))
  return all.filter(axes => axes.every((axis, i) => from[i] === 1 || from[i] === to[axis]))
}

/** A value of a type: one that is there, one that is broadcast, or a constant. */
const partner = (work: Work, type: Type, pick: Pick): Value => {
  const same = typed(work, t => t.dtype === type.dtype && t.shape.join() === type.shape.join())
  const broadcastable = typed(work, t => t.dtype === type.dtype && alignments(t.shape, type.shape).length > 0)
  const choice = pick(4)
  if (choice < 2 && same.length > 0) return same[pick(same.length)]!
  if (choice === 2 && broadcastable.length > 0) {
    const from = broadcastable[pick(broadcastable.length)]!
    const ways = alignments(work.b.typeOf(from).shape, type.shape)
    return work.b.node({ op: 'broadcast', shape: type.shape, axes: ways[pick(ways.length)]! }, from)
  }
  return constant(work, type, pick)
}

const subset = (count: number, pick: Pick): ReadonlyArray<number> => Array.from({ length: count }, (_, i) => i).filter(() => pick(2) === 0)

const permutation = (count: number, pick: Pick): ReadonlyArray<number> => {
  const left = Array.from({ length: count }, (_, i) => i)
  return Array.from({ length: count }, () => left.splice(pick(left.length), 1)[0]!)
}

const node =
  (fits: (type: Type) => boolean, primitive: (type: Type, pick: Pick, work: Work) => Primitive | undefined): Step =>
  (work, pick) => {
    const x = one(work, pick, fits)
    if (x === undefined) return undefined
    const p = primitive(work.b.typeOf(x), pick, work)
    return p && work.b.node(p, x)
  }

const any = (): boolean => true
const hasAxes = ({ shape }: Type): boolean => shape.length > 0
const isNumber = ({ dtype }: Type): boolean => dtype !== 'bool'

/** Numbers that index an axis of `size`, of any shape. */
const indices = (work: Work, shape: ReadonlyArray<number>, size: number, pick: Pick): Value => {
  const type: Type = { shape, dtype: 'int32' }
  const made = typed(work, t => t.dtype === 'int32' && t.shape.join() === shape.join())
  if (made.length > 0 && pick(2) === 0) return work.b.node({ op: 'mod' }, made[pick(made.length)]!, work.b.fill(shape, 'int32', size))
  const data = Int32Array.from(numbers(type, work.salt(), false), n => ((n % size) + size) % size)
  return work.b.constant({ ...type, data })
}

/** All ways to write a number of values as a shape, roughly. */
const reshaped = (count: number, pick: Pick): ReadonlyArray<number> => {
  if (count === 0) return [[0], [0, 3], [2, 0, 1]][pick(3)]!
  const shape: number[] = []
  let rest = count
  while (rest > 1 && shape.length < 4) {
    const divisors = Array.from({ length: rest }, (_, i) => i + 1).filter(d => rest % d === 0)
    const next = divisors[pick(divisors.length)]!
    shape.push(next)
    rest /= next
  }
  return rest > 1 || pick(3) === 0 ? [...shape, rest] : shape
}

const unaryStep: Step = node(any, ({ dtype }, pick) => {
  const fitting = unaries.filter(op => unaryDType(op, dtype) !== undefined)
  return fitting.length === 0 ? undefined : { op: fitting[pick(fitting.length)]! }
})

const binaryStep: Step = (work, pick) => {
  const a = one(work, pick)
  if (a === undefined) return undefined
  const type = work.b.typeOf(a)
  const fitting = binaries.filter(op => binaryDType(op, type.dtype) !== undefined)
  const op = fitting[pick(fitting.length)]!
  const b = partner(work, type, pick)
  return pick(2) === 0 ? work.b.node({ op }, a, b) : work.b.node({ op }, b, a)
}

const arithmeticStep: Step = (work, pick) => {
  const a = one(work, pick, isNumber)
  if (a === undefined) return undefined
  return work.b.node({ op: (['add', 'sub', 'mul', 'max'] as const)[pick(4)]! }, a, partner(work, work.b.typeOf(a), pick))
}

const selectStep: Step = (work, pick) => {
  const yes = one(work, pick)
  if (yes === undefined) return undefined
  const type = work.b.typeOf(yes)
  const condition = partner(work, { ...type, dtype: 'bool' }, pick)
  return work.b.node({ op: 'select' }, condition, yes, partner(work, type, pick))
}

const castStep: Step = node(any, (_, pick) => ({ op: 'cast', dtype: (['float32', 'int32', 'bool', 'float32'] as const)[pick(4)]! }))

const broadcastStep: Step = node(
  ({ shape }) => shape.length < 5,
  ({ shape }, pick) => {
    const to: number[] = []
    const axes: number[] = []
    const grow = (): void => {
      const size = sizes[pick(8)]!
      to.push(sizeOf(shape) * sizeOf(to) * size > most ? 1 : size)
    }
    for (const size of shape) {
      if (pick(3) === 0 && to.length - axes.length < 5 - shape.length) grow()
      axes.push(to.length)
      if (size === 1 && pick(2) === 0) grow()
      else to.push(size)
    }
    if (to.length === 0 || (to.length < 5 && pick(3) === 0)) grow()
    return sizeOf(to) > most ? undefined : { op: 'broadcast', shape: to, axes }
  },
)

const reshapeStep: Step = node(any, ({ shape }, pick) => ({ op: 'reshape', shape: reshaped(sizeOf(shape), pick) }))
const transposeStep: Step = node(hasAxes, ({ shape }, pick) => ({ op: 'transpose', perm: permutation(shape.length, pick) }))
const reverseStep: Step = node(hasAxes, ({ shape }, pick) => ({ op: 'reverse', axes: subset(shape.length, pick) }))

const sliceStep: Step = node(hasAxes, ({ shape }, pick) => {
  const stride = shape.map(() => [1, 1, 1, 2, 3][pick(5)]!)
  const begin = shape.map(size => (pick(2) === 0 ? 0 : pick(Math.max(1, size))))
  const size = shape.map((whole, i) => {
    const room = Math.max(0, Math.ceil((whole - begin[i]!) / stride[i]!))
    return pick(3) === 0 ? pick(room + 1) : room
  })
  return { op: 'slice', begin, size, stride }
})

const padStep: Step = node(hasAxes, ({ shape, dtype }, pick, { salt, special }) => {
  const around = (): number[] => shape.map(() => [0, 0, 1, 2, 5][pick(5)]!)
  const [before, after] = [around(), around()]
  const value = pick(2) === 0 ? 0 : numbers({ shape: [], dtype }, salt(), special)[0]!
  return sizeOf(shape.map((size, i) => before[i]! + size + after[i]!)) > most ? undefined : { op: 'pad', before, after, value }
})

const concatStep: Step = (work, pick) => {
  const x = one(work, pick, hasAxes)
  if (x === undefined) return undefined
  const { shape, dtype } = work.b.typeOf(x)
  const axis = pick(shape.length)
  const rest = (s: ReadonlyArray<number>): string => s.filter((_, i) => i !== axis).join()
  const fitting = typed(work, t => t.dtype === dtype && t.shape.length === shape.length && rest(t.shape) === rest(shape))
  const parts = Array.from({ length: 1 + pick(3) }, () => {
    const other = shape.map((size, i) => (i === axis ? sizes[pick(7)]! : size))
    return pick(2) === 0 ? fitting[pick(fitting.length)]! : constant(work, { shape: other, dtype }, pick)
  })
  const total = parts.reduce((n, part) => n + sizeOf(work.b.typeOf(part).shape), sizeOf(shape))
  return total > most ? undefined : work.b.node({ op: 'concat', axis }, ...(pick(2) === 0 ? [x, ...parts] : [...parts, x]))
}

const gatherStep: Step = (work, pick) => {
  const x = one(work, pick, ({ shape }) => shape.some(size => size > 0))
  if (x === undefined) return undefined
  const { shape } = work.b.typeOf(x)
  const axes = shape.flatMap((size, i) => (size > 0 ? [i] : []))
  const axis = axes[pick(axes.length)]!
  const at = shapeOf(pick, Math.min(pick(3), 6 - shape.length))
  if ((sizeOf(shape) / shape[axis]!) * sizeOf(at) > most) return undefined
  return work.b.node({ op: 'gather', axis }, x, indices(work, at, shape[axis]!, pick))
}

const scatterStep: Step = (work, pick) => {
  const x = one(work, pick, type => isNumber(type) && type.shape.length > 0)
  if (x === undefined) return undefined
  const { shape } = work.b.typeOf(x)
  const axis = pick(shape.length)
  const size = sizes[pick(8)]!
  if ((sizeOf(shape) / Math.max(1, shape[axis]!)) * size > most) return undefined
  // one index more than there are places: what falls there is left out
  return work.b.node({ op: 'scatterAdd', axis, size }, x, indices(work, [shape[axis]!], size + 1, pick))
}

const matmulStep: Step = (work, pick) => {
  const a = one(work, pick, ({ shape, dtype }) => dtype === 'float32' && shape.length >= 2)
  if (a === undefined) return undefined
  const { shape } = work.b.typeOf(a)
  const [transposeA, transposeB] = [pick(2) === 0, pick(2) === 0]
  const batch = shape.slice(0, -2)
  const k = shape.at(transposeA ? -2 : -1)!
  const ofK = typed(
    work,
    t =>
      t.dtype === 'float32' &&
      t.shape.slice(0, -2).join() === batch.join() &&
      t.shape.at(transposeB ? -1 : -2) === k &&
      t.shape.length >= 2,
  )
  const n = sizes[pick(8)]!
  const fresh: Type = { shape: [...batch, ...(transposeB ? [n, k] : [k, n])], dtype: 'float32' }
  const b = pick(2) === 0 && ofK.length > 0 ? ofK[pick(ofK.length)]! : partner(work, fresh, pick)
  const m = shape.at(transposeA ? -1 : -2)!
  const columns = work.b.typeOf(b).shape.at(transposeB ? -2 : -1)!
  return sizeOf(batch) * m * columns > most ? undefined : work.b.node({ op: 'matmul', transposeA, transposeB }, a, b)
}

/** A product, a bias and an activation: what kernels fuse. */
const layerStep: Step = (work, pick) => {
  const y = matmulStep(work, pick)
  if (typeof y !== 'number') return undefined
  const { shape } = work.b.typeOf(y)
  const { b } = work
  const bias = constant(work, { shape: [shape.at(-1)!], dtype: 'float32' }, pick)
  const added = b.node({ op: 'add' }, y, b.node({ op: 'broadcast', shape, axes: [shape.length - 1] }, bias))
  if (pick(3) === 0) work.values.push(y)
  if (pick(3) === 0) return added
  return pick(2) === 0 ? b.node({ op: 'max' }, added, b.fill(shape, 'float32', 0)) : b.node({ op: 'tanh' }, added)
}

const reduceStep: Step = node(any, ({ shape, dtype }, pick) => {
  // of no integers there is no largest
  const numeric = dtype === 'int32' && sizeOf(shape) === 0 ? (['sum', 'prod'] as const) : (['sum', 'sum', 'max', 'min', 'prod'] as const)
  const kinds = dtype === 'bool' ? (['any', 'all'] as const) : numeric
  return { op: 'reduce', kind: kinds[pick(kinds.length)]!, axes: subset(shape.length, pick) }
})

const argStep: Step = node(
  ({ shape }) => shape.some(size => size > 0),
  ({ shape }, pick) => {
    const axes = shape.flatMap((size, i) => (size > 0 ? [i] : []))
    return { op: 'arg', kind: pick(2) === 0 ? 'max' : 'min', axis: axes[pick(axes.length)]! }
  },
)

const cumulativeStep: Step = node(
  type => isNumber(type) && hasAxes(type),
  ({ shape }, pick) => ({
    op: 'cumulative',
    kind: pick(3) === 0 ? 'prod' : 'sum',
    axis: pick(shape.length),
    exclusive: pick(2) === 0,
    reverse: pick(2) === 0,
  }),
)

/** An op that only the host can run. */
export const hostOp = 'random programs: x / 2'
defineOp<null>({ name: hostOp, shape: ([x]) => [x!], host: ([x]) => [x!.map(v => v / 2)] })

const hostStep: Step = (work, pick) => {
  const x = one(work, pick, ({ dtype }) => dtype === 'float32')
  if (x === undefined) return undefined
  return work.b.nodes({ op: 'custom', name: hostOp, attrs: 'null', composite: null }, [x], [work.b.typeOf(x)])
}

/** A program of its own over inputs of these types, that gives values of the types of the first `carries` and some more. */
const bodyOf = (
  work: Work,
  inputs: ReadonlyArray<Type>,
  carries: ReadonlyArray<Type>,
  pick: Pick,
): { readonly body: Program; readonly kept: number } => {
  const b = builder()
  const inner: Work = { ...work, b, values: inputs.map((type, i) => b.input({ ...type, name: `in${i}` })), depth: work.depth + 1 }
  const count = 1 + pick(6)
  for (let i = 0; i < count; i++) {
    const made = steps[pick(steps.length)]!(inner, pick)
    if (made !== undefined) inner.values.push(...(typeof made === 'number' ? [made] : made))
  }
  const next = carries.map(type => {
    const same = typed(inner, t => t.dtype === type.dtype && t.shape.join() === type.shape.join())
    return same[Math.max(pick(same.length), pick(same.length))]!
  })
  const kept = Array.from({ length: pick(3) }, () => inner.values[pick(inner.values.length)]!)
  return { body: b.finish([...next, ...kept]), kept: kept.length }
}

const several = (count: number, from: ReadonlyArray<Value>, pick: Pick): ReadonlyArray<Value> =>
  from.length === 0 ? [] : Array.from({ length: count }, () => from[pick(from.length)]!)

/** How large the results of a body are, beside those that it carries. */
const keptSize = (body: Program, carries: number): number => {
  const types = typesOf(body)
  return (body.outputs as ReadonlyArray<Value>).slice(carries).reduce((n, value) => n + sizeOf(types[value]!.shape), 0)
}

const scanStep: Step = (work, pick) => {
  if (work.depth > 1) return undefined
  const { b, values } = work
  const length = 1 + pick(4)
  const carries = several(pick(3), values, pick)
  const xs = several(pick(3), typed(work, ({ shape }) => shape[0] === length), pick) // prettier-ignore
  const captured = several(pick(3), values, pick)
  const carried = carries.map(b.typeOf)
  const rows = xs.map((x): Type => ({ shape: b.typeOf(x).shape.slice(1), dtype: b.typeOf(x).dtype }))
  const inputs = [...carried, ...rows, ...captured.map(b.typeOf)]
  if (inputs.length === 0) return undefined
  const { body, kept } = bodyOf(work, inputs, carried, pick)
  if (carries.length + kept === 0 || keptSize(body, carries.length) * length > most) return undefined
  const primitive: Primitive = { op: 'scan', body, carries: carries.length, xs: xs.length, length, reverse: pick(2) === 0 }
  return b.nodes(primitive, [...carries, ...xs, ...captured])
}

/** Some steps, counted by the first of what is carried. */
const whileStep: Step = (work, pick) => {
  if (work.depth > 1) return undefined
  const { b, values } = work
  const count: Type = { shape: [], dtype: 'int32' }
  const others = several(1 + pick(2), values, pick)
  const constants = several(pick(3), values, pick)
  const types = [count, ...others.map(b.typeOf), ...constants.map(b.typeOf)]
  const { body } = bodyOf(work, types, types.slice(1, 1 + others.length), pick)
  const [asked, stepped] = [builder(), builder()]
  const places = types.map((type, i) => asked.input({ ...type, name: `in${i}` }))
  const cond = asked.finish([asked.node({ op: 'lt' }, places[0]!, asked.fill([], 'int32', pick(4)))])
  const into = types.map((type, i) => stepped.input({ ...type, name: `in${i}` }))
  const next = stepped.node({ op: 'add' }, into[0]!, stepped.fill([], 'int32', 1))
  const wrapped: Program = { ...body, outputs: (body.outputs as ReadonlyArray<Value>).slice(0, others.length) }
  const results = stepped.nodes({ op: 'custom', name: 'random body', attrs: 'null', composite: wrapped }, into)
  const whole = inlineCustom(stepped.finish([next, ...results]), () => false)
  return b.nodes({ op: 'while', cond, body: whole, carries: 1 + others.length }, [b.fill([], 'int32', 0), ...others, ...constants])
}

const iotaStep: Step = ({ b }, pick) => {
  const shape = shapeOf(pick, 1 + pick(4))
  return b.node({ op: 'iota', shape, axis: pick(shape.length) })
}

const inputStep = ({ b, values, depth, special, salt }: Work, pick: Pick): Value => {
  const type: Type = {
    shape: shapeOf(pick, pick(6)),
    dtype: (['float32', 'float32', 'float32', 'int32', 'bool'] as const)[pick(5)]!,
  }
  // the inputs of a body are settled
  if (depth > 0) return b.constant({ ...type, data: numbers(type, salt(), special) })
  return b.input({ ...type, name: `x${values.filter(value => b.definition(value).kind === 'input').length}` })
}

const steps: ReadonlyArray<Step> = [
  ...[unaryStep, unaryStep, unaryStep, unaryStep, unaryStep, binaryStep, binaryStep, binaryStep, arithmeticStep, arithmeticStep],
  ...[selectStep, selectStep, castStep, broadcastStep, broadcastStep, reshapeStep, transposeStep, sliceStep, reverseStep, padStep],
  ...[concatStep, gatherStep, scatterStep, matmulStep, matmulStep, layerStep, layerStep, reduceStep, reduceStep, reduceStep],
  ...[argStep, cumulativeStep, iotaStep, inputStep, inputStep, scanStep, whileStep, hostStep],
]

/** The program that a plan stands for. Its results may be inputs, constants and the same value twice. */
export const programOf = ({ special, seed, steps: chosen, results }: Plan): Program => {
  const b = builder()
  let salts = seed
  const work: Work = { b, values: [], special, salt: () => salts++, depth: 0 }
  work.values.push(inputStep(work, picker([mixed(seed, 1), mixed(seed, 2), mixed(seed, 3)])))
  for (const draws of chosen) {
    const pick = picker(draws)
    const made = steps[pick(steps.length)]!(work, pick)
    if (made !== undefined) work.values.push(...(typeof made === 'number' ? [made] : made))
  }
  const { values } = work
  const given = results.map((n, i) => (i === 0 ? values.at(-1)! : values[n % values.length]!))
  return b.finish({ first: given[0]!, more: given.slice(1) })
}

/** Numbers for the inputs of a program. */
export const inputsOf = ({ inputs }: Program, { seed, special }: Plan): ReadonlyArray<Data> =>
  inputs.map((type, i) => numbers(type, seed + 31 * i, special))

/** All primitives that the generator knows, to see that a run has met each. */
export const allOps: ReadonlyArray<string> = [
  ...[...unaries, ...binaries],
  ...['cast', 'select', 'broadcast', 'reshape', 'transpose', 'slice', 'reverse', 'pad', 'concat', 'gather', 'scatterAdd'],
  ...['matmul', 'reduce', 'arg', 'cumulative', 'iota', 'scan', 'while', 'custom'],
]
