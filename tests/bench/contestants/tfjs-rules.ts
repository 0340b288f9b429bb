import { differentiable, ensureRules } from '@diffeo/core'
import { getGradient, registerGradient } from '@tensorflow/tfjs-core'

/**
 * core's rules where tfjs' own do not do: `Abs` tells core that its rules are there, and tfjs' rule of `GatherV2` needs a kernel that the
 * WebAssembly backend lacks.
 */
const kept = ['Abs', 'GatherV2']

/** tfjs' own gradient rules instead of core's, which save inputs alone and so recompute more. */
export const useTfjsRules = async (): Promise<void> => {
  ensureRules()
  const ours = differentiable.map(name => getGradient(name)!)
  const silent = console.warn
  console.warn = () => undefined // tfjs warns of each rule that is registered anew
  await import('@tensorflow/tfjs-core/dist/register_all_gradients.js')
  ours.filter(({ kernelName }) => kept.includes(kernelName)).forEach(rule => registerGradient(rule))
  console.warn = silent
  ensureRules()
  const replaced = ours.filter(rule => getGradient(rule.kernelName) !== rule)
  if (replaced.length < 20) throw new Error(`useTfjsRules: expected tfjs' rules in place of core's, got ${replaced.length} of them`)
}
