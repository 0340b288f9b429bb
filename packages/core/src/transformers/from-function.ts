import { log, sum } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { valueAndGrad } from '../autodiff/value-and-grad.ts'
import type { ScalarSupport, Transformer } from '../contracts.ts'
import type { Sloped } from '../control/monotone-root.ts'
import { real } from '../support.ts'
import { numericallyInverted } from './numerical-inverse.ts'

/** What `elementwiseFrom` cannot know of a function; none need be said of one of x alone on the real line. */
export interface FunctionOptions {
  /** The tag in its spec: register an entry of that name to write flows that hold it to files. 'function' unless given. */
  readonly name?: string
  /** How many numbers of theta it takes for each dimension; 0 unless given. */
  readonly size?: number
  readonly domain?: ScalarSupport
  readonly range?: ScalarSupport
}

/**
 * Any increasing function as a transformer: the log-derivative by autodiff, the inverse by `monotoneRoot`.
 *
 * f is written in tfjs ops, works place by place and captures no tensor of a trace. theta is [N, ...event, size], or broadcasts against it.
 *
 * @example elementwiseFrom(x => add(x, mul(0.5, sin(x))))
 * @example elementwiseFrom((x, theta) => add(x, mul(sigmoid(squeeze(theta, [-1])), tanh(x))), { size: 1 })
 */
export const elementwiseFrom = (
  f: (x: Tensor, theta: Tensor) => Tensor,
  { name = 'function', size = 0, domain = real, range = real }: FunctionOptions = {},
): Transformer<Record<string, never>> =>
  numericallyInverted({
    spec: { _tag: name },
    size,
    domain,
    range,
    trainable: {},
    init: () => ({}),
    value: (_, theta, x) => slopedBy(at => f(at, theta), x),
  })

/** An elementwise function's values and log-derivatives at x. */
export const slopedBy = (f: (x: Tensor) => Tensor, x: Tensor): Sloped => {
  const { grads } = valueAndGrad((at: Tensor) => sum(f(at)))(x)
  return { y: f(x), logDeriv: log(grads) }
}
