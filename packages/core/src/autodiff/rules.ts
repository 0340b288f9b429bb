import { getGradient, registerGradient } from '@tensorflow/tfjs-core'
import { binaryRules } from './binary-rules.ts'
import { reductionRules } from './reduction-rules.ts'
import { shapeRules } from './shape-rules.ts'
import { unaryRules } from './unary-rules.ts'
import { zeroRules } from './zero-rules.ts'

const rules = [...unaryRules, ...binaryRules, ...reductionRules, ...shapeRules, ...zeroRules]

/** The kernels that have a gradient rule here. */
export const differentiable: ReadonlyArray<string> = rules.map(rule => rule.kernelName)

const [sentinel] = rules

/**
 * Installs the gradient rules. tfjs-core alone registers none in Node, and its own are wrong at second order where they
 * save an output. Called by `valueAndGrad`, not at import: importing `@tensorflow/tfjs` later would overwrite them.
 */
export const ensureRules = (): void => {
  if (getGradient(sentinel!.kernelName) === sentinel) return
  rules.forEach(rule => registerGradient(rule))
}
