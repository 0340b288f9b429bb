import type { Binary, DType, Primitive, Unary } from './program.ts'

/** Elementwise functions of one argument that also take int32. */
const ofIntegers: ReadonlyArray<Unary> = ['neg', 'abs', 'sign', 'square']

/** Every elementwise function of one argument. */
export const unaries: ReadonlyArray<Unary> = [
  ...ofIntegers,
  ...(['exp', 'expm1', 'log', 'log1p', 'sqrt', 'rsqrt', 'reciprocal', 'sin', 'cos', 'tan', 'asin', 'acos', 'atan'] as const),
  ...(['sinh', 'cosh', 'tanh', 'asinh', 'acosh', 'atanh', 'sigmoid', 'softplus', 'erf'] as const),
  ...(['floor', 'ceil', 'round', 'isNan', 'isFinite', 'not'] as const),
]

const arithmetic: ReadonlyArray<Binary> = ['add', 'sub', 'mul', 'div', 'pow', 'max', 'min', 'atan2', 'mod', 'floorDiv']
const comparisons: ReadonlyArray<Binary> = ['eq', 'ne', 'lt', 'le', 'gt', 'ge']
const logical: ReadonlyArray<Binary> = ['and', 'or']

/** Every elementwise function of two arguments. */
export const binaries: ReadonlyArray<Binary> = [...arithmetic, ...comparisons, ...logical]

const sets = {
  unary: new Set<string>(unaries),
  ofIntegers: new Set<string>(ofIntegers),
  binary: new Set<string>(binaries),
  comparison: new Set<string>(comparisons),
  logical: new Set<string>(logical),
  commutative: new Set<string>(['add', 'mul', 'max', 'min', 'eq', 'ne', 'and', 'or']),
}

/** Whether a primitive is an elementwise function of one argument. */
export const isUnary = (p: Primitive): p is { readonly op: Unary } => sets.unary.has(p.op)
/** Whether a primitive is an elementwise function of two arguments. */
export const isBinary = (p: Primitive): p is { readonly op: Binary } => sets.binary.has(p.op)
/** Whether each value of the result depends on the values at the same place alone. */
export const isElementwise = (p: Primitive): boolean => isUnary(p) || isBinary(p) || p.op === 'select' || p.op === 'cast'
/** Whether the arguments may be exchanged. */
export const isCommutative = (p: Primitive): boolean => sets.commutative.has(p.op)

/** The dtype of an elementwise function of one argument, or undefined where it does not take that dtype. */
export const unaryDType = (op: Unary, x: DType): DType | undefined => {
  if (op === 'not') return x === 'bool' ? 'bool' : undefined
  if (op === 'isNan' || op === 'isFinite') return x === 'float32' ? 'bool' : undefined
  if (x === 'float32') return x
  return x === 'int32' && sets.ofIntegers.has(op) ? x : undefined
}

/** The dtype of an elementwise function of two arguments of one dtype, or undefined where it does not take that dtype. */
export const binaryDType = (op: Binary, x: DType): DType | undefined => {
  if (sets.comparison.has(op)) return 'bool'
  if (sets.logical.has(op)) return x === 'bool' ? 'bool' : undefined
  if (x === 'bool') return undefined
  return (op === 'div' || op === 'atan2' || op === 'pow') && x === 'int32' ? undefined : x
}
