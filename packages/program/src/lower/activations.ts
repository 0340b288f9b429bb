import type { Emit } from '../emit.ts'
import type { Value } from '../program.ts'
import { axisOf } from './lowering.ts'
import type { Lowerings } from './lowering.ts'

const relu = (emit: Emit, x: Value): Value => emit.binary('max', x, emit.like(x, 0))
const relu6 = (emit: Emit, x: Value): Value => emit.binary('min', relu(emit, x), emit.like(x, 6))
const elu = (emit: Emit, x: Value): Value => emit.select(emit.binary('ge', x, emit.like(x, 0)), x, emit.unary('expm1', x))
const leaky = (emit: Emit, x: Value, alpha: Value): Value =>
  emit.select(emit.binary('lt', x, emit.like(x, 0)), emit.binary('mul', x, alpha), x)

/** Klambauer et al. 2017: scale and scale alpha. */
const selu = { scale: 1.0507009873554805, scaleAlpha: 1.7580993408473768 }

/**
 * The activation that a fused kernel asks for.
 *
 * @throws RangeError when the kernel asks for another
 */
export const activate = (emit: Emit, name: unknown, x: Value, alpha: Value | undefined): Value => {
  switch (name) {
    case undefined:
    case null:
    case 'linear':
      return x
    case 'relu':
      return relu(emit, x)
    case 'relu6':
      return relu6(emit, x)
    case 'elu':
      return elu(emit, x)
    case 'sigmoid':
      return emit.unary('sigmoid', x)
    case 'prelu':
    case 'leakyrelu':
      if (alpha !== undefined) return leaky(emit, x, alpha)
  }
  throw new RangeError(`trace: expected a known activation of a fused kernel, got ${String(name)}`)
}

export const activations: Lowerings = {
  Relu: ({ emit, inputs: [x] }) => relu(emit, x!),
  Relu6: ({ emit, inputs: [x] }) => relu6(emit, x!),
  Elu: ({ emit, inputs: [x] }) => elu(emit, x!),
  EluGrad: ({ emit, input }) => {
    const [dy, y] = [input('dy'), input('y')]
    return emit.select(emit.binary('ge', y, emit.like(y, 0)), dy, emit.binary('mul', dy, emit.binary('add', y, emit.like(y, 1))))
  },
  Selu: ({ emit, inputs: [x] }) =>
    emit.select(
      emit.binary('ge', x!, emit.like(x!, 0)),
      emit.binary('mul', x!, emit.like(x!, selu.scale)),
      emit.binary('mul', emit.unary('expm1', x!), emit.like(x!, selu.scaleAlpha)),
    ),
  LeakyRelu: ({ emit, attrs, inputs: [x] }) => leaky(emit, x!, emit.like(x!, attrs['alpha'] as number)),
  Prelu: ({ emit, input }) => leaky(emit, input('x'), input('alpha')),
  Step: ({ emit, attrs, inputs: [x] }) => {
    const stepped = emit.select(emit.binary('gt', x!, emit.like(x!, 0)), emit.like(x!, 1), emit.like(x!, attrs['alpha'] as number))
    return emit.dtype(x!) === 'float32' ? emit.select(emit.unary('isNan', x!), x!, stepped) : stepped
  },
  Softmax: ({ emit, attrs, inputs: [x] }) => {
    const axis = axisOf(attrs['dim'], emit.shape(x!).length)
    const e = emit.unary('exp', emit.binary('sub', x!, emit.reduce('max', x!, [axis], true)))
    return emit.binary('div', e, emit.reduce('sum', e, [axis], true))
  },
  FusedBatchNorm: ({ emit, attrs, input, optional }) => {
    const variance = input('variance')
    const inverse = emit.unary('rsqrt', emit.binary('add', variance, emit.like(variance, attrs['varianceEpsilon'] as number)))
    const [scale, offset] = [optional('scale'), optional('offset')]
    const factor = scale === undefined ? inverse : emit.binary('mul', scale, inverse)
    const scaled = emit.binary('mul', emit.binary('sub', input('x'), input('mean')), factor)
    return offset === undefined ? scaled : emit.binary('add', scaled, offset)
  },
}
