import {
  abs,
  add,
  cast,
  cos,
  cosh,
  div,
  elu,
  exp,
  greater,
  greaterEqual,
  less,
  lessEqual,
  logicalAnd,
  mul,
  neg,
  onesLike,
  pow,
  relu,
  reshape,
  sigmoid,
  sign,
  sin,
  sinh,
  sqrt,
  square,
  sub,
  tan,
  tanh,
  where,
  zerosLike,
} from '@tensorflow/tfjs-core'
import type { GradConfig, Tensor } from '@tensorflow/tfjs-core'
import { isTracing } from '../ops/tracer.ts'
import { only } from './only.ts'

/** Rules of elementwise kernels of one argument. Each saves its input alone and recomputes: a saved output is a constant on the tape. */
type Derivative = (dy: Tensor, x: Tensor, attrs: Readonly<Record<string, unknown>>) => Tensor

const unary = (kernelName: string, derivative: Derivative): GradConfig => ({
  kernelName,
  inputsToSave: ['x'],
  gradFunc: (dy, saved, attrs) => ({
    x: () => derivative(dy as Tensor, saved[0]!, attrs as unknown as Readonly<Record<string, unknown>>),
  }),
})

const seluAlpha = 1.6732632423543772
const seluScale = 1.0507009873554805

export const unaryRules: ReadonlyArray<GradConfig> = [
  unary('Abs', (dy, x) => mul(dy, sign(x))),
  unary('Acos', (dy, x) => neg(div(dy, sqrt(sub(1, square(x)))))),
  unary('Acosh', (dy, x) => div(dy, sqrt(sub(square(x), 1)))),
  unary('Asin', (dy, x) => div(dy, sqrt(sub(1, square(x))))),
  unary('Asinh', (dy, x) => div(dy, sqrt(add(square(x), 1)))),
  unary('Atan', (dy, x) => div(dy, add(square(x), 1))),
  unary('Atanh', (dy, x) => div(dy, sub(1, square(x)))),
  unary('Cast', dy => cast(dy, 'float32')),
  unary('ClipByValue', (dy, x, attrs) => {
    const inside = logicalAnd(greaterEqual(x, attrs['clipValueMin'] as number), lessEqual(x, attrs['clipValueMax'] as number))
    return only(inside, dy)
  }),
  unary('Cos', (dy, x) => neg(mul(dy, sin(x)))),
  unary('Cosh', (dy, x) => mul(dy, sinh(x))),
  unary('Elu', (dy, x) => {
    // a program keeps what elu gave, which tells its slope without another exponential
    if (!isTracing()) return where(greater(x, 0), dy, mul(dy, exp(where(greater(x, 0), zerosLike(x), x))))
    const y = elu(x)
    return where(greater(y, 0), dy, mul(dy, add(y, 1)))
  }),
  unary('Erf', (dy, x) => mul(mul(dy, 2 / Math.sqrt(Math.PI)), exp(neg(square(x))))),
  unary('Exp', (dy, x) => mul(dy, exp(x))),
  unary('Expm1', (dy, x) => mul(dy, exp(x))),
  unary('Identity', dy => reshape(dy, dy.shape)),
  unary('LeakyRelu', (dy, x, attrs) => where(greater(x, 0), dy, mul(dy, attrs['alpha'] as number))),
  unary('Log', (dy, x) => div(dy, x)),
  unary('Log1p', (dy, x) => div(dy, add(x, 1))),
  unary('Neg', dy => neg(dy)),
  unary('Reciprocal', (dy, x) => neg(div(dy, square(x)))),
  // a program keeps what relu gave, and need not keep what it was given
  unary('Relu', (dy, x) => only(greater(isTracing() ? relu(x) : x, 0), dy)),
  unary('Relu6', (dy, x) => only(logicalAnd(greater(x, 0), less(x, 6)), dy)),
  unary('Rsqrt', (dy, x) => mul(dy, mul(-0.5, pow(x, -1.5)))),
  unary('Selu', (dy, x) => {
    const negative = mul(mul(dy, seluScale * seluAlpha), exp(where(greater(x, 0), zerosLike(x), x)))
    return where(greater(x, 0), mul(dy, seluScale), negative)
  }),
  unary('Sigmoid', (dy, x) => mul(dy, mul(sigmoid(x), sigmoid(neg(x))))),
  unary('Sin', (dy, x) => mul(dy, cos(x))),
  unary('Sinh', (dy, x) => mul(dy, cosh(x))),
  unary('Softplus', (dy, x) => mul(dy, sigmoid(x))),
  unary('Sqrt', (dy, x) => div(dy, mul(2, sqrt(x)))),
  unary('Square', (dy, x) => mul(dy, mul(x, 2))),
  unary('Tan', (dy, x) => mul(dy, add(square(tan(x)), onesLike(x)))),
  unary('Tanh', (dy, x) => mul(dy, sechSquared(x))),
]

/** sech^2 x = 4 e^{-2|x|} / (1 + e^{-2|x|})^2: accurate in the tails, where 1 - tanh^2 x cancels. */
const sechSquared = (x: Tensor): Tensor => {
  const e = exp(mul(abs(x), -2))
  // |x| is the input of the second derivative too; tanh would be saved as a constant there
  return where(greater(abs(x), 1), div(mul(4, e), square(add(1, e))), sub(1, square(tanh(x))))
}
