/* The laws of bijectors over many draws, and how far backends are apart, as a page computes them. */
import '@tensorflow/tfjs-backend-webgl'
import { useBackend } from 'diffeo'
import type { BackendName } from 'diffeo'
import { key, mapTree, tidy } from '@diffeo/core'
import { jit } from '@diffeo/program'
import { atan, engine, mul, sin, tensor1d } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { apply } from '../laws/bijector-laws.ts'
import type { BijectorMember, DistributionMember } from '../laws/members.ts'
import { checkDistributionWidely } from '../laws/wide-distributions.ts'
import { checkWidely } from '../laws/wide.ts'
import type { Width } from '../laws/wide.ts'
import { wideDistributionMembers, wideMembers } from '../laws/wide-members.ts'

/** Runs a body with another backend, which was started before; tfjs moves the tensors. */
const on =
  (name: BackendName) =>
  <A>(body: () => A): A => {
    const before = engine().backendName
    void engine().setBackend(name)
    try {
      return body()
    } finally {
      void engine().setBackend(before)
    }
  }

const memberCalled = (name: string): BijectorMember => wideMembers.find(member => member.name === name)!
const distributionCalled = (name: string): DistributionMember => wideDistributionMembers.find(member => member.name === name)!

/** Values by compiled code on wasm, or by webgl's eager ops. */
const widthOf = (way: 'wasm' | 'webgl', roundings: number): Pick<Width, 'modes' | 'eagerly' | 'roundings'> =>
  way === 'wasm' ? { modes: ['compiled'] } : { modes: ['eager'], eagerly: on('webgl'), roundings }

/** The largest |a - b| / (1 + |b|); infinite where one is finite and the other is not. */
const apart = (actual: ArrayLike<number>, expected: ArrayLike<number>): number =>
  Array.from(actual).reduce((worst, a, i) => {
    const b = expected[i]!
    if (Object.is(a, b) || a === b) return worst
    const difference = Math.abs(a - b) / (1 + Math.abs(b))
    return Math.max(worst, Number.isFinite(difference) ? difference : Infinity)
  }, 0)

/** A direction's outputs: points, and their log-determinants. */
interface Values {
  readonly points: Float32Array
  readonly logDets: Float32Array
}

const valuesOf = ({ out, logDet }: { readonly out: Tensor; readonly logDet: Tensor }): Values => ({
  points: out.dataSync<'float32'>().slice(),
  logDets: logDet.dataSync<'float32'>().slice(),
})

/** What runs a direction: eager ops of a backend, or compiled code. */
type Way = 'wasm' | 'compiled' | 'webgl'

const tasks = {
  members: () => wideMembers.map(({ name }) => name),
  distributions: () => wideDistributionMembers.map(({ name }) => name),
  start: async (name: BackendName) => {
    await useBackend(name)
    await useBackend('wasm')
  },
  /** The largest errors of webgl's sines and arc tangents at 20,001 points: of sines in [-pi, pi], of arc tangents in [-50, 50]. */
  angleErrors: () => {
    const largest = (op: (x: Tensor) => Tensor, exact: (x: number) => number, reach: number): number => {
      const xs = Float32Array.from({ length: 20_001 }, (_, i) => reach * (i / 10_000 - 1))
      const ys = on('webgl')(() => tidy(() => op(tensor1d(xs)).dataSync()))
      return xs.reduce((most, x, i) => Math.max(most, Math.abs(ys[i]! - exact(x))), 0)
    }
    return { sine: largest(sin, Math.sin, Math.PI), arcTangent: largest(atan, Math.atan, 50) }
  },
  /** The laws, with values by compiled code on wasm, or by webgl's eager ops. */
  laws: (name: string, way: 'wasm' | 'webgl', draws: number, rows: number, factors: ReadonlyArray<number>, roundings: number) => {
    const width = { draws, rows, factors, ...widthOf(way, roundings) }
    const { rows: checked, lost, failures, worst } = checkWidely(memberCalled(name), width)
    return { rows: checked, lost, failures, worst: Math.max(...Object.values(worst)) }
  },
  /** The laws of distributions, likewise. */
  distributionLaws: (
    name: string,
    way: 'wasm' | 'webgl',
    draws: number,
    rows: number,
    factors: ReadonlyArray<number>,
    roundings: number,
  ) => {
    const width = { draws, rows, factors, ...widthOf(way, roundings) }
    const { rows: checked, lost, failures, worst } = checkDistributionWidely(distributionCalled(name), width)
    return { rows: checked, lost, failures, worst }
  },
  /** How far each way's samples of one key, and its log-densities of the same points, are from those of tfjs' cpu backend. */
  distributionDifferences: (name: string, draws: number, rows: number, wanted: ReadonlyArray<Way>) => {
    const { distribution, ...member } = distributionCalled(name)
    const far = Object.fromEntries(wanted.map(way => [way, { samples: 0, logProbs: 0 }]))
    const compiled = jit(
      (params: Parameters<typeof distribution.logProb>[0], x: Tensor, ...context: ReadonlyArray<never>) =>
        distribution.logProb(params, x, ...context),
      { warn: () => undefined },
    )
    for (let draw = 0; draw < draws; draw++)
      tidy(() => {
        const params = mapTree(leaf => mul(leaf, 1), member.params(draw))
        const context = member.context(rows, draw)
        const given = (context === undefined ? [] : [context]) as unknown as ReadonlyArray<never>
        const sampled = (): Float32Array =>
          tidy(
            () =>
              distribution
                .sample(params, key(draw), rows, ...given)
                .dataSync<'float32'>()
                .slice() as never,
          )
        const samples = on('cpu')(sampled)
        const x = on('cpu')(() => distribution.sample(params, key(draw), rows, ...given))
        const scored = (): Float32Array =>
          tidy(
            () =>
              distribution
                .logProb(params, x, ...given)
                .dataSync<'float32'>()
                .slice() as never,
          )
        const scores = on('cpu')(scored)
        wanted.forEach(way => {
          const isCompiled = way === 'compiled'
          const got = isCompiled ? compiled(params, x, ...given).dataSync() : on(way)(scored)
          far[way] = {
            samples: isCompiled ? 0 : Math.max(far[way]!.samples, apart(on(way)(sampled), samples)),
            logProbs: Math.max(far[way]!.logProbs, apart(got, scores)),
          }
        })
        return []
      })
    compiled.dispose()
    return far
  },
  /** How far each way is from tfjs' cpu backend, in points and log-determinants, over both directions. */
  differences: (name: string, draws: number, rows: number, wanted: ReadonlyArray<Way>) => {
    const member = memberCalled(name)
    const far = Object.fromEntries(wanted.map(way => [way, { points: 0, logDets: 0 }]))
    for (const direction of ['forward', 'inverse'] as const) {
      const compiled = jit(
        (params: Parameters<typeof apply>[2], x: Tensor, ...context: ReadonlyArray<never>) =>
          ({ ...apply(member.bijector, direction, params, x, ...context) }) as { readonly out: Tensor; readonly logDet: Tensor },
        { warn: () => undefined },
      )
      for (let draw = 0; draw < draws; draw++)
        tidy(() => {
          const params = mapTree(leaf => mul(leaf, 1), member.params(draw))
          const x = member.points(rows, direction === 'forward' ? 'base' : 'data', draw)
          const context = member.context(rows, draw)
          const given = (context === undefined ? [] : [context]) as unknown as ReadonlyArray<never>
          const eager = (): Values => tidy(() => valuesOf(apply(member.bijector, direction, params, x, ...given)) as never)
          const expected = on('cpu')(eager)
          wanted.forEach(way => {
            const got = way === 'compiled' ? valuesOf(compiled(params, x, ...given)) : on(way)(eager)
            far[way] = {
              points: Math.max(far[way]!.points, apart(got.points, expected.points)),
              logDets: Math.max(far[way]!.logDets, apart(got.logDets, expected.logDets)),
            }
          })
          return []
        })
      compiled.dispose()
    }
    return far
  },
}
await useBackend('cpu')
Object.assign(globalThis, { tasks })
