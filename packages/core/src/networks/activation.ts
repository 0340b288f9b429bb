import { elu, leakyRelu, mul, relu, sigmoid, softplus, tanh } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Site } from '../registry.ts'
import type { Activation } from '../specs.ts'
import { showPath } from '../tree.ts'

const activations: ReadonlyArray<Activation> = ['relu', 'elu', 'tanh', 'silu', 'softplus', 'leakyRelu']

/** @throws RangeError naming the path when the name is none of an activation */
export const checkActivation = (activation: Activation, site: Site): void => {
  if (!activations.includes(activation))
    throw new RangeError(
      `build: expected one of ${activations.join(', ')}, got ${String(activation)} at ${showPath([...site.path, 'activation'])}`,
    )
}

/** The function that an activation names. */
export const activate = (activation: Activation, x: Tensor): Tensor => {
  switch (activation) {
    case 'relu':
      return relu(x)
    case 'elu':
      return elu(x)
    case 'tanh':
      return tanh(x)
    case 'silu':
      return mul(x, sigmoid(x))
    case 'softplus':
      return softplus(x)
    case 'leakyRelu':
      return leakyRelu(x, 0.01)
  }
}
