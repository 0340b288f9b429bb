import type { Binary, Unary, Value } from '../program.ts'
import { unaryDType } from '../primitives.ts'
import type { Call, Lowering, Lowerings } from './lowering.ts'

/** On integers where the primitive takes them; else in float32 and back, as tfjs does. */
const unary =
  (op: Unary): Lowering =>
  ({ emit, inputs: [x] }) => {
    const dtype = emit.dtype(x!)
    if (unaryDType(op, dtype) !== undefined) return emit.unary(op, x!)
    return emit.cast(emit.unary(op, emit.cast(x!, 'float32')), dtype)
  }

/** Whole numbers stay as they are. */
const rounding =
  (op: Unary): Lowering =>
  ({ emit, inputs: [x] }) =>
    emit.dtype(x!) === 'float32' ? emit.unary(op, x!) : x!

const unaries: Readonly<Record<string, Unary>> = {
  ...{ Abs: 'abs', Acos: 'acos', Acosh: 'acosh', Asin: 'asin', Asinh: 'asinh', Atan: 'atan', Atanh: 'atanh', Cos: 'cos', Cosh: 'cosh' },
  ...{ Erf: 'erf', Exp: 'exp', Expm1: 'expm1', Log: 'log', Log1p: 'log1p', Neg: 'neg', Reciprocal: 'reciprocal', Rsqrt: 'rsqrt' },
  ...{ Sigmoid: 'sigmoid', Sign: 'sign', Sin: 'sin', Sinh: 'sinh', Softplus: 'softplus', Sqrt: 'sqrt', Square: 'square', Tan: 'tan' },
  ...{ Tanh: 'tanh' },
}

const roundings: Readonly<Record<string, Unary>> = { Ceil: 'ceil', Floor: 'floor', Round: 'round' }

const arithmetic: Readonly<Record<string, Binary>> = {
  ...{ Add: 'add', Atan2: 'atan2', Maximum: 'max', Minimum: 'min', Mod: 'mod', Multiply: 'mul', Pow: 'pow' },
  ...{ RealDiv: 'div', Sub: 'sub' },
}

const comparisons: Readonly<Record<string, Binary>> = {
  ...{ Equal: 'eq', Greater: 'gt', GreaterEqual: 'ge', Less: 'lt', LessEqual: 'le', NotEqual: 'ne' },
}

const logical: Readonly<Record<string, Binary>> = { LogicalAnd: 'and', LogicalOr: 'or', LogicalXor: 'ne' }

const floatOnly: ReadonlyArray<Binary> = ['atan2', 'div', 'pow']

/** Arithmetic of tfjs: bools are counted as 0 and 1, and the result has the dtype of the arguments. */
const inNumbers =
  (op: Binary): Lowering =>
  ({ emit, inputs: [a, b] }) => {
    const dtype = emit.dtype(a!)
    const within = floatOnly.includes(op) ? 'float32' : dtype === 'bool' ? 'int32' : dtype
    return emit.cast(emit.binary(op, emit.cast(a!, within), emit.cast(b!, within)), dtype)
  }

const binary =
  (op: Binary): Lowering =>
  ({ emit, inputs: [a, b] }) =>
    emit.binary(op, a!, b!)

const onBools =
  (op: Binary): Lowering =>
  ({ emit, inputs: [a, b] }) =>
    emit.binary(op, emit.cast(a!, 'bool'), emit.cast(b!, 'bool'))

const mapped = <A>(names: Readonly<Record<string, A>>, lowering: (op: A) => Lowering): Lowerings =>
  Object.fromEntries(Object.entries(names).map(([name, op]) => [name, lowering(op)]))

/** Every bool of an integer is known; those of floats are asked for. */
const classify =
  (ofFloat: (call: Call, x: Value) => Value, ofOthers: number): Lowering =>
  call => {
    const x = call.inputs[0]!
    return call.emit.dtype(x) === 'float32' ? ofFloat(call, x) : call.emit.fill(call.emit.shape(x), 'bool', ofOthers)
  }

export const elementwise: Lowerings = {
  ...mapped(unaries, unary),
  ...mapped(roundings, rounding),
  ...mapped(arithmetic, inNumbers),
  FloorDiv: ({ emit, inputs: [a, b] }) => emit.cast(emit.binary('floorDiv', a!, b!), 'int32'),
  ...mapped(comparisons, binary),
  ...mapped(logical, onBools),
  IsNan: classify(({ emit }, x) => emit.unary('isNan', x), 0),
  IsFinite: classify(({ emit }, x) => emit.unary('isFinite', x), 1),
  IsInf: classify(({ emit }, x) => emit.binary('eq', emit.unary('abs', x), emit.like(x, Infinity)), 0),
  LogicalNot: ({ emit, inputs: [x] }) => emit.unary('not', emit.cast(x!, 'bool')),
  Select: ({ emit, input }) => emit.select(emit.cast(input('condition'), 'bool'), input('t'), input('e')),
  Cast: ({ emit, attrs, inputs: [x] }) => {
    const dtype = attrs['dtype']
    if (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool')
      throw new TypeError(`trace: expected a cast to float32, int32 or bool, got ${String(dtype)}`)
    return emit.cast(x!, dtype)
  },
  SquaredDifference: ({ emit, inputs: [a, b] }) => emit.unary('square', emit.binary('sub', a!, b!)),
  AddN: ({ emit, inputs }) => inputs.reduce((sum, x) => emit.binary('add', sum, x)),
  ClipByValue: ({ emit, attrs, inputs: [x] }) => {
    const [low, high] = [emit.like(x!, attrs['clipValueMin'] as number), emit.like(x!, attrs['clipValueMax'] as number)]
    return emit.binary('min', emit.binary('max', x!, low), high)
  },
  Identity: ({ inputs: [x] }) => x!,
}
