import { zeros } from '@tensorflow/tfjs-core'
import type { GradConfig } from '@tensorflow/tfjs-core'

/** Kernels that are flat wherever they are differentiable. tfjs has no rule for comparisons: `where(x > 0, ...)` throws. */
const zeroOf = (kernelName: string, inputs: ReadonlyArray<string>): GradConfig => ({
  kernelName,
  inputsToSave: [...inputs],
  gradFunc: (_, saved) => Object.fromEntries(inputs.map((name, i) => [name, () => zeros(saved[i]!.shape)])),
})

export const zeroRules: ReadonlyArray<GradConfig> = [
  ...['Equal', 'FloorDiv', 'Greater', 'GreaterEqual', 'Less', 'LessEqual', 'LogicalAnd', 'LogicalOr', 'NotEqual'].map(name =>
    zeroOf(name, ['a', 'b']),
  ),
  ...[
    'ArgMax',
    'ArgMin',
    'Ceil',
    'Floor',
    'IsFinite',
    'IsInf',
    'IsNan',
    'LogicalNot',
    'OnesLike',
    'Round',
    'Sign',
    'Step',
    'ZerosLike',
  ].map(name => zeroOf(name, ['x'])),
  zeroOf('OneHot', ['indices']),
]
