import { grad as gradient } from '@diffeo/core'
import type { Bijector, Context, Distribution, Flow, Network, Params, Tree } from '@diffeo/core'
import { jit } from '@diffeo/program'
import { useTestBackend } from '@diffeo/testing'
import { useWasmCompiler } from '@diffeo/wasm'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { BijectorMember, DistributionMember, FlowMember } from './members.ts'
import type { NetworkMember } from './network-laws.ts'
import type { ElementwiseMember } from './transformer-laws.ts'

const state = { isJitted: false }

/** From here on the laws of this process take their gradients by compiled functions. */
export const useJit = async (): Promise<void> => {
  await useTestBackend('cpu')
  useWasmCompiler()
  state.isJitted = true
}

export const isJitted = (): boolean => state.isJitted

/** How many times more than eager ops results may differ between two sizes: compiled, another size may add up in another order. */
export const leeway = (): number => (state.isJitted ? 2 : 1)

const compiled = <F extends (...args: never[]) => Tree<Tensor>>(f: F, fixed: ReadonlyArray<number> = []): F =>
  jit(f, { static: fixed, warn: () => undefined })

/** Runs f on x: where laws run jitted, compiled for this one call. */
export const executed = <A extends Tree<Tensor>, R extends Tree<Tensor>>(f: (x: A) => R, x: A): R => {
  if (!state.isJitted) return f(x)
  const once = jit(f as (x: never) => R)
  try {
    return once(x as never)
  } finally {
    once.dispose()
  }
}

/** The gradient of a scalar function, as the laws of this process run it. */
export const grad =
  <P extends Params>(f: (params: P) => Tensor): ((params: P) => P) =>
  params =>
    executed((p: P) => gradient(f)(p), params)

const isGiven = (context: Context | undefined): context is Context => context !== undefined

/** The map with both of its directions compiled. */
const jittedBijector = (b: Bijector): Bijector => {
  const forward = compiled((p: Params, x: Tensor) => ({ ...b.forward(p, x) }))
  const inverse = compiled((p: Params, x: Tensor) => ({ ...b.inverse(p, x) }))
  const forwardGiven = compiled((p: Params, x: Tensor, c: Context) => ({ ...b.forward(p, x, c) }))
  const inverseGiven = compiled((p: Params, x: Tensor, c: Context) => ({ ...b.inverse(p, x, c) }))
  return {
    ...b,
    forward: (p, x, context) => (isGiven(context) ? forwardGiven(p, x, context) : forward(p, x)),
    inverse: (p, y, context) => (isGiven(context) ? inverseGiven(p, y, context) : inverse(p, y)),
  }
}

const jittedDistribution = (d: Distribution): Distribution => {
  const logProb = compiled((p: Params, x: Tensor) => d.logProb(p, x))
  const logProbGiven = compiled((p: Params, x: Tensor, c: Context) => d.logProb(p, x, c))
  type Draw = typeof d.sample
  const sample = compiled((p: Params, k: never, n: number) => d.sample(p, k, n), [2]) as unknown as Draw
  const sampleGiven = compiled((p: Params, k: never, n: number, c: Context) => d.sample(p, k, n, c), [2]) as unknown as Draw
  type Both = typeof d.sampleAndLogProb
  const both = compiled((p: Params, k: never, n: number) => ({ ...d.sampleAndLogProb(p, k, n) }), [2]) as unknown as Both
  const bothGiven = compiled(
    (p: Params, k: never, n: number, c: Context) => ({ ...d.sampleAndLogProb(p, k, n, c) }),
    [2],
  ) as unknown as Both
  return {
    ...d,
    logProb: (p, x, context) => (isGiven(context) ? logProbGiven(p, x, context) : logProb(p, x)),
    sample: (p, k, n, context) => (isGiven(context) ? sampleGiven(p, k, n, context) : sample(p, k, n)),
    sampleAndLogProb: (p, k, n, context) => (isGiven(context) ? bothGiven(p, k, n, context) : both(p, k, n)),
  }
}

type Latents = Flow['toBase']

const jittedFlow = (f: Flow): Flow => {
  const distribution = jittedDistribution(f as Distribution)
  const way = (run: Latents): Latents => {
    const plain = compiled(((p, x) => run(p, x)) as Latents)
    const given = compiled(((p, x, c) => run(p, x, c)) as Latents)
    return (p, x, context) => (isGiven(context) ? given(p, x, context) : plain(p, x))
  }
  return {
    ...f,
    ...(distribution as unknown as Pick<Flow, 'logProb' | 'sample' | 'sampleAndLogProb'>),
    bijector: jittedBijector(f.bijector),
    toBase: way(f.toBase),
    toData: way(f.toData),
  }
}

/** A flow that a law has built, run as the member is. */
export const asExecuted = (f: Flow): Flow => (state.isJitted ? jittedFlow(f) : f)

export const jittedBijectorMember = (member: BijectorMember): BijectorMember => ({ ...member, bijector: jittedBijector(member.bijector) })

export const jittedDistributionMember = (member: DistributionMember): DistributionMember => ({
  ...member,
  distribution: jittedDistribution(member.distribution),
})

export const jittedFlowMember = (member: FlowMember): FlowMember => {
  const flow = jittedFlow(member.flow)
  return { ...member, flow, distribution: flow as Distribution }
}

export const jittedElementwiseMember = (member: ElementwiseMember): ElementwiseMember => ({
  ...member,
  forward: compiled((theta: Tensor, x: Tensor) => ({ ...member.forward(theta, x) })),
  inverse: compiled((theta: Tensor, y: Tensor) => ({ ...member.inverse(theta, y) })),
})

export const jittedNetworkMember = (member: NetworkMember): NetworkMember => {
  const { network } = member
  const plain = compiled((p: Params, x: Tensor) => network.apply(p, x))
  const given = compiled((p: Params, x: Tensor, c: Context) => network.apply(p, x, c))
  const jitted: Network = { ...network, apply: (p, x, context) => (isGiven(context) ? given(p, x, context) : plain(p, x)) }
  return { ...member, network: jitted }
}
