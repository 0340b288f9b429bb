import { build, given, key, leaves, mapTree, sampleEach } from '@diffeo/core'
import type { Params } from '@diffeo/core'
import { allocates, near, throws } from '@diffeo/testing'
import { concat, reshape, tensor, zeros } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { assert, bitsOf, rowAt, rowsOf, values } from './draws.ts'
import { asExecuted } from './execution.ts'
import { jacobians } from './jacobian.ts'
import type { Law } from './law.ts'
import type { FlowMember } from './members.ts'

type FlowLaw = Law<FlowMember>

const dimOf = (member: FlowMember): number => member.distribution.space.shape[0]!

/** toBase and toData undo each other, and allocate one tensor. */
const latents: FlowLaw = {
  name: 'latents and back',
  check: ({ flow, params, context, points }) => {
    const [p, x, c] = [params() as { readonly base: Params; readonly bijector: Params }, points(4), context(4)]
    const z = allocates(1, () => flow.toBase(p, x, c))
    near(values(allocates(1, () => flow.toData(p, z, c))), values(x), { atol: 2e-4, rtol: 2e-4, what: 'data' })
    near(values(flow.toBase(p, flow.toData(p, x, c), c)), values(x), { atol: 2e-4, rtol: 2e-4, what: 'latents' })
    throws(
      () => flow.toBase(p, zeros([2, dimOf({ flow, distribution: flow } as unknown as FlowMember) + 1]), c),
      /toBase: expected a tensor of shape/,
    )
    throws(() => flow.toBase(p.bijector as typeof p, x, c), /toBase: expected parameters with .*; make them with init/)
  },
}

/** Fresh parameters: log p is the base's, and the data are the latents in some order. */
const start: FlowLaw = {
  name: 'starts at the base',
  concerns: member => member.startsAtBase ?? true,
  check: ({ flow, context, points }) => {
    const [p, x, c] = [flow.init(key(8)), points(6), context(6)]
    near(values(flow.logProb(p, x, c)), values(flow.base.logProb(p.base, x)), { atol: 5e-6, rtol: 2e-6, what: 'logProb' })
    const { y, logDet } = flow.bijector.forward(p.bijector, x, c)
    near(values(logDet), new Float32Array(6), { atol: 4e-6, what: 'logDet' })
    const sorted = (t: Tensor): number[] => rowsOf(t).flatMap(row => [...row].sort((a, b) => a - b))
    near(sorted(y), sorted(x), { atol: 5e-6, rtol: 2e-6, what: 'data' })
  },
}

/** Every dimension of the data moves with every one of the latents; none is a latent itself. */
const mixing: FlowLaw = {
  name: 'mixing',
  concerns: member => member.mixes,
  check: member => {
    const { flow, params, context, points } = member
    const [p, z, c] = [params() as { readonly base: Params; readonly bijector: Params }, points(4), context(4)]
    const found = jacobians(at => flow.toData(p, at, c), z)
    for (let i = 0; i < dimOf(member); i++)
      for (let k = 0; k < dimOf(member); k++)
        assert(
          found.some(j => j.get(i, k) !== 0),
          () => `dimension ${i} of the data does not move with latent ${k}`,
        )
    const [xs, zs] = [rowsOf(flow.toData(p, z, c)), rowsOf(z)]
    for (let i = 0; i < dimOf(member); i++)
      assert(
        xs.some((x, row) => zs[row]!.every(latent => latent !== x[i])),
        () => `dimension ${i} passes untouched`,
      )
  },
}

/** Every dimension of the data moves with every number of the context, the first too. */
const contextEverywhere: FlowLaw = {
  name: 'every dimension depends on the context',
  concerns: member => member.distribution.contextShape !== undefined,
  check: member => {
    const { flow, params, context, points } = member
    const [p, z, c] = [params() as { readonly base: Params; readonly bijector: Params }, points(4), context(4) as Tensor]
    const ways = [jacobians(at => flow.toData(p, z, at), c), jacobians(at => flow.toBase(p, z, at), c)]
    ways.forEach((found, way) => {
      for (let i = 0; i < dimOf(member); i++)
        for (let k = 0; k < c.shape[1]!; k++)
          assert(
            found.some(j => j.get(i, k) !== 0),
            () => `${way === 0 ? 'toData' : 'toBase'}: dimension ${i} does not move with number ${k} of the context`,
          )
    })
  },
}

/** The flow at one context is an unconditional distribution of the same numbers; sampleEach is a sample for each row. */
const conditioning: FlowLaw = {
  name: 'given and sampleEach',
  check: ({ flow, params, context, points }) => {
    const [p, x] = [params() as { readonly base: Params; readonly bijector: Params }, points(3)]
    if (flow.contextShape === undefined) {
      throws(
        () => sampleEach(flow, p, key(1), 2, zeros([2, 2])),
        /sampleEach: expected a conditional distribution, got one without a context/,
      )
      return
    }
    const row = context(1)!
    const one = given(flow, row)
    const same = (a: Tensor, b: Tensor, what: string): void => assert(bitsOf(a).join() === bitsOf(b).join(), () => `${what}: other bits`)
    assert(one.contextShape === undefined, () => 'given still asks for a context')
    same(one.logProb(p, x), flow.logProb(p, x, row), 'given logProb')
    same(one.sample(p, key(3), 3), flow.sample(p, key(3), 3, row), 'given sample')
    same(one.sampleAndLogProb(p, key(3), 3).x, flow.sampleAndLogProb(p, key(3), 3, row).x, 'given sampleAndLogProb')
    throws(() => one.logProb(p, x, row), /logProb: expected no context, got one/)
    const c = context(3)!
    const drawnEach = allocates(1, () => sampleEach(flow, p, key(5), 4, c))
    assert(drawnEach.shape.join() === [3, 4, ...flow.space.shape].join(), () => `sampleEach: [${drawnEach.shape.join()}]`)
    // row (i, j) is drawn as row 4 i + j of one sample whose context is row i
    const spread = mapTree(leaf => concat([0, 1, 2].flatMap(i => Array.from({ length: 4 }, () => rowAt(leaf, i)))), c)
    same(reshape(drawnEach, [12, ...flow.space.shape]), flow.sample(p, key(5), 12, spread), 'sampleEach')
    assert(sampleEach(flow, p, key(5), 4, row).shape.join() === [1, 4, ...flow.space.shape].join(), () => 'sampleEach of one row')
    assert(sampleEach(flow, p, key(5), 0, c).shape.join() === [3, 0, ...flow.space.shape].join(), () => 'sampleEach of none')
  },
}

/** The largest distance between a sample's distribution function and a given one, times sqrt(n): above 2.7 once in 10^6. */
const kolmogorov = (sample: ReadonlyArray<number>, cdf: (x: number) => number): number => {
  const sorted = [...sample].sort((a, b) => a - b)
  const n = sorted.length
  return Math.sqrt(n) * sorted.reduce((most, x, i) => Math.max(most, Math.abs(cdf(x) - i / n), Math.abs((i + 1) / n - cdf(x))), 0)
}

/** Abramowitz and Stegun 7.1.26, within 1.5e-7. */
const normalCdf = (x: number): number => {
  const t = 1 / (1 + (0.3275911 * Math.abs(x)) / Math.SQRT2)
  const tail = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t * Math.exp((-x * x) / 2)
  return x >= 0 ? 1 - tail / 2 : tail / 2
}

/** L23: the latents of a sample are standard normal, each coordinate by itself, and uncorrelated. */
const sampling: FlowLaw = {
  name: 'samples come from the density',
  check: member => {
    const { flow, params, context } = member
    const n = 2000
    const p = params() as { readonly base: Params; readonly bijector: Params }
    const c = context(1)
    const z = rowsOf(flow.toBase(p, flow.sample(p, key(81), n, c), c))
    for (let i = 0; i < dimOf(member); i++) {
      const distance = kolmogorov(
        z.map(row => row[i]!),
        normalCdf,
      )
      assert(distance < 2.7, () => `latent ${i}: Kolmogorov distance ${distance}`)
      for (let k = 0; k < i; k++) {
        const correlation = z.reduce((s, row) => s + row[i]! * row[k]!, 0) / n
        assert(Math.abs(correlation) < 5 / Math.sqrt(n), () => `latents ${k} and ${i}: correlation ${correlation}`)
      }
    }
  },
}

/** L21 at D = 1: cells between the images of a fine grid of latents, the density at each middle. */
const integral: FlowLaw = {
  name: 'the density integrates to 1',
  concerns: member => dimOf(member) === 1,
  check: ({ flow, params, context }) => {
    const [p, c] = [params() as { readonly base: Params; readonly bijector: Params }, context(1)]
    const [cells, width] = [6400, 0.0025]
    const image = (offset: number, n: number): Tensor =>
      flow.toData(
        p,
        tensor(
          Float32Array.from({ length: n }, (_, i) => (i + offset) * width - 8),
          [n, 1],
        ),
        c,
      )
    const edges = values(image(0, cells + 1))
    const density = values(flow.logProb(p, image(0.5, cells), c))
    const mass = density.reduce((s, log, i) => s + Math.exp(log) * Math.abs(edges[i + 1]! - edges[i]!), 0)
    assert(Math.abs(mass - 1) <= 1e-4, () => `mass ${mass}`)
  },
}

/** L21 at D = 2: a grid of the data's space over where samples fall, and a margin. */
const gridIntegral: FlowLaw = {
  name: 'the density integrates to 1 over a grid',
  concerns: member => dimOf(member) === 2,
  check: ({ flow, params, context }) => {
    const [p, c] = [params() as { readonly base: Params; readonly bijector: Params }, context(1)]
    const sample = rowsOf(flow.sample(p, key(82), 4000, c))
    const side = 300
    const axes = [0, 1].map(i => {
      const seen = sample.map(row => row[i]!)
      const [low, high] = [Math.min(...seen), Math.max(...seen)]
      const margin = 0.5 * (high - low)
      const step = (high - low + 2 * margin) / side
      return { low: low - margin, step }
    })
    const at = (axis: number, i: number): number => axes[axis]!.low + (i + 0.5) * axes[axis]!.step
    const grid = Float32Array.from({ length: 2 * side * side }, (_, i) =>
      i % 2 === 0 ? at(0, Math.floor(i / 2 / side)) : at(1, Math.floor(i / 2) % side),
    )
    const density = values(flow.logProb(p, tensor(grid, [side * side, 2]), c))
    const mass = density.reduce((s, log) => s + Math.exp(log), 0) * axes[0]!.step * axes[1]!.step
    assert(Math.abs(mass - 1) <= 1e-2, () => `mass ${mass}`)
  },
}

/** A spec is JSON: read back, it builds the same flow. */
const specIsData: FlowLaw = {
  name: 'the spec is JSON',
  check: ({ flow, spec, params, context, points }) => {
    const again = asExecuted(
      build(JSON.parse(JSON.stringify(spec)) as typeof spec, {
        event: flow.space.shape,
        ...(flow.contextShape !== undefined && { context: flow.contextShape }),
      }),
    )
    const [p, x, c] = [params() as { readonly base: Params; readonly bijector: Params }, points(3), context(3)]
    assert(bitsOf(again.logProb(p, x, c)).join() === bitsOf(flow.logProb(p, x, c)).join(), () => 'other bits')
    assert(
      leaves(again.init(key(1))).every((leaf, i) => bitsOf(leaf).join() === bitsOf(leaves(flow.init(key(1)))[i]!).join()),
      () => 'another start',
    )
  },
}

export const flowLaws: ReadonlyArray<FlowLaw> = [latents, start, mixing, contextEverywhere, conditioning, integral, specIsData]

/** Laws of many rows: slow on the cpu backend. */
export const largeLaws: ReadonlyArray<FlowLaw> = [sampling, gridIntegral]
